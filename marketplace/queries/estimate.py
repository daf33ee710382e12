"""The monthly cost of a mix at each offer that can serve it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from marketplace.numbers import count
from marketplace.queries.filters import EstimateQuery
from marketplace.queries.model_lookup import bound_values
from marketplace.statements import MATCHED, statement
from schemas.amounts import amount_text
from warehouse.publication.reader_pool import Reading

NEEDS = {
    "tokens": ("input_tokens", "output_tokens"),
    "images": ("images",),
    "audio_minutes": ("audio_minutes",),
    "video_seconds": ("video_seconds",),
}
"""Need → the units of the mix that one offer must price to serve it."""
_COSTS = {
    "input_tokens": "cost_per_input_token",
    "output_tokens": "cost_per_output_token",
    "images": "cost_per_image",
    "audio_minutes": "cost_per_audio_minute",
    "video_seconds": "cost_per_video_second",
}


def find_estimate(reading: Reading, query: EstimateQuery) -> dict[str, Any]:
    """Return the offers that price each part of the mix, the cheapest first.

    Costs are exact: quantities times list prices. Only rankable offers are ranked.
    """
    mix = query.mix()
    rows = reading.rows(
        statement(MATCHED, "select_estimates"),
        {**bound_values(reading, query), **mix, "count": query.limit},
    )
    wanted = [need for need, parts in NEEDS.items() if any(mix[part] for part in parts)]
    needs, unmet, least = [], [], Decimal(0)
    for need in wanted:
        ranked = [row for row in rows if row["need"] == need]
        if not ranked:
            unmet.append(need)
            continue
        least += ranked[0]["cost_per_month"]
        needs.append(
            {
                "need": need,
                "total": ranked[0]["total"],
                "items": [_item(row, mix, NEEDS[need]) for row in ranked],
            }
        )
    return {
        "mix": mix,
        "needs": needs,
        "unmet": unmet,
        "least_per_month": None if unmet or not wanted else least,
    }


def _item(row: dict[str, Any], mix: dict[str, int], parts: tuple[str, ...]) -> dict[str, Any]:
    offer = dict(row)
    rank, cost = offer.pop("place"), offer.pop("cost_per_month")
    del offer["need"], offer["total"]
    terms = [
        f"{count(mix[part])} {part.replace('_', ' ')} × {amount_text(offer[_COSTS[part]])}"
        for part in parts
        if mix[part]
    ]
    return {
        "rank": rank,
        "cost_per_month": cost,
        "currency": offer["currency"],
        "formula": " + ".join(terms),
        "offer": offer,
    }
