"""Fetch and land every feed's answers, hashed, before anything is parsed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from difflib import get_close_matches
from functools import partial

from msgspec.structs import replace

from pipeline.ahead import read_ahead
from pipeline.context import Run
from pipeline.credentials import Skip, credential, reason_to_skip
from pipeline.feeds import spec_of
from pipeline.steps.feed_parser import FeedParser
from pipeline.steps.fence import internal_failure
from pipeline.steps.known_ids import mapped_ids, mapped_providers, recent_unknown_ids
from pipeline.steps.lanes import Lanes
from pipeline.steps.remembered import known_answers, remembered_answers
from providers.http.client import HttpClient
from providers.interface import AdapterContext, ProviderInterface
from providers.registry import adapter_for
from schemas.errors import FeedError, HomeKindError, UsageError
from schemas.failures import ANY_ERROR, ENDS_RUN
from schemas.payload import Payload, Traffic
from schemas.records import FeedFetch, FetchOutcome, LandedPage
from schemas.registry import Feed, Registry, Source


def extract_feeds(run: Run) -> list[FeedFetch]:
    """Fetch and land every feed that is on; a feed that fails does not stop the others.

    Sources of different origins are fetched side by side.

    A feed that this run does not ask is `skipped`, with the reason: its last whole answer counts.
    """
    catalogs = {feed.source for feed in run.catalogs()}
    lanes = Lanes(run.registry.sources, run.record.settings, first=catalogs)
    return lanes.fetch(partial(_land_source, run, lanes))


def feeds_of(registry: Registry, provider: str | None) -> frozenset[str] | None:
    """Return the feeds of one source, in any case, None for all; UsageError lists the sources."""
    if provider is None:
        return None
    name = provider.strip().lower()
    feeds = frozenset(feed.feed for source, feed in registry.feeds() if source.source == name)
    if not feeds:
        known = [source.source for source in registry.sources]
        raise UsageError(f"{_why_unknown(registry, name, known)}; known: {', '.join(known)}")
    return feeds


def _why_unknown(registry: Registry, name: str, known: list[str]) -> str:
    """Return why a name is no source; an inference provider is read through a source."""
    entry = next((p for p in registry.inference_providers if p.inference_provider == name), None)
    if entry is None:
        close = get_close_matches(name, known, n=1)
        return f"there is no provider {name!r}" + (f" (did you mean {close[0]}?)" if close else "")
    if entry.left_on is not None:
        return (
            f"{name!r} is an inference provider that left Hugging Face on {entry.left_on} "
            f"({entry.left_source}): no source lists its offers any more, and --provider takes a "
            "source"
        )
    return (
        f"{name!r} is an inference provider, whose offers are read with all others of "
        "Hugging Face; --provider takes a source"
    )


def _land_source(run: Run, lanes: Lanes, source: Source) -> list[FeedFetch]:
    """Land one source's feeds with a client of its own, which holds no other source's secret."""
    skips = {feed.feed: reason_to_skip(run, feed) for feed in source.feeds}
    found = None
    if None in skips.values():
        found = credential(source, run.record.settings, run.dependencies.find_token)
    if isinstance(found, Skip):
        skips = {feed: skip or found for feed, skip in skips.items()}
    if None not in skips.values() or isinstance(found, Skip):
        return [_skip_feed(run, feed, skip) for feed, skip in skips.items() if skip]
    traffic: dict[str, Traffic] = defaultdict(Traffic)
    own: list[FeedFetch] = []
    with lanes.opened(run.dependencies.make_client(now=run.clock, bearer=found)) as client:
        context = AdapterContext(
            base_urls=run.record.settings,
            client=client,
            traffic=traffic,
            deadline_s=run.dependencies.deadline_s,
            mapped_ids=partial(mapped_ids, run, lanes, source),
            unknown_ids=partial(recent_unknown_ids, run),
            remembered=partial(remembered_answers, run),
            known_answers=partial(known_answers, run),
            mapped_providers=partial(mapped_providers, run, own),
        )
        adapter = adapter_for(source, context)
        for feed in source.feeds:
            skip = skips[feed.feed] or _nothing_to_compare(feed, own)
            if skip is None:
                payloads = _payloads(adapter, feed.feed, run)
                own.append(_land_feed(run, feed, payloads, traffic[feed.feed], client))
            else:
                own.append(_skip_feed(run, feed.feed, skip))
    return own


def _nothing_to_compare(feed: Feed, landed: list[FeedFetch]) -> Skip | None:
    """Return why a feed that is compared with a catalogue is not asked: the catalogue's answer of
    this run is not whole, or no new one.
    """
    catalog = next((fetch for fetch in landed if fetch.feed == feed.compares), None)
    if feed.compares is None or (catalog is not None and catalog.is_whole):
        return None
    return Skip(
        "nothing_to_compare", f"{feed.compares} gave no whole answer in this run to compare with"
    )


def _payloads(adapter: ProviderInterface, feed: str, run: Run) -> Iterator[Payload]:
    match spec_of(feed).role:
        case "catalog":
            return adapter.list_models(details=run.record.details)
        case "cross_check":
            return adapter.list_mappings()
        case _:
            return adapter.get_pricing()


def _land_feed(
    run: Run, entry: Feed, payloads: Iterator[Payload], traffic: Traffic, client: HttpClient
) -> FeedFetch:
    """Land a feed's pages; the next are requested meanwhile, and those that landed are parsed."""
    feed, started_at = entry.feed, run.clock()
    pages: list[LandedPage] = []
    outcome: FetchOutcome = "complete"
    failure: FeedError | None = None
    parser = FeedParser(run, entry)
    try:
        with closing(read_ahead(payloads)) as ahead:
            try:
                for payload in ahead:
                    _require_kind(payload, run)
                    pages.append(run.folder.land(payload))
                    parser.add(payload, pages[-1])
                    run.dependencies.progress.landed(feed, traffic)
            except ENDS_RUN:
                client.stop()  # a request under way is not waited for
                raise
    except FeedError as error:
        failure, outcome = error, "partial" if pages else "failed"
    except ENDS_RUN:
        parser.cancel()
        raise
    except ANY_ERROR as error:
        what = "its answer could not be fetched"
        failure = internal_failure(error, feed=feed, what=what, code="adapter_failed")
        outcome = "partial" if pages else "failed"
    fetch = FeedFetch(
        feed=feed,
        outcome=outcome,
        started_at=started_at,
        finished_at=run.clock(),
        requests=traffic.requests,
        retries=traffic.retries,
        waited_s=round(traffic.waited_s, 3),
        bytes=traffic.bytes,
        pages=pages,
        error_code=failure.code if failure else None,
        error=str(failure) if failure else None,
        short_pages=traffic.short_pages,
        unknown_ids=traffic.unknown_ids,
    )
    if outcome == "complete" and not pages:
        reason = (
            "the Hub maps no model to this provider, or only to ids that it did not know within "
            "the last day, so there is nothing to ask for"
        )
        fetch = replace(fetch, outcome="skipped", error_code="nothing_mapped", error=reason)
    elif outcome == "complete" and (
        all(page.received_at and page.captured_at is None for page in pages)
        or _same_capture(fetch, run.observed.get(feed))
    ):
        fetch = replace(fetch, outcome="not_modified")
    parser.close(fetch)
    run.folder.close_feed(fetch)
    run.dependencies.progress.closed(feed, fetch.outcome)
    return fetch


