"""What every adapter of the registry must do, whatever it reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from providers.http.client import HttpClient
from providers.interface import ProviderInterface
from providers.registry import adapter_for, load_registry
from schemas.errors import FeedBusy, FeedError, FeedMalformed, FeedRefused
from schemas.payload import Payload, Traffic
from schemas.registry import Source
from tests.support.scripted_server import FakeClock, Reply, Server

SOURCES = load_registry().sources
BAD = {
    "refuses": (Reply(401, b'{"error": "Invalid username or password."}'), FeedRefused),
    "fails": (Reply(500, b"Internal Server Error"), FeedBusy),
    "shows a page": (Reply(200, b"<!doctype html><title>Sign in</title>"), FeedMalformed),
}
Ask = Callable[[ProviderInterface], object]
ASKED: dict[str, Ask] = {
    "list_models": lambda adapter: adapter.list_models(details=False),
    "list_models with details": lambda adapter: adapter.list_models(details=True),
    "get_pricing": lambda adapter: adapter.get_pricing(),
}


@dataclass
class Fetched:
    payloads: list[Payload]
    traffic: dict[str, Traffic]
    error: FeedError | None


def answer_in_kind(source: Source) -> Callable[[object], Reply]:
    """Answer a catalogue's path with an empty array, the router's with an empty object, a list's
    with one row of the mapped id."""
    feeds = {feed.path: feed for feed in source.feeds}
    rows = {
        "deepinfra_list": b'[{"model_name": "mapped-id"}]',
        "fal_pricing": b'{"prices": [{"endpoint_id": "mapped-id"}], "has_more": false}',
        "wavespeed_list": b'[{"model_id": "mapped-id"}]',
    }

    def script(request):
        feed = feeds[request.target.partition("?")[0]]
        if "page=2" in request.target:
            return Reply(404)  # behind the end of a list in numbered pages
        if feed.inference_provider is None:
            return Reply(body=b"[]" if feed.kind == "catalog" else b"{}")
        return Reply(body=rows.get(feed.feed, b"[]"))

    return script


def has(source: Source, question: str) -> bool:
    """Say whether the source has a feed that answers the question."""
    kind = "price_list" if question == "get_pricing" else "catalog"
    return any(feed.kind == kind for feed in source.feeds)


def fetch(source: Source, server: Server, ask: Ask) -> Fetched:
    clock = FakeClock()
    fetched = Fetched([], {feed.feed: Traffic() for feed in source.feeds}, None)
    with HttpClient(sleep=clock.sleep, monotonic=clock.monotonic, now=clock.now) as client:
        adapter = adapter_for(
            source,
            base_urls={feed.feed: server.url for feed in source.feeds},
            client=client,
            traffic=fetched.traffic,
            mapped_ids=lambda provider: ["mapped-id"],
        )
        assert adapter.source == source.source
        try:
            fetched.payloads.extend(ask(adapter))
        except FeedError as error:
            fetched.error = error
    assert server.all_closed()
    return fetched


SPOKEN = [
    pytest.param(source, ask, id=f"{source.source}-{question}")
    for source in SOURCES
    for question, ask in ASKED.items()
    if has(source, question)
]
each_question = pytest.mark.parametrize(("source", "ask"), SPOKEN)


def test_the_registry_names_at_least_one_adapter():
    assert SOURCES


@each_question
def test_an_adapter_yields_payloads_of_its_own_feeds_and_counts_what_they_cost(source, ask):
    with Server(answer_in_kind(source)).running() as server:
        fetched = fetch(source, server, ask)
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


@each_question
@pytest.mark.parametrize(("reply", "kind"), BAD.values(), ids=list(BAD))
def test_an_adapter_tells_a_bad_answer_by_the_type_of_its_error(source, ask, reply, kind):
    with Server([reply]).running() as server:
        fetched = fetch(source, server, ask)
    assert isinstance(fetched.error, kind)
    assert server.url in str(fetched.error)
    assert fetched.error.code != FeedError.code


@each_question
def test_an_adapter_asks_nothing_before_somebody_reads(source, ask):
    with Server(answer_in_kind(source)).running() as server:
        fetch(source, server, lambda adapter: ask(adapter) and [])
    assert server.requests == []


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.source)
def test_an_adapter_yields_nothing_for_a_question_that_its_source_has_no_feed_for(source):
    silent = [ask for question, ask in ASKED.items() if not has(source, question)]
    with Server(answer_in_kind(source)).running() as server:
        assert [fetch(source, server, ask).payloads for ask in silent] == [[] for _ in silent]
    assert server.requests == []
