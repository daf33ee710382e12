"""Turn price texts into claims: what one feed states that one unit costs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import polars as pl

from pipeline.context import Run
from pipeline.feed_specs import PriceContext, RunFeed, in_resolve_order
from pipeline.steps.fence import PARSER_FAILED, FeedFence
from pipeline.steps.output import StepOutput
from pipeline.steps.resolve import ResolvedFeed
from schemas.errors import FeedError
from schemas.registry import PRICED_ONLY
from schemas.state import LISTINGS, OFFERS
from transforms.parsing.collector import AnswerSummary
from transforms.parsing.validation import quoted_entries

_DATES = {"first_seen_at", "last_seen_at", "gone_at", "missed", "absent_from"}
_TYPES = {**OFFERS.dtypes, **LISTINGS.dtypes}
_FACTS = [name for name in _TYPES if name not in _DATES]
NO_STATEMENTS = pl.DataFrame(schema={name: _TYPES[name] for name in _FACTS})
"""The statements of a feed that makes none."""


@dataclass(frozen=True)
class PricedFeed:
    """One feed's whole answer, as it is reconciled and checked.

    `statements` has offer identity and facts, `claims` is INCOMING_CLAIMS, `entries` has feed and
    inference_provider of each accepted entry. `mapping` has the rows of a feed that is compared
    with a catalogue; such a feed has neither statements nor claims.
    """

    summary: AnswerSummary
    statements: pl.DataFrame
    claims: pl.DataFrame
    models: pl.DataFrame
    unreadable: pl.DataFrame
    entries: pl.DataFrame
    mapping: pl.DataFrame | None = None


def price_rows(run: Run, resolved: StepOutput[ResolvedFeed]) -> StepOutput[PricedFeed]:
    """Price each feed's rows; price texts and evidence continue in the claims alone.

    A catalogue that cannot be priced takes along the feeds that price its offers and list none:
    their rows name offers that this run then does not add.
    """
    feeds: dict[str, PricedFeed] = {}
    fence = FeedFence(resolved.fetches)
    lost: list[str] = []
    for feed in in_resolve_order(run.feeds):
        own = resolved.feeds.get(feed.name)
        if own is None:
            continue
        if lost and feed.spec.role in PRICED_ONLY:
            fence.fail(feed.name, _without_catalog(feed.name, lost))
            continue
        what = "its rows could not be priced"
        priced = fence.call(feed.name, partial(_price, run, feed, own), what=what)
        if priced is not None:
            feeds[feed.name] = priced
        elif feed.spec.role == "catalog":
            lost.append(feed.name)
    ordered = {feed.name: feeds[feed.name] for feed in run.feeds if feed.name in feeds}
    return StepOutput(fence.fetches, ordered, resolved.rejected)


def _price(run: Run, feed: RunFeed, own: ResolvedFeed) -> PricedFeed:
    context = PriceContext(feed.entry, run.record.run_id, run.shows_account_prices)
    if feed.spec.role == "cross_check":
        return PricedFeed(
            summary=own.summary,
            statements=NO_STATEMENTS,
            claims=feed.spec.price(own.rows, own.quotes, context),
            models=own.models,
            unreadable=own.unreadable,
            entries=own.rows.select("feed", "inference_provider"),
            mapping=own.rows,
        )
    return PricedFeed(
        summary=own.summary,
        statements=own.rows.select(_FACTS),
        claims=feed.spec.price(own.rows, own.quotes, context),
        models=own.models,
        unreadable=own.unreadable,
        entries=own.rows.select("feed", "inference_provider")
        if own.quotes.is_empty()
        else quoted_entries(own.quotes),
    )


def _without_catalog(feed: str, lost: list[str]) -> FeedError:
    return FeedError(
        f"{feed}: it prices offers of {', '.join(lost)}, which could not be priced",
        code=PARSER_FAILED,
    )
