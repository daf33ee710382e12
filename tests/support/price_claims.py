"""Read a price list's rows and claim them for an offer, as the hour does, without an hour."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from pipeline.feeds import spec_of
from providers.registry import load_registry
from schemas.kept_rows import IN_MEMORY
from tests.support.list_answers import LIST_ANSWERS
from transforms.parsing.parsed_feed import Page, ParsedFeed
from transforms.pricing.list_prices import price_listed

LISTS = {feed.feed: feed for feed in load_registry().lists()}
PROVIDERS = {name: str(feed.inference_provider) for name, feed in LISTS.items()}
"""Price list → whose list it is."""


def parsed(feed: str, rows: Sequence[str]) -> ParsedFeed:
    """Parse rows, given as JSON texts, in the envelope that the feed has."""
    body, parse = LIST_ANSWERS[feed].envelope(rows), spec_of(feed).parse
    assert parse is not None
    return parse(iter([Page(body.encode(), "hash")]), LISTS[feed], IN_MEMORY)


def claims(
    feed: str,
    rows: Sequence[str],
    name: str,
    *,
    group: str,
    adapter: bool = False,
    latency_ms: float | None = None,
    show_account: bool = True,
) -> list[dict[str, Any]]:
    """Return the claims of one offer of a task group that the Hub maps to `name`, by unit."""
    offers = pl.DataFrame(
        {
            "offer_id": ["0123456789abcdef"],
            "offer_type": ["adapter" if adapter else "model"],
            "task_group": [group],
            "mapped_latency_ms": [latency_ms],
            "inference_provider": [PROVIDERS[feed]],
            "provider_model_id": [name],
        },
        schema_overrides={"mapped_latency_ms": pl.Float64},
    )
    quotes = parsed(feed, rows).quotes
    priced = price_listed(offers, quotes, run_id="run", show_account=show_account)
    return sorted(priced.to_dicts(), key=lambda claim: claim["unit"])


def claim(feed: str, row: str, name: str, **more: Any) -> dict[str, Any]:
    """Return the one claim that a row makes."""
    (only,) = claims(feed, [row], name, **more)
    return only
