"""The first stage: every feed's answers on disk, hashed, before anything is parsed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime

from msgspec.structs import replace

from flows.run import Run
from providers.bearer import Bearer
from providers.http import HttpClient
from providers.huggingface import TOKEN_FEEDS
from providers.interface import ProviderInterface
from providers.registry import adapter_for
from schemas.errors import FeedError, HomeKindError, UsageError
from schemas.payload import Payload, Traffic
from schemas.records import FeedFetch, FetchOutcome, LandedPage
from schemas.registry import Registry, Source


def land_feeds(run: Run) -> list[FeedFetch]:
    """Fetch and land every enabled feed; one that fails does not keep the others from coming.

    A feed that this run does not ask is `skipped`: what it said last stands.
    """
    fetches: list[FeedFetch] = []
    with run.client(now=run.clock, bearer=_bearer(run)) as client:
        for source in run.registry.sources:
            fetches += _land_source(run, source, client)
    return fetches


def feeds_of(registry: Registry, provider: str | None) -> frozenset[str] | None:
    """Return the feeds of one source, None for all; UsageError when the registry has no such."""
    if provider is None:
        return None
    feeds = frozenset(feed.feed for source, feed in registry.feeds() if source.source == provider)
    if not feeds:
        known = ", ".join(source.source for source in registry.sources)
        raise UsageError(f"there is no provider {provider!r}; known: {known}")
    return feeds


def _bearer(run: Run) -> Bearer | None:
    """Return the token for the Hub and the router, if one is set; Vault's refusal ends the run."""
    if (found := run.token()) is None:
        return None
    return Bearer(found.secret, base_urls=[run.record.settings[feed] for feed in TOKEN_FEEDS])


def _land_source(run: Run, source: Source, client: HttpClient) -> list[FeedFetch]:
    traffic: dict[str, Traffic] = defaultdict(Traffic)
    adapter = adapter_for(
        source, base_urls=run.record.settings, client=client, traffic=traffic,
        deadline_s=run.deadline_s,
    )  # fmt: skip
    return [
        _land_feed(run, feed.feed, _payloads(adapter, feed.kind, run), traffic[feed.feed])
        if run.feeds is None or feed.feed in run.feeds
        else _skip_feed(run, feed.feed)
        for feed in source.feeds
        if feed.enabled
    ]


def _payloads(adapter: ProviderInterface, kind: str, run: Run) -> Iterator[Payload]:
    if kind == "catalog":
        return adapter.list_models(details=run.record.details)
    return adapter.get_pricing()


def _land_feed(run: Run, feed: str, payloads: Iterator[Payload], traffic: Traffic) -> FeedFetch:
    started_at = run.clock()
    pages: list[LandedPage] = []
    outcome: FetchOutcome = "complete"
    failure: FeedError | None = None
    try:
        for payload in payloads:
            _require_kind(payload, run)
            pages.append(run.folder.land(payload))
            run.progress.landed(feed, traffic)
    except FeedError as error:
        failure, outcome = error, "partial" if pages else "failed"
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
    )
    if outcome == "complete" and _same_capture(fetch, run.observed.get(feed)):
        fetch = replace(fetch, outcome="not_modified")
    run.folder.close_feed(fetch)
    run.progress.closed(feed, fetch.outcome)
    return fetch


def _skip_feed(run: Run, feed: str) -> FeedFetch:
    now = run.clock()
    fetch = FeedFetch(feed=feed, outcome="skipped", started_at=now, finished_at=now, pages=[])
    run.folder.close_feed(fetch)
    return fetch


def _require_kind(payload: Payload, run: Run) -> None:
    """An archive says so by a date of its own; only a sample home may take what it gives."""
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
    """An archive that shows a moment already told, or an earlier one, tells nothing new."""
    captured = any(page.captured_at for page in fetch.pages)
    return captured and last is not None and fetch.observed_at <= last
