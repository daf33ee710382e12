"""Compare a recommendation, and the macro, with the brute force."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from marketplace.queries.filters import RecommendQuery
from marketplace.queries.recommend import find_recommendation
from tests.support.best_routes import Best, CardSet, best_routes, macro_rows
from warehouse.publication.reader_pool import Reading

CHAT = {"task": ["text"], "input_tokens": 20_000_001, "output_tokens": 1_000_003}
ALL = {"limit": 200, "left_out_limit": 1000}
QUERIES: list[dict[str, Any]] = [
    CHAT,
    {"input_tokens": 7, "offer_type": "all"},
    {**CHAT, "region": ["eu"], "tools": True},
    {**CHAT, "region": ["EEA"], "region_mode": "lenient", "no_training": True},
    {**CHAT, "region": ["fr"]},
    {"output_tokens": 7, "region": ["FR"], "region_mode": "lenient", "offer_type": "all"},
    {**CHAT, "no_retention": True, "tag": ["eu-hosted"], "structured_output": False},
    {**CHAT, "min_context_length": 131_072, "min_throughput_tps": 60.5},
    {**CHAT, "max_cost_per_month": Decimal("2.5"), "max_first_token_latency_ms": 700},
    {**CHAT, "cached_share": Decimal("0.4321"), "max_cost_per_million_tokens": Decimal("0.4")},
    {**CHAT, "cached_share": Decimal(1), "output_tokens": 0, "q": "GPT-oss"},
    {**CHAT, "inference_provider": ["groq", "novita"], "model_id": ["openai/gpt-oss-120b"]},
    {"task": ["image"], "images": 1_234, "max_cost_per_image": Decimal("0.02")},
    {"task": ["audio"], "audio_minutes": 90, "characters": 5_000},
    {"task": ["video"], "video_seconds": 3_600, "priced_only": True},
]


def require_equal(reading: Reading, market: CardSet, query: RecommendQuery) -> int:
    """Compare the answer and the macro with the brute force; return how many are ranked."""
    best = best_routes(market, query)
    found = find_recommendation(reading, query)
    ranked = [item["offer"]["offer_id"] for item in found["items"]]
    assert ranked == best.ranked[: query.limit]
    assert (found["total"], found["left_out_total"]) == (len(best.ranked), len(best.left_out))
    for place, item in enumerate(found["items"], 1):
        offer = item["offer"]["offer_id"]
        saved = (item["default_route"], item["cheapest_route"])
        assert item["rank"] == place
        assert item["cost_per_month"] == best.costs[offer]
        assert tuple(each["saving_per_month"] for each in saved) == best.savings[offer]
        assert all((each["saving_per_month"] is None) == bool(each["reason"]) for each in saved)
    for item in found["left_out"]:
        offer = item["offer"]["offer_id"]
        assert {each["reason"] for each in item["reasons"]} == best.left_out[offer]
        assert all(each["text"] for each in item["reasons"])
        assert item["cost_per_month"] == best.costs[offer]
    assert len(found["left_out"]) == min(len(best.left_out), query.left_out_limit)
    counts: dict[str, int] = {}
    for reasons in best.left_out.values():
        for reason in reasons:
            counts[reason] = counts.get(reason, 0) + 1
    assert found["left_out_counts"] == counts
    if not query.q and query.offer_type == "model" and not query.priced_only:
        require_equal_macro(reading, query, best)
    return len(best.ranked)


def require_equal_macro(reading: Reading, query: RecommendQuery, best: Best) -> None:
    """Compare every row of the macro with the brute force."""
    if query.region:
        query = query.model_copy(update={"region": [query.region[0].lower()]})
    rows = macro_rows(reading, query)
    ranked = [row for row in rows if row["rank"] is not None]
    assert [row["offer_id"] for row in ranked] == best.ranked
    assert [row["rank"] for row in ranked] == list(range(1, len(ranked) + 1))
    for row in rows:
        offer = row["offer_id"]
        assert row["cost_per_month"] == best.costs[offer]
        assert set(row["left_out"]) == best.left_out.get(offer, set())
        if row["rank"] is not None:
            assert (row["saving_on_default"], row["saving_on_cheapest"]) == best.savings[offer]
    assert len(rows) == len(best.ranked) + len(best.left_out)
