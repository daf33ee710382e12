"""Rows of DeepInfra's list in the shape of its recorded ones, and what its offers cost by them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

import polars as pl

from transforms.parsing.deepinfra_list import parse_deepinfra_list
from transforms.parsing.parsed_feed import Page
from transforms.pricing.list_prices import price_listed

TOKENS = {
    "type": "tokens",
    "cents_per_input_token": 1e-4,
    "cents_per_output_token": 2e-4,
    "rate_per_input_token_cached": None,
    "rate_per_input_token_cache_write": None,
    "rate_per_explicit_cache_write_token": None,
    "explicit_cache_granularity_tokens": None,
    "rate_per_service_tier_flex": None,
    "rate_per_service_tier_priority": None,
}
"""A price object with every key that each recorded `tokens` row has: $1 in, $2 out per million."""
_TEXTS = dict.fromkeys(("short", "full", "table", "discount", "discount_ends_at"))


class ListedPrice(NamedTuple):
    """What one unit costs in a tier by the list, or why it is not known."""

    amount: Decimal | None
    price_status: str
    reason: str | None


def row(pricing: dict[str, Any], kind: str = "text-generation", **beside: Any) -> str:
    """Return one row as JSON text; `kind` is its `type`."""
    entry = {"model_name": "a/b", "type": kind, "reported_type": kind, "deprecated": None}
    return json.dumps({**entry, "pricing": {**_TEXTS, **pricing}, **beside})


def claims_at(
    rows: Sequence[str], group: str, observed_at: datetime | None = None
) -> list[dict[str, Any]]:
    """Return the claims of the offer `a/b` in a task group by a list observed at a time."""
    page = Page(f"[{','.join(rows)}]".encode(), "hash", observed_at)
    parsed = parse_deepinfra_list([page], inference_provider="deepinfra")
    assert parsed.failures == ()
    offers = pl.DataFrame(
        {
            "offer_id": ["0123456789abcdef"],
            "offer_type": ["model"],
            "task_group": [group],
            "mapped_latency_ms": pl.Series([None], dtype=pl.Float64),
            "inference_provider": ["deepinfra"],
            "provider_model_id": ["a/b"],
        }
    )
    return price_listed(offers, parsed.quotes, run_id="run", show_account=True).to_dicts()


def prices(
    pricing: dict[str, Any],
    group: str = "text",
    kind: str = "text-generation",
    observed_at: datetime | None = None,
) -> dict[tuple[str, str], ListedPrice]:
    """Return unit and tier → what it costs by a row with this price object."""
    found = claims_at([row(pricing, kind)], group, observed_at)
    return {
        (claim["unit"], claim["tier"]): ListedPrice(
            claim["amount"], claim["price_status"], claim["reason"]
        )
        for claim in found
    }


def amounts(
    pricing: dict[str, Any], group: str = "text", kind: str = "text-generation"
) -> dict[tuple[str, str], Decimal]:
    """Return unit and tier → the amount, of what has one."""
    found = prices(pricing, group, kind)
    return {series: price.amount for series, price in found.items() if price.amount is not None}
