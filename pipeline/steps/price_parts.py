"""Validate, resolve and price a large catalogue part by part, so that few rows are in memory.

All that is decided of a model follows from its own rows: those of one part of the catalogue, and
those that other feeds state of its models. What no part has (rows of models that the catalogue does
not list, and what is counted over a whole answer) is a part of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache, partial

import polars as pl

from pipeline.context import Run
from pipeline.feed_specs import RunFeed
from pipeline.steps.fence import FeedFence
from pipeline.steps.output import StepOutput
from pipeline.steps.price import NO_STATEMENTS, PricedFeed, PricedRows, price_rows
from pipeline.steps.resolve import resolve_rows
from pipeline.steps.stored import read_names_today
from pipeline.steps.validate import validate_rows
from schemas.contract import filter_rows
from schemas.kept_rows import StoredFrames
from schemas.offerings import MODEL_NAMES, REJECTED
from schemas.records import FeedFetch
from schemas.registry import FeedRole
from schemas.state import INCOMING_CLAIMS
from transforms.parsing.parsed_feed import AnswerSummary, ParsedFeed, count_by_provider
from transforms.parsing.validation import UNREADABLE_OFFERS, ValidatedFeed
from transforms.resolve.model_names import use_names_today
from warehouse.writer.frame_files import FrameFiles

Names = Callable[[], pl.DataFrame]
NO_PART = -1
COUNTED_BY_PART: tuple[FeedRole, ...] = ("catalog", "routed", "estimate")
_KEY = ["inference_provider", "provider_model_id"]


def is_large(parsed: StepOutput[ParsedFeed]) -> bool:
    """Return whether a catalogue of this run is too large to be held in memory."""
    return any(feed.parts for feed in parsed.feeds.values())


def in_memory(parsed: StepOutput[ParsedFeed]) -> StepOutput[ParsedFeed]:
    """Return the feeds with all rows in memory."""
    return replace(parsed, feeds={name: feed.whole() for name, feed in parsed.feeds.items()})


def price_parts(run: Run, parsed: StepOutput[ParsedFeed]) -> PricedRows | None:
    """Return what the three steps return of all rows together; the rows wait on disk.

    None where a feed breaks on the way, or several catalogues answered: then the steps have to see
    all rows at once, as they do of a small catalogue.
    """
    catalogs = [feed for feed in run.catalogs() if feed.name in parsed.feeds]
    if len(catalogs) != 1 or not parsed.feeds[catalogs[0].name].parts:
        return None
    (catalog,) = catalogs
    own = parsed.feeds[catalog.name]
    rest = {name: feed for name, feed in parsed.feeds.items() if name != catalog.name}
    others = validate_rows(run, replace(parsed, feeds=rest))
    names = cache(partial(_names_today, run, own, others))
    store = FrameFiles.of(run.home, "priced", part_rows=run.dependencies.part_rows)
    parts: list[PricedRows] = []
    stored: list[StoredFrames] = []
    for validated in _validated_parts(run, catalog, own, others, names):
        if validated is None:
            return None
        priced = price_rows(run, resolve_rows(run, validated, names))
        if _failed(priced.fetches) != _failed(others.fetches):
            return None
        stored.append(store.put(*_rows([*priced.feeds.values()], priced.feeds[catalog.name])))
        parts.append(_without_rows(priced))
    if all(part.feeds[catalog.name].entries.is_empty() for part in parts):
        return None
    roles = {feed.name: feed.spec.role for feed in run.feeds}
    found = {
        name: _merged([part.feeds[name] for part in parts if name in part.feeds], roles[name])
        for name in parts[0].feeds
    }
    return PricedRows(
        parts[0].fetches,
        found | {catalog.name: replace(found[catalog.name], is_large=True)},
        pl.concat([others.rejected, *(part.rejected for part in parts)]),
        tuple(sorted({name for part in parts for name in part.providers})),
        stored,
    )


def _names_today(run: Run, own: ParsedFeed, others: StepOutput[ValidatedFeed]) -> pl.DataFrame:
    stated = filter_rows(own.names.select(list(MODEL_NAMES.dtypes)), MODEL_NAMES).accepted
    return read_names_today(run, stated, others.feeds.values())


def _validated_parts(
    run: Run, catalog: RunFeed, own: ParsedFeed, others: StepOutput[ValidatedFeed], names: Names
) -> Iterator[StepOutput[ValidatedFeed] | None]:
    """Yield the rows of what no part of the catalogue has, then those of each part.

    None when the catalogue's rows cannot be validated.
    """
    roles = {feed.name: feed.spec.role for feed in run.feeds}
    places = {
        name: _places(feed, own, names)
        for name, feed in others.feeds.items()
        if roles[name] == "routed"
    }
    for number, answer in enumerate(_answers(own), start=NO_PART):
        validated = _validated(catalog, answer, others.fetches)
        if validated is None:
            yield None
            return
        kept, refused = validated
        feeds = {catalog.name: kept}
        for name, feed in others.feeds.items():
            if name in places:
                rows = feed.offerings.filter(places[name] == number)
                feeds[name] = _of_part(replace(feed, offerings=rows), number)
            elif number == NO_PART:
                feeds[name] = feed
            elif roles[name] == "price_list":
                quotes = feed.quotes.join(
                    kept.offerings.select(_KEY), on=_KEY, how="semi", maintain_order="left"
                )
                feeds[name] = _of_part(replace(feed, quotes=quotes), number)
        yield StepOutput(others.fetches, feeds, refused)


def _answers(own: ParsedFeed) -> Iterator[ParsedFeed]:
    """Yield a catalogue's answer without models, which has the rejected rows; then each part."""
    yield replace(own, parts=())
    for part in own.parts:
        offerings, models = part.read()
        yield replace(own, offerings=offerings, models=models, rejected=REJECTED.empty(), parts=())


