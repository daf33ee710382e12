"""What one chat call costs by the cards: before it is sent, and by the tokens of its response."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from marketplace.queries.cached_input import find_cached_input
from marketplace.queries.filters import Filters, Mix
from marketplace.queries.model_lookup import todays_name
from marketplace.statements import MATCHED, MONTHS, statement
from warehouse.publication.reader_pool import Reading

Row = dict[str, Any]
CHAT = "conversational"
ROUTES = {"fastest": "router_default", "cheapest": "router_cheapest"}
"""Routing word of the router → the column of cards that marks where it leads."""
PREFERRED = "preferred"
"""The routing word for the order of the account, which no card knows."""


class CallUsage(NamedTuple):
    """The tokens of one call; `cached` are among `input`."""

    input: int
    output: int
    cached: int


NO_TOKENS = CallUsage(0, 0, 0)


class CallCost(NamedTuple):
    """What a call costs by its card, or why that is not known; of a held card by its last good
    price."""

    amount: Decimal | None
    currency: str | None
    reason: str | None
    offer_id: str | None
    held: bool = False
    observed_at: datetime | None = None


def find_call_cards(
    reading: Reading, model_id: str, route: str | None, usage: CallUsage = NO_TOKENS
) -> list[Row]:
    """Return the chat cards to which a call of a model leads, with what its tokens cost.

    `route` is an inference provider, a routing word, or None for the default route.
    """
    is_routing = route is None or route in ROUTES or route == PREFERRED
    named = {
        "model_id": model_id,
        "task": [CHAT],
        "inference_provider": [] if is_routing else [route],
    }
    filters = Filters.model_validate(named)
    values = {
        **filters.values(),
        "model_id": todays_name(reading, model_id),
        **dict.fromkeys(Mix.model_fields, 0),
        "input_tokens": usage.input,
        "output_tokens": usage.output,
        "cached_input_tokens": usage.cached,
    }
    rows = reading.rows(statement(MATCHED, MONTHS, "select_call_cards"), values)
    if not is_routing:
        return rows
    column = ROUTES.get(route or "fastest")
    return [row for row in rows if column and row[column]]


def find_call_cost(reading: Reading, model_id: str, provider: str, usage: CallUsage) -> CallCost:
    """Return what the tokens cost at the provider that served them, by the calculator's rules."""
    cards = find_call_cards(reading, model_id, provider, usage)
    if not cards:
        return CallCost(None, None, "no_card", None)
    costs = {_cost(card) for card in cards}
    if len(costs) > 1:
        return CallCost(None, None, "several_offers", None)
    stated = find_cached_input(reading, cards[:1])
    return _call_cost(cards[0], stated[cards[0]["offer_id"]])


def _cost(card: Row) -> tuple[object, ...]:
    shows = card["price_status"] in ("priced", "free") and card["is_known"]
    return (card["tokens_cost"] if shows else None, card["currency"])


def _call_cost(card: Row, cached_input: Mapping[str, Any]) -> CallCost:
    offer, currency = card["offer_id"], card["currency"]
    if card["price_status"] not in ("priced", "free"):
        return CallCost(None, currency, f"price_{card['price_status']}", offer)
    if card["tokens_cost"] is None:
        return CallCost(None, currency, "no_price_of_tokens", offer)
    if not card["is_known"]:
        return CallCost(None, currency, f"cached_price_{cached_input['status']}", offer)
    observed_at = card["price_observed_at"]
    return CallCost(card["tokens_cost"], currency, None, offer, bool(card["held"]), observed_at)