def _skip_feed(run: Run, feed: str, skip: Skip) -> FeedFetch:
    now = run.clock()
    fetch = FeedFetch(
        feed=feed,
        outcome="skipped",
        started_at=now,
        finished_at=now,
        pages=[],
        error_code=skip.code,
        error=skip.reason,
    )
    run.folder.close_feed(fetch)
    return fetch


def _require_kind(payload: Payload, run: Run) -> None:
    """Raise HomeKindError for a sample in a live home, or the reverse; a sample is dated."""
    is_sample = payload.captured_at is not None
    if is_sample == (run.record.origin == "sample"):
        return
    if is_sample:
        raise HomeKindError(
            f"{payload.url.split('?')[0]} serves a sample (captured {payload.captured_at:%Y-%m-%d}"
            f"), and {run.home.root} is a live home; nothing of it entered. Unset the PRICEHOUSE_"
            "…_URL setting that points there, or run `pricehouse demo` to look at the sample"
        )
    raise HomeKindError(
        f"{payload.url.split('?')[0]} serves live data, and {run.home.root} is a home for the "
        "sample; nothing of it entered. Set PRICEHOUSE_HOME to another folder"
    )


def _same_capture(fetch: FeedFetch, last: datetime | None) -> bool:
    """Return whether an archive states a moment that is already loaded, or an earlier one."""
    captured = any(page.captured_at for page in fetch.pages)
    return captured and last is not None and fetch.observed_at <= last
