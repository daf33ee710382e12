"""What every adapter of the registry must do, whatever it reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from providers.http.client import HttpClient
from providers.interface import AdapterContext, ProviderInterface
from providers.registry import adapter_for, load_registry
from schemas.errors import FeedBusy, FeedError, FeedMalformed, FeedRefused
from schemas.payload import Payload, Traffic
from schemas.registry import Source
from tests.support.clocks import FakeClock
from tests.support.list_answers import LIST_ANSWERS
from tests.support.raw_server import RawReply, RawServer, serving

SOURCES = load_registry().sources
BAD = {
    "refuses": (RawReply(401, b'{"error": "Invalid username or password."}'), FeedRefused),
    "fails": (RawReply(500, b"Internal Server Error"), FeedBusy),
    "sends a page": (RawReply(200, b"<!doctype html><title>Sign in</title>"), FeedMalformed),
}
Call = Callable[[ProviderInterface], object]
METHODS: dict[str, Call] = {
    "list_models": lambda adapter: adapter.list_models(details=False),
    "list_models with details": lambda adapter: adapter.list_models(details=True),
    "get_pricing": lambda adapter: adapter.get_pricing(),
    "list_mappings": lambda adapter: adapter.list_mappings(),
}


@dataclass
class Fetched:
    payloads: list[Payload]
    traffic: dict[str, Traffic]
    error: FeedError | None


def good_replies(source: Source) -> Callable[[object], RawReply]:
    """Return an empty array for a catalogue's path, an empty object for the router's and a
    provider's mapping, and one row of the mapped id for a list's."""
    feeds = {feed.path: feed for feed in source.feeds}

    def script(request):
        path = request.target.partition("?")[0]
        feed = feeds[path.removesuffix("/mapped-provider/models")]
        if "page=2" in request.target:
            return RawReply(404)  # behind the end of a list in numbered pages
        if feed.inference_provider is None:
            is_array = feed.kind == "catalog" and feed.compares is None
            return RawReply(body=b"[]" if is_array else b"{}")
        answer = LIST_ANSWERS[feed.feed]
        return RawReply(body=answer.envelope([answer.row]).encode())

    return script


def has(source: Source, method: str) -> bool:
    """Return whether the source has a feed for the method."""
    if method == "list_mappings":
        return any(feed.compares for feed in source.feeds)
    kind = "price_list" if method == "get_pricing" else "catalog"
    return any(feed.kind == kind for feed in source.feeds)


def fetch(source: Source, server: RawServer, call: Call) -> Fetched:
    clock = FakeClock()
    fetched = Fetched([], {feed.feed: Traffic() for feed in source.feeds}, None)
    with HttpClient(sleep=clock.sleep, monotonic=clock.monotonic, now=clock.now) as client:
        adapter = adapter_for(
            source,
            AdapterContext(
                base_urls={feed.feed: server.url for feed in source.feeds},
                client=client,
                traffic=fetched.traffic,
                mapped_ids=lambda provider: ["mapped-id"],
                mapped_providers=lambda: ["mapped-provider"],
            ),
        )
        assert adapter.source == source.source
        try:
            fetched.payloads.extend(call(adapter))
        except FeedError as error:
            fetched.error = error
    assert server.all_closed()
    return fetched


IMPLEMENTED = [
    pytest.param(source, call, id=f"{source.source}-{method}")
    for source in SOURCES
    for method, call in METHODS.items()
    if has(source, method)
]
each_method = pytest.mark.parametrize(("source", "call"), IMPLEMENTED)


def test_the_registry_names_at_least_one_adapter():
    assert SOURCES


@each_method
def test_adapter_yields_payloads_of_its_feeds_and_counts_traffic(source, call):
    with serving(good_replies(source)) as server:
        fetched = fetch(source, server, call)
    assert fetched.error is None
    assert fetched.payloads
    for payload in fetched.payloads:
        assert isinstance(payload.body, bytes)
        assert payload.url.startswith(server.url)
        assert payload.page >= 1
        assert payload.fetched_at.utcoffset() is not None
    for feed, traffic in fetched.traffic.items():
        own = [payload for payload in fetched.payloads if payload.feed == feed]
        assert traffic.pages == len(own)
        assert traffic.bytes == sum(len(payload.body) for payload in own)
    assert {p.feed for p in fetched.payloads} <= set(fetched.traffic)
    assert sum(t.requests for t in fetched.traffic.values()) == len(server.requests)


@each_method
@pytest.mark.parametrize(("reply", "kind"), BAD.values(), ids=list(BAD))
def test_adapter_raises_the_error_type_of_a_bad_response(source, call, reply, kind):
    with serving([reply]) as server:
        fetched = fetch(source, server, call)
    assert isinstance(fetched.error, kind)
    assert server.url in str(fetched.error)
    assert fetched.error.code != FeedError.code


@each_method
def test_adapter_sends_no_request_before_it_is_read(source, call):
    with serving(good_replies(source)) as server:
        fetch(source, server, lambda adapter: call(adapter) and [])
    assert server.requests == []


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.source)
def test_adapter_yields_nothing_for_a_method_without_a_feed(source):
    without_feed = [call for method, call in METHODS.items() if not has(source, method)]
    with serving(good_replies(source)) as server:
        assert [fetch(source, server, call).payloads for call in without_feed] == [
            [] for _ in without_feed
        ]
    assert server.requests == []
