"""Cards as pages show them: the row, and the texts that must accompany it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from marketplace.numbers import dollars, per_million, short
from marketplace.pages import labels, wording
from marketplace.queries.cached_input import find_cached_input
from marketplace.queries.providers import providers_of
from marketplace.statements import statement
from warehouse.publication.reader_pool import Reading

Row = dict[str, Any]
_RANKED = ("cost_per_token", *labels.COSTS)


@dataclass(frozen=True)
class CardView:
    """A card and its texts; a page leaves out what is None."""

    card: Row
    provider_name: str
    provider_id: str | None
    """The provider's own name of the model, where two cards would look the same without it."""
    prices: list[tuple[str, str]]
    """(amount, unit), input before output."""
    blended: str | None
    cached: str | None
    """The price of cached input tokens per million, or what is stated instead of it."""
    native_prices: list[str]
    """The prices as the source states them, where a card shows another unit."""
    note: str | None
    estimate: str | None
    best: str | None
    """`cheapest of 3`, only where at least two offers are rankable."""
    status_note: str | None
    routes: list[str]
    """The routes of Hugging Face's router that lead here."""
    left_note: str | None
    """That Hugging Face removed the provider, and when."""
    speed: str | None
    speed_per_dollar: str | None
    latency: tuple[str, str] | None
    """(what was measured, how long it took)."""
    measured: str | None
    context: str | None
    place: str

    @property
    def grey(self) -> bool:
        """Whether the offer is not live, so that a call may fail."""
        return bool(self.card["status"] != "live")


def card_views(reading: Reading, cards: Sequence[Row]) -> list[CardView]:
    """Return the cards with their texts, in the same order."""
    cached = find_cached_input(reading, cards)
    providers = providers_of(reading)
    models = list({card["model_id"] for card in cards})
    rivals = {
        (row["model_id"], row["task"]): row
        for row in reading.rows(statement("select_rival_costs"), {"models": models})
    }
    prices = _by_offer(reading, "select_prices", [c["offer_id"] for c in cards if _needs_prices(c)])
    refused = _by_offer(
        reading, "select_refused_prices", [c["offer_id"] for c in cards if c["held"]]
    )
    return [
        _card_view(
            card,
            providers.get(card["inference_provider"]),
            rivals[card["model_id"], card["task"]],
            prices.get(card["offer_id"], []),
            refused.get(card["offer_id"], []),
            wording.cached_input(card, cached[card["offer_id"]]),
            published_at=reading.publication["published_at"],
        )
        for card in cards
    ]


def _by_offer(reading: Reading, name: str, offers: list[str]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in reading.rows(statement(name), {"offers": offers}) if offers else ():
        found.setdefault(row["offer_id"], []).append(row)
    return found


def _needs_prices(card: Row) -> bool:
    return card["price_status"] == "suspect" or any(card[c] is not None for c in labels.COSTS)


# Seven parameters: each is what another query has of the card.
def _card_view(
    card: Row,
    provider: Row | None,
    rivals: Row,
    prices: list[Row],
    refused: list[Row],
    cached: str | None,
    *,
    published_at: datetime,
) -> CardView:
    text = card["task_group"] == "text"
    measured = card["throughput_tps"] is not None or card["first_token_latency_ms"] is not None
    return CardView(
        card=card,
        provider_name=provider["display_name"] if provider else card["inference_provider"],
        provider_id=_provider_id(card, rivals),
        prices=_prices(card),
        blended=_blended(card),
        cached=cached,
        native_prices=[
            wording.native_price(p)
            for p in prices
            if p["tier"] == "standard"
            and p["native_amount"] is not None
            and card["price_status"] == "priced"
        ],
        note=wording.price_note(card, [p["raw_text"] for p in prices if p["raw_text"]], refused),
        estimate=wording.estimate(card),
        best=_best(card, rivals),
        status_note=wording.status_note(card),
        routes=wording.routes(card),
        left_note=wording.left_note(provider, published_at),
        speed=wording.speed(card),
        speed_per_dollar=wording.speed_per_dollar(card),
        latency=wording.latency(card),
        measured=f"measured {wording.day(card['speed_observed_at'])}"
        if text and measured
        else None,
        context=short(card["context_length"]) if card["context_length"] is not None else None,
        place=wording.place(card, provider),
    )


def _provider_id(card: Row, rivals: Row) -> str | None:
    alike = rivals["inference_providers"].count(card["inference_provider"])
    return (card["provider_model_id"] or "no name stated") if alike > 1 else None


def _prices(card: Row) -> list[tuple[str, str]]:
    if card["price_status"] == "free":
        return []
    tokens = [
        (per_million(card[column]), name)
        for column, name in (
            ("cost_per_input_token", "input"),
            ("cost_per_output_token", "output"),
        )
        if card[column] is not None
    ]
    others = [
        (dollars(card[column]), per)
        for column, per in labels.COSTS.items()
        if card[column] is not None
    ]
    return tokens + others


def _blended(card: Row) -> str | None:
    both = card["cost_per_input_token"] is not None and card["cost_per_output_token"] is not None
    if not both or card["cost_per_token"] is None or card["price_status"] == "free":
        return None
    return f"{per_million(card['cost_per_token'])} blended 3 in : 1 out"


def _best(card: Row, rivals: Row) -> str | None:
    """Return the badge of the cheapest offers of a model and task, in the first unit they share.

    Adapters and offers without a rankable rival get none.
    """
    if not card["rankable"]:
        return None
    for column in _RANKED:
        costs = rivals[column] or []
        if card[column] is not None and len(costs) > 1 and card[column] == min(costs):
            tied = costs.count(card[column]) > 1
            return f"{'tied ' if tied else ''}cheapest of {len(costs)}"
    return None
