"""What is stated about the price of cached input tokens of an offer: three answers, and a doubt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from marketplace.statements import statement
from warehouse.publication.reader_pool import Reading

Row = dict[str, Any]
_NOTHING: Row = {
    "status": "not_stated",
    "amount": None,
    "currency": None,
    "basis": None,
    "feed": None,
    "observed_at": None,
}


def find_cached_input(reading: Reading, cards: Sequence[Row]) -> dict[str, Row]:
    """Return offer_id → what is stated, by which feed, and the amount if there is one."""
    offers = [card["offer_id"] for card in cards]
    rows = reading.rows(statement("select_cached_input"), {"offers": offers}) if offers else []
    stated = {row["offer_id"]: row for row in rows}
    return {card["offer_id"]: _cached_input(card, stated.get(card["offer_id"])) for card in cards}


def _cached_input(card: Row, price: Row | None) -> Row:
    if price is None:
        return dict(_NOTHING)
    status = _status(card, price)
    stated = {name: price[name] for name in ("amount", "currency", "basis", "feed", "observed_at")}
    return {"status": status, **stated, "amount": price["amount"] if status == "priced" else None}


def _status(card: Row, price: Row) -> str:
    if price["reason"] == "not_offered":
        return "not_offered"
    held_alone = price["held"] and not card["held"]
    return "priced" if price["amount"] is not None and not held_alone else "under_review"
