"""Describe the inference providers of a run: who they are, and why one has no price list."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import polars as pl

from pipeline.context import Run
from pipeline.steps.price import PricedRows
from schemas.records import FeedFetch
from transforms.compliance import describe_providers


def describe_all(
    run: Run, priced: PricedRows, stored: pl.DataFrame, known: Collection[str]
) -> pl.DataFrame:
    """Return PROVIDERS as described today; a decision changes nothing but what it decides.

    `known` are the providers of all stored offers, `stored` (PROVIDERS) those described before.
    """
    if run.options.decisions is not None:
        return stored
    return describe_providers(
        run.registry,
        run.claims,
        sorted({*known, *priced.providers}),
        today=run.today.date(),
        unavailable=_unavailable_lists(run, priced.fetches, priced.feeds),
    )


def _unavailable_lists(
    run: Run, fetches: Sequence[FeedFetch], answered: Collection[str]
) -> dict[str, str]:
    """Return price list → why it has stated nothing so far: a key of `MISSING_LIST_REASONS`."""
    codes = {fetch.feed: fetch.error_code for fetch in fetches}
    reasons = {}
    for feed, entry in run.fetched_feeds():
        if feed.spec.role != "price_list":
            continue
        if not run.reads(entry):
            reasons[feed.name] = "list_off"
        elif feed.name not in answered and feed.name not in run.observed:
            no_key = codes.get(feed.name) == "no_key"
            reasons[feed.name] = "list_needs_key" if no_key else "list_unanswered"
    return reasons
