"""The best routes for a month of a buyer's mix: ranked, with what is left out and why."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Context, Decimal
from typing import Any

from marketplace.queries.cached_input import find_cached_input
from marketplace.queries.estimate import formula, used_units
from marketplace.queries.filters import Mix, RecommendQuery
from marketplace.queries.known_values import known_values, task_groups
from marketplace.queries.left_out import left_out_offer, route_of
from marketplace.queries.model_lookup import find_models
from marketplace.statements import CONTENDERS, statement
from warehouse.publication.reader_pool import Reading

Row = dict[str, Any]
_EXACT = Context(prec=80)
_BESIDE_CARD = {
    *("ranked_total", "left_out_total", "left_out_counts", "is_ranked", "place", "month_cost"),
    *("bill", "reasons", "is_routed", "default_routes", "cheapest_routes"),
}
"""The columns of a row that are not the card's."""
TIES = (
    "the lower cost of the month",
    "the higher measured throughput, one that is not measured last",
    "the shorter measured time to the first token, one that is not measured last",
    "the model's name, then the inference provider's, then the offer's id",
)
"""What decides the order, one after the other; docs/api.md names them too."""
DEFAULT_MIXES = {
    "text": {"input_tokens": 750_000, "output_tokens": 250_000},
    "embedding": {"input_tokens": 1_000_000},
    "image": {"images": 1_000},
    "audio": {"audio_minutes": 1_000},
    "video": {"video_seconds": 1_000},
}
"""Group of the tasks asked for → the mix where none is given; text is the cards' blend, 3:1."""


def find_recommendation(reading: Reading, query: RecommendQuery) -> dict[str, Any]:
    """Return the offers that meet every constraint by the cost of the month, the cheapest first.

    Costs are those of `find_estimate`, and only offers that it ranks are ranked. All other
    contenders are left out, each with every reason. A saving is the cost of the model's default or
    `:cheapest` route less the offer's own; it is None where that route has no one known cost.
    UnknownValue names the values that a filter may have.
    """
    known = known_values(reading, query.values())
    models = find_models(reading, query.model_id)
    given = any(query.mix().values())
    query = query if given else query.model_copy(update=_default_mix(reading, query))
    values = {
        **known,
        **query.mix(),
        "cached_input_tokens": query.cached_input_tokens,
        "models": models or None,
        "max_cost_per_month": query.max_cost_per_month,
    }
    rows = reading.rows(
        statement(*CONTENDERS, "select_recommendation"),
        {**values, "count": query.limit, "left_out_count": query.left_out_limit},
    )
    totals = rows[0]
    ranked = [row for row in rows if row["is_ranked"]]
    left_out = [row for row in rows if row["is_ranked"] is False]
    stated = find_cached_input(reading, ranked)
    used = used_units(query)
    return {
        "mix": query.mix(),
        "mix_is_default": not given,
        "cached_share": query.cached_share,
        "cached_input_tokens": query.cached_input_tokens,
        "order": list(TIES),
        "total": totals["ranked_total"],
        "items": [_item(row, stated[row["offer_id"]], used) for row in ranked],
        "left_out_total": totals["left_out_total"],
        "left_out_counts": {c["reason"]: c["n"] for c in totals["left_out_counts"] or ()},
        "left_out": [left_out_offer(_card(row), row, query) for row in left_out],
    }


def _default_mix(reading: Reading, query: RecommendQuery) -> dict[str, int]:
    by_task = task_groups(reading)
    groups = {by_task[task] for task in known_values(reading, query.values())["task"] or ()}
    group = groups.pop() if len(groups) == 1 else "text"
    none = dict.fromkeys(Mix.model_fields, 0)
    return {**none, **DEFAULT_MIXES.get(group, DEFAULT_MIXES["text"])}


def _item(row: Row, cached_input: Row, used: dict[str, int]) -> Row:
    offer = _card(row)
    return {
        "rank": row["place"],
        "route": route_of(offer),
        "cost_per_month": row["bill"],
        "currency": offer["currency"],
        "formula": formula(offer, cached_input, used),
        "default_route": _baseline(row, "default"),
        "cheapest_route": _baseline(row, "cheapest"),
        "offer": offer,
        "cached_input": cached_input,
    }


def _baseline(row: Row, kind: str) -> Row:
    """Return a route's cost and the saving against it, or why they are not known."""
    routes: Sequence[Row] = row[f"{kind}_routes"] or ()
    costs = {route["cost_per_month"] for route in routes}
    cost = next(iter(costs)) if len(costs) == 1 else None
    return {
        "routes": list(routes),
        "cost_per_month": cost,
        "saving_per_month": None if cost is None else _EXACT.subtract(cost, row["bill"]),
        "reason": _why_no_cost(costs, is_routed=row["is_routed"]) if cost is None else None,
    }


def _why_no_cost(costs: set[Decimal | None], *, is_routed: bool) -> str:
    if not costs:
        return "no_route" if is_routed else "not_routed"
    return "cost_not_known" if None in costs else "several_routes"


def _card(row: Row) -> Row:
    return {name: value for name, value in row.items() if name not in _BESIDE_CARD}
