"""Record one live hour as data files that the sample's server can serve."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec

from pipeline.context import FindToken, anonymous
from pipeline.feeds import spec_of
from pipeline.progress import NoProgress, Progress
from pipeline.settings import Settings
from providers.http.auth import Bearer
from providers.http.client import HttpClient
from providers.http.proxies import NO_PROXIES, Proxies
from providers.interface import AdapterContext, ProviderInterface
from providers.registry import adapter_for, load_registry
from samples.hub import FEEDS
from samples.recording import RecordedCapture, record_hub, record_router
from samples.verbatim import Record
from schemas.clock import Clock, utc_now
from schemas.errors import FeedError, FeedMalformed, FeedRefused
from schemas.payload import Payload, Traffic
from schemas.registry import Feed, Source
from schemas.secrets import Secret
from warehouse.storage.files import make_named_folder, require_empty, write_atomic


class FeedRecording(msgspec.Struct, frozen=True, kw_only=True):
    """One data file. `bytes` and `pages` are those of the answers."""

    feed: str
    file: str
    captured_at: datetime
    pages: int
    bytes: int
    models: int
    rows: int
    dropped: list[str]
    """What the answers held and the file does not."""


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """What was recorded; `--json` prints this."""

    folder: str
    feeds: list[FeedRecording]


def record(
    folder: Path,
    settings: Settings,
    *,
    token: FindToken = anonymous,
    proxies: Proxies = NO_PROXIES,
    clock: Clock = utc_now,
    progress: Progress | None = None,
) -> Recording:
    """Fetch the Hub and the router once, with the daily fields, and write `<feed>.json` for each.

    Providers' own price lists are left out: the sample's server serves none, and some state what
    only one account pays. Needs no home, and nothing enters a warehouse. FeedError, with
    nothing written, when a feed is not whole; UsageError when the folder is not empty.
    """
    require_empty(folder)  # now, and not after an hour was fetched for nothing
    found = token()
    secret = found.secret if found else None
    make_client = partial(HttpClient, now=clock, bearer=_bearer(settings, secret), proxies=proxies)
    texts: dict[str, str] = {}
    feeds: list[FeedRecording] = []
    try:
        for feed, payloads in _fetched(settings, make_client, progress or NoProgress()):
            recorded = _recorded(feed, payloads)
            _require_scrubbed(feed, recorded.text, secret)
            texts[feed.feed] = recorded.text
            feeds.append(
                FeedRecording(
                    feed=feed.feed,
                    file=f"{feed.feed}.json",
                    captured_at=_captured_at(payloads),
                    pages=len(payloads),
                    bytes=sum(len(p.body) for p in payloads),
                    models=recorded.models,
                    rows=recorded.rows,
                    dropped=recorded.dropped,
                )
            )
    except FeedError as error:
        raise type(error)(f"{error}. Nothing was recorded", code=error.code) from error
    make_named_folder(folder)
    for name, text in texts.items():
        write_atomic(folder / f"{name}.json", text.encode())
    return Recording(folder=str(folder), feeds=feeds)


def _fetched(
    settings: Settings, make_client: Callable[[], HttpClient], progress: Progress
) -> Iterator[tuple[Feed, list[Payload]]]:
    """Yield each feed that the sample's server can serve, with all its answers."""
    with make_client() as client:
        for source in load_registry().sources:
            if not _recordable(source):
                continue
            traffic: dict[str, Traffic] = defaultdict(Traffic)
            adapter = adapter_for(source, AdapterContext(settings.base_urls, client, traffic))
            for feed in _recordable(source):
                payloads: list[Payload] = []
                for payload in _payloads(adapter, feed):
                    payloads.append(payload)
                    progress.landed(feed.feed, traffic[feed.feed])
                progress.closed(feed.feed, "complete")
                yield feed, payloads


def _bearer(settings: Settings, secret: Secret | None) -> Bearer | None:
    """Return what sends the token to the addresses that may receive it."""
    if secret is None:
        return None
    feeds = [feed.feed for _, feed in load_registry().feeds() if spec_of(feed.feed).takes_token]
    urls = [settings.base_urls[feed] for feed in feeds]
    return Bearer(secret, base_urls=urls)


def _recordable(source: Source) -> list[Feed]:
    return [feed for feed in source.feeds if feed.feed in FEEDS]


def _payloads(adapter: ProviderInterface, feed: Feed) -> Iterator[Payload]:
    return adapter.list_models(details=True) if feed.kind == "catalog" else adapter.get_pricing()


def _recorded(feed: Feed, payloads: list[Payload]) -> RecordedCapture:
    requested = urlsplit(payloads[0].url)
    query = [
        pair for pair in parse_qsl(requested.query, keep_blank_values=True) if pair[0] != "cursor"
    ]
    provenance: Record = {
        # without the host, which may be a private gateway
        "source": f"{feed.title}, GET {feed.path}" + (f"?{urlencode(query)}" if query else ""),
        "terms": str(feed.terms_url),
        "captured_at": f"{_captured_at(payloads):%Y-%m-%dT%H:%M:%SZ}",
    }
    try:
        if feed.kind == "catalog":
            return record_hub((payload.body for payload in payloads), provenance=provenance)
        return record_router(payloads[0].body, provenance=provenance)
    except (ValueError, RecursionError) as error:
        raise FeedMalformed(
            f"{feed.feed}: the answer cannot be recorded: {error}", code="not_recordable"
        ) from error


def _captured_at(payloads: list[Payload]) -> datetime:
    """Return when the source stated this, in whole seconds, as an archive dates it."""
    moment = max(payload.captured_at or payload.fetched_at for payload in payloads)
    return moment.astimezone(UTC).replace(microsecond=0)


def _require_scrubbed(feed: Feed, text: str, secret: Secret | None) -> None:
    """Refuse a text that holds our token, also as JSON would write it."""
    if secret is None:
        return
    if any(token in text for token in (secret.reveal(), json.dumps(secret.reveal())[1:-1])):
        raise FeedRefused(f"{feed.feed}: the answer holds our own token", code="echoed_secret")
