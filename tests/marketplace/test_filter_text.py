"""The chips of active filters: what a buyer would call them."""

from __future__ import annotations

import pytest

from marketplace.pages.availability_text import listed_hours, live_share
from marketplace.pages.filter_text import chips, filter_text
from marketplace.pages.forms import BrowseQuery
from marketplace.queries.filters import Filters

NAMES = {"ovhcloud": "OVHcloud AI Endpoints"}


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("tools", "true", "Tool calling"),
        ("tools", "false", "No tool calling"),
        ("tools", "1", "Tool calling"),
        ("min_context_length", "100000", "≥ 100k context"),
        ("min_context_length", "1000000", "≥ 1M context"),
        ("min_context_length", "300", "≥ 300 context"),
        ("task", "image", "Images"),
        ("task", "text-to-image", "text-to-image"),
        ("region", "eu", "EU"),
        ("region", "EU", "EU"),
        ("region", "de", "DE"),
        ("region", "multi", "Multiple regions"),
        ("region", "unverified", "Location unverified"),
        ("region_mode", "lenient", "Unverified locations too"),
        ("inference_provider", "ovhcloud", "OVHcloud AI Endpoints"),
        ("inference_provider", "OVHcloud AI Endpoints", "OVHcloud AI Endpoints"),
        ("max_cost_per_million_tokens", "0.5", "≤ $0.5 per 1M tokens, blended 3:1"),
        ("max_first_token_latency_ms", "500", "first token ≤ 500 ms"),
        ("offer_type", "all", "Models and adapters"),
        ("q", "llama 70b", "“llama 70b”"),
        ("tag", "no-retention", "no-retention"),
    ],
)
def test_a_filter_reads_as_a_buyer_calls_it(name: str, value: str, text: str) -> None:
    assert filter_text(name, value, NAMES) == text


def test_every_filter_has_a_text_and_other_parameters_have_no_chip() -> None:
    own = set(BrowseQuery.model_fields) - set(Filters.model_fields)
    assert own == {"sort", "order", "view", "limit", "cursor"}
    assert chips([(name, "1") for name in sorted(own)], NAMES) == []
    plain = {
        "model_id",
        "tag",
        "task",
        "region",
        "inference_provider",
        "offer_type",
    }  # the value is a name
    for name in set(Filters.model_fields) - plain:
        assert filter_text(name, "100", NAMES) != "100", name


@pytest.mark.parametrize(
    ("known", "live", "unknown", "share", "hours"),
    [
        (168, 168, 0, "100 %", "168 of 168 hours"),
        (166, 165, 2, "99.3 %", "165 of 166 hours, 2 unknown"),
        (10_000, 9_999, 0, "99.9 %", "9,999 of 10,000 hours"),
        (1, 0, 0, "0 %", "0 of 1 hour"),
        (0, 0, 168, "unknown", "168 hours unknown"),
        (0, 0, 1, "unknown", "1 hour unknown"),
    ],
)
def test_availability_is_never_rounded_up_and_unknown_without_a_known_hour(
    known: int, live: int, unknown: int, share: str, hours: str
) -> None:
    row = {"known_hours": known, "live_hours": live, "unknown_hours": unknown}
    assert live_share(row) == share
    assert listed_hours(row) == hours
