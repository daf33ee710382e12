"""Choose the offer that a person names: one is found, several are listed with what to type."""

from __future__ import annotations

import re
from typing import Any

from cli.console import out
from cli.options import print_json
from marketplace.display import display_price
from marketplace.numbers import json_value
from marketplace.queries.named_offers import NamedOffers, find_named_offers
from schemas.errors import UsageError
from warehouse.publication.reader_pool import PublicationPool
from warehouse.storage.home import Home

_OFFER_ID = re.compile(r"[0-9a-f]{16}")
Row = dict[str, Any]


def choose_offer_id(home: Home, name: str, *, as_json: bool) -> str:
    """Return the id of the offer of that id, or of the one offer of `org/model[:provider]`.

    Where there are several, they are printed, as lines or as one object, and UsageError names what
    to type; where there is none, it names models that are like it.
    """
    if _OFFER_ID.fullmatch(name.strip().lower()):
        return name.strip().lower()
    if not name.strip():
        raise UsageError("name an offer id or a model, like org/model or org/model:provider")
    pool = PublicationPool(home)
    try:
        with pool.reading(limited=False) as reading:
            found = find_named_offers(reading, name)
    finally:
        pool.close()
    if found.problem is None and len(found.offers) == 1:
        return str(found.offers[0]["offer_id"])
    message = _message(found)
    if as_json:
        offers = [json_value(_for_programs(offer)) for offer in found.offers]
        print_json({"error": message, "did_you_mean": list(found.like), "offers": offers})
    else:
        _print_offers(found.offers)
    raise UsageError(message)


def _for_programs(offer: Row) -> Row:
    """Return an offer with each price as text too, and what to type."""
    prices = [price | {"display": display_price(price)} for price in offer["prices"]]
    return offer | {"prices": prices, "command": _command(offer)}


def _message(found: NamedOffers) -> str:
    if not found.offers:
        return f"{found.problem}; {_suggestion(found.like)}"
    first = found.offers[0]
    has = f"has {_count(len(found.offers))}"
    lead = f"{found.problem}; the model {has}" if found.problem else f"{first['model_id']} {has}"
    providers = [offer["inference_provider"] for offer in found.offers]
    route = next((each for each in providers if providers.count(each) == 1), None)
    by_route = f" or `pricehouse explain {first['model_id']}:{route}`" if route else ""
    return f"{lead}; name one, like `{_command(first)}`{by_route}"


def _suggestion(like: tuple[str, ...]) -> str:
    if not like:
        return '`pricehouse sql "SELECT model_id FROM models"` lists all'
    return f"did you mean {' or '.join(like)}? Type `pricehouse explain {like[0]}`"


def _count(number: int) -> str:
    return "1 offer" if number == 1 else f"{number:,} offers"


def _command(offer: Row) -> str:
    return f"pricehouse explain {offer['offer_id']}"


def _print_offers(offers: list[Row]) -> None:
    columns = [(o["offer_id"], o["inference_provider"], o["task"], _price(o)) for o in offers]
    widths = [max((len(row[place]) for row in columns), default=0) for place in range(3)]
    for row in columns:
        cells = [text.ljust(width) for text, width in zip(row[:3], widths, strict=True)]
        out.print("  ".join([*cells, row[3]]), markup=False, soft_wrap=True)


def _price(offer: Row) -> str:
    """Return the main prices of an offer in the quantities that buyers compare, or why none."""
    if offer["gone_at"] is not None:
        return f"gone since {offer['gone_at']:%Y-%m-%d %H:%M} UTC"
    status = str(offer["price_status"] or "not_published")
    if status == "free":
        return "free"
    texts = [str(display_price(price)) for price in offer["prices"]]
    text = ", ".join(texts) if status == "priced" and texts else status.replace("_", " ")
    return f"{text} (held)" if offer["held"] else text
