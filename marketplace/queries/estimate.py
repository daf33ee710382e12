"""The monthly cost of a mix at each offer that can serve it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from marketplace.numbers import count
from marketplace.queries.cached_input import find_cached_input
from marketplace.queries.filters import CachedMix, EstimateQuery
from marketplace.queries.left_out import left_out_offer
from marketplace.queries.model_lookup import bound_values
from marketplace.statements import CONTENDERS, MATCHED, MONTHS, statement
from schemas.amounts import PER_MILLION, amount_text
from warehouse.publication.reader_pool import Reading

Row = dict[str, Any]
NEEDS = {
    "tokens": ("input_tokens", "cached_input_tokens", "output_tokens"),
    "images": ("images",),
    "audio_minutes": ("audio_minutes",),
    "video_seconds": ("video_seconds",),
    "characters": ("characters",),
}
"""Need → the units of the mix that one offer must price to serve it."""
_COSTS = {
    "input_tokens": "cost_per_input_token",
    "cached_input_tokens": "cost_per_cached_input_token",
    "output_tokens": "cost_per_output_token",
    "images": "cost_per_image",
    "audio_minutes": "cost_per_audio_minute",
    "video_seconds": "cost_per_video_second",
    "characters": "cost_per_million_characters",
}
_BESIDE_CARD = {"left_out_total", "left_out_counts", "reasons", "month_cost", "bill", "place"}
"""The columns of a row of select_estimate_left_out.sql that are not the card's."""
_AT_INPUT_PRICE = {
    "not_offered": "not offered cached, so at the input price",
    "not_stated": "cached price not stated, here at the input price",
    "under_review": "cached price under review, here at the input price",
    "priced": "cached price in another currency, here at the input price",
}


def find_estimate(reading: Reading, query: EstimateQuery) -> dict[str, Any]:
    """Return the offers that price each part of the mix, the cheapest first.

    Costs are exact: quantities times list prices. Only rankable offers are ranked. Of a mix with
    cached tokens, an offer whose cached price is not known is not ranked: its cost at the input
    price is in `unranked`. Every other offer that passes the filters is in `left_out`, with every
    reason why it is not ranked.
    """
    mix = query.mix()
    cached = query.cached_input_tokens
    rows = reading.rows(
        statement(MATCHED, MONTHS, "select_estimates"),
        {
            **bound_values(reading, query),
            **mix,
            "cached_input_tokens": cached,
            "count": query.limit,
        },
    )
    stated = find_cached_input(reading, rows)
    for row in rows:
        row["cached_input"] = stated[row["offer_id"]]
    used = used_units(query)
    wanted = [need for need, parts in NEEDS.items() if any(used[part] for part in parts)]
    needs, unmet, least = [], [], Decimal(0)
    for need in wanted:
        ranked = [row for row in rows if row["need"] == need and row["is_known"]]
        unranked = [row for row in rows if row["need"] == need and not row["is_known"]]
        if ranked:
            least += ranked[0]["cost_per_month"]
        else:
            unmet.append(need)
        left_out = _left_out(reading, query, need)
        if ranked or unranked or left_out["left_out_total"]:
            needs.append({**_need(need, ranked, unranked, used), **left_out})
    return {
        "mix": mix,
        "cached_share": query.cached_share,
        "cached_input_tokens": cached,
        "needs": needs,
        "unmet": unmet,
        "least_per_month": None if unmet or not wanted else least,
    }


def _left_out(reading: Reading, query: EstimateQuery, need: str) -> Row:
    mix = {part: number if part in NEEDS[need] else 0 for part, number in query.mix().items()}
    values = bound_values(reading, query)
    rows = reading.rows(
        statement(*CONTENDERS, "select_estimate_left_out"),
        {
            **values,
            **mix,
            "cached_input_tokens": query.cached_input_tokens if need == "tokens" else 0,
            "models": [values["model_id"]] if values["model_id"] else None,
            "max_cost_per_month": None,
            "count": query.left_out_limit,
        },
    )
    found = [(row, _card(row)) for row in rows if row["offer_id"] is not None]
    return {
        "left_out_total": rows[0]["left_out_total"],
        "left_out_counts": {c["reason"]: c["n"] for c in rows[0]["left_out_counts"] or ()},
        "left_out": [left_out_offer(card, row, query) for row, card in found],
    }


def _card(row: Row) -> Row:
    return {name: value for name, value in row.items() if name not in _BESIDE_CARD}


def _need(need: str, ranked: list[Row], unranked: list[Row], used: dict[str, int]) -> Row:
    items = [_item(row, used, NEEDS[need]) for row in ranked]
    others = [_item(row, used, NEEDS[need]) for row in unranked]
    for item in others:
        del item["rank"]
        item["cost_at_input_price"] = item.pop("cost_per_month")
    return {
        "need": need,
        "total": ranked[0]["total"] if ranked else 0,
        "items": items,
        "unranked_total": unranked[0]["total"] if unranked else 0,
        "unranked": others,
    }


def _item(row: Row, used: dict[str, int], parts: tuple[str, ...]) -> Row:
    offer = dict(row)
    rank, cost = offer.pop("place"), offer.pop("cost_per_month")
    del offer["need"], offer["total"], offer["is_known"]
    stated = offer.pop("cached_input")
    return {
        "rank": rank,
        "cost_per_month": cost,
        "currency": offer["currency"],
        "formula": formula(offer, stated, used, parts),
        "offer": offer,
        "cached_input": stated,
    }


def used_units(query: CachedMix) -> dict[str, int]:
    """Return unit → quantity per month, the cached input tokens apart from the others."""
    mix, cached = query.mix(), query.cached_input_tokens
    return {**mix, "input_tokens": mix["input_tokens"] - cached, "cached_input_tokens": cached}


def formula(
    offer: Row, cached_input: Row, used: Mapping[str, int], parts: Iterable[str] = tuple(_COSTS)
) -> str:
    """Return the sum that makes the cost of the month: quantities times prices per one unit."""
    return " + ".join(_term(offer, cached_input, part, used[part]) for part in parts if used[part])


def _term(offer: Row, cached_input: Row, part: str, quantity: int) -> str:
    price, note = offer[_COSTS[part]], ""
    if price is None:  # only a cached token may lack its price
        price = offer["cost_per_input_token"]
        note = f" ({_AT_INPUT_PRICE[cached_input['status']]})"
    if part == "characters":
        price *= PER_MILLION
    return f"{count(quantity)} {part.replace('_', ' ')} × {amount_text(price)}{note}"