def _validated(
    catalog: RunFeed, answer: ParsedFeed, fetches: Sequence[FeedFetch]
) -> tuple[ValidatedFeed, pl.DataFrame] | None:
    validate = catalog.spec.validate
    if validate is None:
        return None
    what = "its rows could not be validated"
    return FeedFence(fetches).call(catalog.name, partial(validate, answer), what=what)


def _places(routed: ValidatedFeed, own: ParsedFeed, names: Names) -> pl.Series:
    """Return the part of each row of a routed feed: that of its model, else NO_PART."""
    today = use_names_today(routed.offerings.select("model_id"), names())
    listed = own.names.select("model_id", pl.col("part").cast(pl.Int64))
    placed = today.join(listed, on="model_id", how="left", maintain_order="left")
    return placed["part"].fill_null(NO_PART)


def _of_part(feed: ValidatedFeed, number: int) -> ValidatedFeed:
    """Return a feed whose rejected rows count once."""
    return feed if number == NO_PART else replace(feed, unreadable=UNREADABLE_OFFERS.clone())


def _failed(fetches: Sequence[FeedFetch]) -> set[str]:
    return {fetch.feed for fetch in fetches if fetch.outcome == "failed"}


def _rows(feeds: Sequence[PricedFeed], catalog: PricedFeed) -> list[pl.DataFrame]:
    """Return the statements and claims of all feeds, and the models of the catalogue."""
    return [
        pl.concat([NO_STATEMENTS, *(feed.statements for feed in feeds)]),
        pl.concat([INCOMING_CLAIMS.empty(), *(feed.claims for feed in feeds)]),
        catalog.models,
    ]


def _without_rows(priced: PricedRows) -> PricedRows:
    feeds = {
        name: replace(
            feed,
            statements=feed.statements.clear(),
            claims=feed.claims.clear(),
            models=feed.models.clear(),
        )
        for name, feed in priced.feeds.items()
    }
    return replace(priced, feeds=feeds)


def _merged(parts: Sequence[PricedFeed], role: FeedRole) -> PricedFeed:
    """Return a feed of all parts, without its rows; the first part has what counts once."""
    first = parts[0]
    summary = replace(
        first.summary,
        drift=pl.concat([part.summary.drift for part in parts]).unique(maintain_order=True),
    )
    if role == "estimate":
        summary = _summed([part.summary for part in parts])
    # the entries of a list are those of its whole answer, whatever offers they are about
    counted = parts if role in COUNTED_BY_PART else parts[:1]
    return replace(
        first,
        summary=summary,
        unreadable=pl.concat(part.unreadable.select(UNREADABLE_OFFERS.columns) for part in parts),
        entries=count_by_provider(pl.concat([part.entries for part in counted])),
    )


def _summed(summaries: Sequence[AnswerSummary]) -> AnswerSummary:
    """Return the counts of an estimate, whose records are the offers of all parts."""
    return replace(
        summaries[0],
        records=sum(each.records for each in summaries),
        rows=sum(each.rows for each in summaries),
        distinct=sum(each.distinct for each in summaries),
        providers=count_by_provider(pl.concat([each.providers for each in summaries])),
    )
