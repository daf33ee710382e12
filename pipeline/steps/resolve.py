"""Give each row its offer: identity comes from catalogues, every other feed is joined with them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial

import polars as pl

from pipeline.context import Run
from pipeline.feed_specs import ResolveContext, RunFeed, in_resolve_order
from pipeline.steps.fence import FeedFence
from pipeline.steps.output import StepOutput
from pipeline.steps.stored import read_mapped_offers, read_names_today
from schemas.offerings import MODELS
from schemas.quotes import QUOTES
from schemas.records import FeedFetch
from schemas.registry import Estimate
from transforms.parsing.parsed_feed import AnswerSummary
from transforms.parsing.validation import UNREADABLE_OFFERS, ValidatedFeed
from transforms.pricing.estimates import summarize_estimate
from transforms.resolve.catalog import ResolvedRows
from transforms.resolve.model_names import use_names_today


@dataclass(frozen=True)
class ResolvedFeed:
    """One feed's rows with offer identity.

    It has no offerings: `rows` replaces them, and keeping both would be the peak of memory.
    """

    summary: AnswerSummary
    rows: pl.DataFrame
    quotes: pl.DataFrame
    models: pl.DataFrame
    unreadable: pl.DataFrame


def resolve_rows(
    run: Run,
    validated: StepOutput[ValidatedFeed],
    names: Callable[[], pl.DataFrame] | None = None,
) -> StepOutput[ResolvedFeed]:
    """Resolve every feed of this run: catalogues first, then the feeds that are joined with them.

    `names` returns the names that models have today; without it they follow from these rows.

    An estimate has a fetch like a feed that was asked, of the moment when the catalogue's answer
    was observed.
    """
    feeds: dict[str, ResolvedFeed] = {}
    rejected = [validated.rejected]
    fence = FeedFence(validated.fetches)
    mapped = _mapped_offers(run, feeds)
    names = names or _names_today(run, feeds, validated)
    catalogs = {feed.source: feed.name for feed in run.catalogs()}
    for feed in in_resolve_order(run.feeds):
        own, catalog = validated.feeds.get(feed.name), catalogs.get(feed.source, "")
        if isinstance(feed.entry, Estimate):
            if catalog not in feeds:
                continue
            fence.add(_estimated_fetch(feed.name, validated.fetch_of(catalog)))
        elif own is not None and feed.spec.role != "catalog":
            mapped()  # may read the warehouse, and no feed is to blame for what that raises
            names()
        context = ResolveContext(
            source=feed.source,
            entry=feed.entry,
            mapped=mapped,
            names=names,
            catalog=feeds[catalog].rows if catalog in feeds else None,
        )
        what = "its rows could not be joined with offers"
        resolved = fence.call(feed.name, partial(_resolve, feed, own, context), what=what)
        if resolved is not None:
            feeds[feed.name], refused = resolved
            rejected.append(refused)
    return StepOutput(fence.fetches, feeds, pl.concat(rejected))


def _resolve(
    feed: RunFeed, own: ValidatedFeed | None, context: ResolveContext
) -> tuple[ResolvedFeed, pl.DataFrame] | None:
    """Return the resolved feed and REJECTED, None when this run has nothing of the feed."""
    resolved = feed.spec.resolve(own, context)
    if resolved is None:
        return None
    if own is None:
        return _estimated_feed(feed.name, resolved.rows), resolved.rejected
    unreadable = own.unreadable
    if feed.spec.role == "routed":
        named = use_names_today(unreadable, context.names())
        unreadable = named.select(unreadable.columns)
    return _resolved_feed(own, resolved, unreadable), resolved.rejected


def _mapped_offers(
    run: Run, feeds: Mapping[str, ResolvedFeed]
) -> Callable[[], Mapping[str, pl.DataFrame]]:
    """Return a function that returns source → mapping offers; it reads the warehouse at most once.

    `feeds` are the resolved feeds, with every catalogue of this run before the first call.
    """

    @cache
    def mapped() -> Mapping[str, pl.DataFrame]:
        return {
            feed.source: feeds[feed.name].rows
            if feed.name in feeds
            else read_mapped_offers(run, feed.name)
            for feed in run.catalogs()
        }

    return mapped


def _names_today(
    run: Run, feeds: Mapping[str, ResolvedFeed], validated: StepOutput[ValidatedFeed]
) -> Callable[[], pl.DataFrame]:
    """Return a function that returns the names of today; it reads the warehouse at most once."""

    @cache
    def names() -> pl.DataFrame:
        catalogs = [feed.name for feed in run.catalogs()]
        answered = [feeds[name].models for name in catalogs if name in feeds]
        others = [feed for name, feed in validated.feeds.items() if name not in catalogs]
        return read_names_today(run, pl.concat(answered) if answered else None, others)

    return names


def _resolved_feed(
    own: ValidatedFeed, resolved: ResolvedRows, unreadable: pl.DataFrame
) -> ResolvedFeed:
    drift = pl.concat([own.summary.drift, resolved.status_drift()])
    return ResolvedFeed(
        summary=dataclasses.replace(own.summary, drift=drift),
        rows=resolved.rows,
        quotes=own.quotes,
        models=own.models,
        unreadable=unreadable,
    )


def _estimated_feed(feed: str, rows: pl.DataFrame) -> ResolvedFeed:
    return ResolvedFeed(
        summary=summarize_estimate(rows, feed=feed),
        rows=rows,
        quotes=QUOTES.empty(),
        models=MODELS.empty(),
        unreadable=UNREADABLE_OFFERS.clone(),
    )


def _estimated_fetch(feed: str, catalog: FeedFetch) -> FeedFetch:
    """An estimate is observed when its catalogue's answer was; nothing is asked."""
    at = catalog.observed_at
    return FeedFetch(feed=feed, outcome="complete", started_at=at, finished_at=at, pages=[])
