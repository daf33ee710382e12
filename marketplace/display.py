"""Amounts as text for people, beside the exact ones of the API: `$0.42 per 1M input tokens`.

A text is rounded as on pages. An object with one amount has the text in `display`; one with several
has it by the amount's field. An amount that is not known has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from marketplace.numbers import money
from marketplace.pages.labels import COSTS, FREE
from marketplace.pages.wording import unit_price
from schemas.amounts import MILLION

Row = Mapping[str, Any]
_TOKENS = {
    "cost_per_input_token": "input_token",
    "cost_per_output_token": "output_token",
    "cost_per_cached_input_token": "cached_input_token",
}
_MONTH = "per month"
_BLEND, _INPUT = "1M tokens, 3 input : 1 output", "1M input tokens"
_SPREAD = {
    "image": COSTS["cost_per_image"],
    "audio_minute": COSTS["cost_per_audio_minute"],
    "video_second": COSTS["cost_per_video_second"],
    "million_characters": COSTS["cost_per_million_characters"],
}


def display_card(card: Row) -> dict[str, str]:
    """Return column of a cost → its text."""
    currency = card["currency"] or "USD"
    texts: dict[str, str] = {}
    for column, unit in _TOKENS.items():
        if card[column] is not None:
            texts[column] = unit_price(card[column], unit, currency)
    if card["cost_per_token"] is not None:
        both = card["cost_per_output_token"] is not None
        per = _BLEND if both else _INPUT
        texts["cost_per_token"] = f"{money(card['cost_per_token'] * MILLION, currency)} per {per}"
    for column, per in COSTS.items():
        if card[column] is not None:
            texts[column] = f"{money(card[column], currency)} {per}"
    if card["price_status"] == "free":
        texts = dict.fromkeys(texts, FREE)
    if card["estimated_cost"] is not None:
        unit = (card["estimated_unit"] or "unit").replace("_", " ")
        estimate = f"≈ {money(card['estimated_cost'], currency)} per {unit}, an estimate"
        texts["estimated_cost"] = estimate
    return texts


def display_price(price: Row) -> str | None:
    """Return the text of a price of one unit."""
    if price["amount"] is None:
        return None
    if price.get("price_status") == "free":
        return FREE
    return unit_price(price["amount"], price["unit"], price["currency"])


def display_change(change: Row) -> dict[str, str]:
    """Return `old_amount` and `new_amount` → their texts."""
    return {
        name: unit_price(change[name], change["unit"] or "unit", change["currency"])
        for name in ("old_amount", "new_amount")
        if change[name] is not None
    }


def display_month(amount: Decimal | None, currency: str | None) -> str | None:
    """Return the text of the cost of a month; of a saving, which may be negative, too."""
    if amount is None:
        return None
    sign = "−" if amount < 0 else ""
    return f"{sign}{money(abs(amount), currency or 'USD')} {_MONTH}"


def with_cards(cards: Iterable[Row]) -> list[dict[str, Any]]:
    """Return cards with their texts."""
    return [{**card, "display": display_card(card)} for card in cards]


def with_prices(prices: Iterable[Row]) -> list[dict[str, Any]]:
    """Return prices, or intervals of them, with their texts."""
    return [{**price, "display": display_price(price)} for price in prices]


def with_changes(changes: Iterable[Row]) -> list[dict[str, Any]]:
    """Return changes with their texts."""
    return [{**change, "display": display_change(change)} for change in changes]


def with_cached(stated: Mapping[str, Row]) -> dict[str, dict[str, Any]]:
    """Return offer_id → what is stated about cached input tokens, with its text."""
    return {offer_id: _cached(each) for offer_id, each in stated.items()}


def with_model(found: Row) -> dict[str, Any]:
    """Return a model's offers and spread with their texts."""
    blended = {o["task"] for o in found["offers"] if o["cost_per_output_token"] is not None}
    spread = [
        {**each, "display": _spread(each, blends=each["task"] in blended)}
        for each in found["spread"]
    ]
    cards, cached = with_cards(found["offers"]), with_cached(found["cached_input"])
    return {**found, "spread": spread, "offers": cards, "cached_input": cached}


def with_offer(found: Row) -> dict[str, Any]:
    """Return an offer and its prices with their texts; the proof stays as it is."""
    (card,) = with_cards([found["offer"]])
    return {
        **found,
        "offer": card,
        "cached_input": _cached(found["cached_input"]),
        "prices": with_prices(found["prices"]),
    }


def with_estimate(found: Row) -> dict[str, Any]:
    """Return an estimate with the texts of its costs."""
    needs = [
        {
            **need,
            "items": _items(need["items"], "cost_per_month"),
            "unranked": _items(need["unranked"], "cost_at_input_price"),
            "left_out": _left_out(need["left_out"]),
        }
        for need in found["needs"]
    ]
    return {**found, "needs": needs, "display": display_month(found["least_per_month"], None)}


def with_recommendation(found: Row) -> dict[str, Any]:
    """Return a recommendation with the texts of its costs and savings."""
    items = [
        {**item, **{name: _route(item[name], item["currency"]) for name in _ROUTES}}
        for item in _items(found["items"], "cost_per_month")
    ]
    return {**found, "items": items, "left_out": _left_out(found["left_out"])}


_ROUTES = ("default_route", "cheapest_route")


def _left_out(items: Iterable[Row]) -> list[dict[str, Any]]:
    return [
        {
            **item,
            "offer": with_cards([item["offer"]])[0],
            "display": _months(item, ("cost_per_month", "cost_at_input_price"), item["currency"]),
        }
        for item in items
    ]


def _items(items: Iterable[Row], cost: str) -> list[dict[str, Any]]:
    return [
        {
            **item,
            "offer": with_cards([item["offer"]])[0],
            "cached_input": _cached(item["cached_input"]),
            "display": display_month(item[cost], item["currency"]),
        }
        for item in items
    ]


def _route(route: Row, currency: str | None) -> dict[str, Any]:
    routes = [
        {**each, "display": display_month(each["cost_per_month"], currency)}
        for each in route["routes"]
    ]
    texts = _months(route, ("cost_per_month", "saving_per_month"), currency)
    return {**route, "routes": routes, "display": texts}


def _months(row: Row, names: Iterable[str], currency: str | None) -> dict[str, str]:
    texts = {name: display_month(row[name], currency) for name in names}
    return {name: text for name, text in texts.items() if text is not None}


def _cached(stated: Row) -> dict[str, Any]:
    amount, currency = stated["amount"], stated["currency"]
    text = None if amount is None else unit_price(amount, "cached_input_token", currency)
    return {**stated, "display": text}


def _spread(spread: Row, *, blends: bool) -> dict[str, str]:
    is_token = spread["unit"] == "token"
    scale = MILLION if is_token else 1
    per = _SPREAD[spread["unit"]] if not is_token else f"per {_BLEND if blends else _INPUT}"
    return {name: f"{money(spread[name] * scale, 'USD')} {per}" for name in ("least", "most")}
