"""Sources of different origins are fetched side by side, and one failure ends them all."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from pipeline.context import Dependencies, Run, RunOptions
from pipeline.pipeline import run_pipeline
from pipeline.session import open_run
from pipeline.settings import Settings
from pipeline.steps.lanes import Lanes
from pipeline.steps.stored import read_mapped_ids
from providers.http.client import HttpClient
from providers.registry import load_registry
from samples.hub import serve
from schemas.errors import FeedStopped, HomeError
from schemas.payload import Traffic
from schemas.records import FeedFetch
from schemas.registry import Source
from tests.support.hours import Clock, ingest, small_catalog
from tests.support.published import rows
from tests.support.raw_server import Connection, RawReply, RawServer, serving
from warehouse.storage.home import Home

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LISTS = ("deepinfra", "wavespeed")
LIMIT_S = 120.0
"""Far above what anything here takes: a lane that waits for another one that is not run ends."""


def sources(*names: str) -> list[Source]:
    return [source for source in load_registry().sources if source.source in names]


def addresses(**of_source: str) -> dict[str, str]:
    return {
        feed.feed: of_source[source.source]
        for source, feed in load_registry().feeds()
        if source.source in of_source
    }


def fetch_of(source: Source) -> list[FeedFetch]:
    return [
        FeedFetch(feed=feed.feed, outcome="complete", started_at=NOON, finished_at=NOON, pages=[])
        for feed in source.feeds
    ]


def test_two_origins_are_fetched_at_once_and_listed_in_the_order_of_the_registry() -> None:
    both = threading.Barrier(2, timeout=LIMIT_S)
    chosen = sources(*LISTS)
    at = addresses(deepinfra="http://one.example", wavespeed="http://two.example")

    def fetch(source: Source) -> list[FeedFetch]:
        both.wait()  # passes only when the other lane is here too
        return fetch_of(source)

    fetched = Lanes(chosen, at, first=()).fetch(fetch)
    assert [each.feed for each in fetched] == [f.feed for s in chosen for f in s.feeds]


def test_sources_of_one_origin_are_fetched_one_after_the_other() -> None:
    one_at_a_time = threading.Lock()
    at = addresses(deepinfra="http://one.example/a", wavespeed="http://one.example/b")

    def fetch(source: Source) -> list[FeedFetch]:
        assert one_at_a_time.acquire(blocking=False)
        try:
            return fetch_of(source)
        finally:
            one_at_a_time.release()

    assert len(Lanes(sources(*LISTS), at, first=()).fetch(fetch)) == 2


def test_a_source_that_shares_an_origin_with_two_joins_their_lanes() -> None:
    one_at_a_time = threading.Lock()
    at = addresses(deepinfra="http://one.example", wavespeed="http://two.example")
    one, two = "http://one.example", "http://two.example"
    at |= {"hub": one, "router": two, "partners": one}
    of_all = sources("huggingface", *LISTS)

    def fetch(source: Source) -> list[FeedFetch]:
        with_no_other = one_at_a_time.acquire(blocking=False)
        assert with_no_other
        one_at_a_time.release()
        return fetch_of(source)

    feeds = [each.feed for each in Lanes(of_all, at, first=()).fetch(fetch)]
    assert feeds == [feed.feed for source in of_all for feed in source.feeds]


@pytest.mark.parametrize("shared", [True, False])
def test_a_source_can_wait_for_the_catalogue_wherever_it_stands(shared: bool) -> None:
    other = "http://one.example" if shared else "http://two.example"
    at = addresses(huggingface="http://one.example", wavespeed=other)
    backwards = sources("huggingface", "wavespeed")[::-1]
    lanes = Lanes(backwards, at, first={"huggingface"})
    seen: list[str] = []

    def fetch(source: Source) -> list[FeedFetch]:
        if source.source == "wavespeed":
            seen.extend(fetch.feed for fetch in lanes.fetched({"huggingface"}))
        return fetch_of(source)

    lanes.fetch(fetch)
    assert seen == [feed.feed for feed in sources("huggingface")[0].feeds]


def test_a_failure_of_the_catalogue_reaches_who_waits_for_it() -> None:
    at = addresses(huggingface="http://one.example", wavespeed="http://two.example")
    lanes = Lanes(sources("huggingface", "wavespeed"), at, first={"huggingface"})

    def fetch(source: Source) -> list[FeedFetch]:
        if source.source == "huggingface":
            raise HomeError("the disk is full")
        return lanes.fetched({"huggingface"})

    with pytest.raises(HomeError, match="the disk is full"):
        lanes.fetch(fetch)


@contextmanager
def mute_server(requested: threading.Event) -> Iterator[RawServer]:
    """Serve nothing: each request is read and never answered."""

    def never(connection: Connection) -> None:
        connection.read_request()
        requested.set()
        connection.server.over.wait(LIMIT_S)

    with RawServer(never).running() as server:
        yield server


def stopped(url: str, requested: threading.Event, client: HttpClient) -> list[str]:
    """Return the error codes of a request to `url` when another lane fails after it was sent."""
    codes: list[str] = []
    at = addresses(deepinfra="http://one.example", wavespeed=url)
    lanes = Lanes(sources(*LISTS), at, first=())

    def fetch(source: Source) -> list[FeedFetch]:
        if source.source == "deepinfra":
            assert requested.wait(LIMIT_S)
            raise HomeError("the disk is full")
        with lanes.opened(client):
            try:
                client.get(url, feed="w", traffic=Traffic(), deadline=client.deadline(1e6))
            except FeedStopped as error:
                codes.append(error.code)
        return fetch_of(source)

    with pytest.raises(HomeError, match="the disk is full"):
        lanes.fetch(fetch)
    return codes


def test_a_failure_breaks_off_a_request_that_another_lane_waits_for() -> None:
    requested = threading.Event()
    with mute_server(requested) as server:
        codes = stopped(server.url, requested, HttpClient(timeout_s=LIMIT_S))
        assert not server.over.is_set()  # the client gave up, not the server
    assert codes == ["stopped"]


def test_a_failure_ends_the_wait_before_a_retry() -> None:
    requested = threading.Event()

    def reply(_: object) -> RawReply:
        requested.set()
        return RawReply(503, headers={"Retry-After": "100000"})

    with serving(reply) as server:
        assert stopped(server.url, requested, HttpClient()) == ["stopped"]


@pytest.mark.slow
def test_a_run_reads_its_catalogue_while_a_list_does_not_answer(tmp_path: Path) -> None:
    """The list answers only after the router was asked, which comes after the Hub's last page."""
    requested = threading.Event()

    def reply(_: object) -> RawReply:
        assert requested.wait(LIMIT_S)
        return RawReply(body=b'[{"model_name": "novita-name"}]')

    with serve(small_catalog()) as hub, serving(reply) as lists:
        base_urls = {feed.feed: hub.url for _, feed in load_registry().feeds()}
        base_urls["deepinfra_list"] = lists.url
        options = RunOptions(
            origin="live",
            flow="ingest",
            trigger="test",
            feeds=frozenset({"hub", "router", "deepinfra_list"}),
        )
        progress = _UntilRouter(requested)
        dependencies = Dependencies(clock=Clock(), progress=progress)
        with open_run(Settings(home=tmp_path, base_urls=base_urls), options, dependencies) as run:
            report = run_pipeline(run)
    assert report.exit_status == 0
    fetched = [feed.feed for feed in report.feeds if feed.outcome == "complete"]
    assert fetched == ["hub", "router", "deepinfra_list", "hf_inference_estimate"]
    query = "SELECT feed FROM run_feeds WHERE outcome = 'complete' ORDER BY feed"
    assert rows(tmp_path, query) == [(feed,) for feed in sorted(fetched)]


class _UntilRouter:
    """Set an event when the router's answer is whole."""

    def __init__(self, event: threading.Event) -> None:
        self._event = event

    def landed(self, feed: str, traffic: Traffic) -> None:
        del feed, traffic

    def closed(self, feed: str, outcome: str) -> None:
        del outcome
        if feed == "router":
            self._event.set()


def test_two_feeds_read_the_stored_ids_at_once(tmp_path: Path) -> None:
    """Lists that the Hub's failure makes wait for the stored ids ask for them together."""
    with serve(small_catalog()) as hub:
        ingest(tmp_path, hub, clock=Clock())
    run = cast("Run", SimpleNamespace(home=Home.at(tmp_path)))
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: read_mapped_ids(run, ["huggingface"], "novita"), range(12)))
    assert found[0]
    assert all(ids == found[0] for ids in found)
