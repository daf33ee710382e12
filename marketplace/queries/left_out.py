"""Offers that a recommendation or an estimate leaves out, and the texts of the reasons."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from marketplace.queries.filters import CardFilters
from schemas.amounts import MILLION, amount_text

Row = dict[str, Any]
_COSTS = {
    "max_cost_per_million_tokens": "cost_per_token",
    "max_cost_per_image": "cost_per_image",
    "max_cost_per_audio_minute": "cost_per_audio_minute",
    "max_cost_per_video_second": "cost_per_video_second",
}
"""Filter → the column of the card that it limits."""
_MEASURES = {
    "min_context_length": ("context_length", "context length", "tokens"),
    "min_throughput_tps": ("throughput_tps", "throughput", "tokens per second"),
    "max_first_token_latency_ms": ("first_token_latency_ms", "time to the first token", "ms"),
}
"""Filter → the column of the card, what it measures, and its unit."""
_SUPPORTS = {"tools": "supports_tools", "structured_output": "supports_structured_output"}
_FIXED = {
    "adapter": "it is an adapter, which runs on another model",
    "price_free": "its source states it as free, which is a promotion and no price to plan with",
    "price_suspect": "its stated price is in doubt, so no number is shown",
    "price_not_published": "no price of it is published",
    "price_unparsed": "its price is stated in a form that cannot be read",
    "ambiguous_attachment": "the provider has several entries of the model, and it is not known "
    "which one the price is for",
    "account_price": "its price is that of one account",
    "price_not_confirmed": "no answer of the last 24 hours confirmed its price",
    "no_comparable_cost": "its price is in a unit that cannot be compared",
    "not_rankable": "its cost cannot be compared",
    "cached_price_not_known": "it is not known what cached input tokens cost",
    "cost_out_of_range": "its cost of this mix is too large to compute",
    "max_cost_per_month": "its cost of the month is higher",
    "priced_only": "it has no price",
    "rankable_only": "its cost cannot be compared",
}


def left_out_offer(offer: Row, row: Row, query: CardFilters) -> Row:
    """Return an offer that is left out, with its reasons; `row` has them and the costs."""
    unknown_cached = "cached_price_not_known" in row["reasons"]
    return {
        "route": route_of(offer),
        "reasons": [
            {"reason": reason, "text": describe_reason(reason, offer, query)}
            for reason in row["reasons"]
        ],
        "cost_per_month": row["bill"],
        "cost_at_input_price": row["month_cost"] if unknown_cached else None,
        "currency": offer["currency"],
        "offer": offer,
    }


def route_of(offer: Row) -> str:
    """Return the name to call an offer by: `org/model:provider`."""
    return f"{offer['model_id']}:{offer['inference_provider']}"


def describe_reason(reason: str, offer: Row, query: CardFilters) -> str:
    """Return what the card has where a constraint asks for something else; `reason` is its code."""
    if reason in _FIXED:
        return _FIXED[reason]
    if reason in _COSTS:
        return f"its cost is {_cost(offer[_COSTS[reason]], reason)}, above the largest allowed"
    if reason in _MEASURES:
        column, name, unit = _MEASURES[reason]
        value, wanted = offer[column], getattr(query, reason)
        has = "not stated" if value is None else f"{value:,g}"
        bound = "at least" if reason.startswith("min_") else "at most"
        return f"{name}: {has}; asked for {bound} {wanted:,g} {unit}"
    if reason in _SUPPORTS:
        supports = offer[_SUPPORTS[reason]]
        has = "not stated" if supports is None else "yes" if supports else "no"
        wanted_text = "yes" if getattr(query, reason) else "no"
        return f"{reason.replace('_', ' ')}: {has}; asked for {wanted_text}"
    return _named(reason, offer)


def _named(reason: str, offer: Row) -> str:
    kind, _, value = reason.partition(":")
    if kind == "tag":
        return f"no claim in force proves {value} by default"
    if reason.startswith("no_price_of_"):
        return f"it has no price of {reason.removeprefix('no_price_of_').replace('_', ' ')}"
    return {
        "inference_provider": f"{offer['inference_provider']} serves it",
        "region": f"region of inference: {offer['region']}",
        "status": f"status: {offer['status']}",
        "not_live": f"status: {offer['status']}, not live",
        "held": f"a check refused its newer price ({offer['hold_reason']})",
        "currency": f"its price is in {offer['currency']}",
    }[reason]


def _cost(amount: Decimal | None, reason: str) -> str:
    if amount is None:
        return "not known"
    return amount_text(amount * MILLION if "million_tokens" in reason else amount)
