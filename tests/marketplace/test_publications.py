"""New publications under load: no request fails, no response mixes two, no file stays open."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import duckdb
import httpx
import pytest

from samples.hub import serve
from schemas.errors import PublicationGone, QueryTooSlow, UsageError
from tests.support.command import pricehouse
from tests.support.hours import Clock, ingest, small_catalog
from tests.support.serving import Site, serving
from warehouse.connect import Connection, open_reader
from warehouse.publication.publish import KEEP
from warehouse.publication.reader_pool import PublicationPool
from warehouse.storage.home import Home

NEW_PRICES = [f"0.{number}" for number in range(21, 24)]


def open_files(pid: int) -> set[str]:
    """Return the publications that a process has open."""
    found = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            name = os.readlink(link)
        except FileNotFoundError:
            continue
        if "marketplace-" in name:
            found.add(Path(name).name)
    return found


@pytest.mark.slow
def test_the_server_starts_before_the_first_publication(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with serving(home) as site, serve(small_catalog()) as hub:
        assert site.get("/healthz").status_code == 200
        for path in ("/readyz", "/v1/offers"):
            answer = site.get(path)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
            assert "nothing is published here yet" in answer.json()["detail"]
            assert str(tmp_path) not in answer.text, "no folder of the server in a response"
        page = site.get("/")
        assert page.status_code == 503
        assert "Nothing is published here yet" in page.text
        report = ingest(home, hub, clock=Clock())
        assert site.get_json("/readyz")["publication"] == report.publication_id
        assert site.get_json("/v1/offers")["total"] > 0


@pytest.mark.slow
def test_a_request_during_a_new_publication_reads_one_publication(
    tmp_path: Path,
) -> None:
    home, clock = tmp_path / "home", Clock()
    with serve(small_catalog()) as hub:
        price_of = {ingest(home, hub, clock=clock).publication_id: "0.2"}
        with serving(home) as site:
            answers = Answers()
            readers = [
                threading.Thread(target=keep_reading, args=(site, answers)) for _ in range(2)
            ]
            for reader in readers:
                reader.start()
            try:
                for price in NEW_PRICES:
                    answers.wait_for(list(price_of)[-1])
                    clock.advance(timedelta(hours=1))
                    hub.show(small_catalog(input_price=price))
                    price_of[ingest(home, hub, clock=clock).publication_id] = price
                last = site.get_json("/v1/offers")["publication"]
                answers.wait_for(last)
            finally:
                answers.stop()
                for reader in readers:
                    reader.join()
            assert answers.failed == []
            assert {publication for publication, _ in answers.got} == set(price_of)
            for publication, costs in answers.got:
                assert set(costs) == {f"0.000000{price_of[publication].removeprefix('0.')}"}
            assert last == list(price_of)[-1]
            site.get_json("/v1/offers")
            assert open_files(site.process.pid) == {f"marketplace-{last}.duckdb"}


class Answers:
    """What readers got, (publication, costs) each, until they are stopped or one fails."""

    def __init__(self) -> None:
        self.got: list[tuple[str, tuple[str, ...]]] = []
        self.failed = list[str]()
        self.stopped = False
        self._changed = threading.Condition()

    def add(self, publication: str, costs: tuple[str, ...]) -> None:
        with self._changed:
            self.got.append((publication, costs))
            self._changed.notify_all()

    def stop(self) -> None:
        with self._changed:
            self.stopped = True
            self._changed.notify_all()

    def wait_for(self, publication: str) -> None:
        """Return when a response was of that publication; AssertionError if none will be."""
        with self._changed:
            self._changed.wait_for(lambda: self.stopped or self._has(publication))
            assert self._has(publication), self.failed

    def _has(self, publication: str) -> bool:
        return any(found == publication for found, _ in self.got)


def keep_reading(site: Site, answers: Answers) -> None:
    path = "/v1/offers?model_id=acme/hub-chat"
    try:
        with httpx.Client(base_url=site.url, trust_env=False, timeout=300) as client:
            while not answers.stopped:
                body = client.get(path).raise_for_status().json()
                costs = tuple(i["cost_per_input_token"] for i in body["items"])
                answers.add(body["publication"], costs)
    except httpx.HTTPError as error:
        answers.failed.append(repr(error))
    finally:
        answers.stop()


@pytest.mark.slow
def test_a_cursor_keeps_its_publication_and_restarts_when_gone(
    tmp_path: Path,
) -> None:
    home, clock = tmp_path / "home", Clock()
    with serve(small_catalog()) as hub:
        first = ingest(home, hub, clock=clock).publication_id
        with serving(home) as site:
            page = site.get_json("/v1/offers", ("offer_type", "all"), ("limit", 1))
            clock.advance(timedelta(hours=1))
            hub.show(small_catalog(input_price="0.3"))
            second = ingest(home, hub, clock=clock).publication_id
            again = f"/v1/offers?offer_type=all&limit=1&cursor={page['next']}"
            assert site.get_json(again)["publication"] == first
            assert site.get_json("/v1/offers")["publication"] == second
            for price in NEW_PRICES[:KEEP]:
                clock.advance(timedelta(hours=1))
                hub.show(small_catalog(input_price=price))
                ingest(home, hub, clock=clock)
            answer = site.get(again)
            assert answer.status_code == 410
            body = answer.json()
            assert body["type"] == "/api#publication-gone"
            assert body["restart"] == "/v1/offers?offer_type=all&limit=1"
            assert site.get(body["restart"]).status_code == 200
            gone = site.get(again.replace("/v1/offers", "/"))
            assert gone.status_code == 410
            assert 'href="/?offer_type=all&amp;limit=1"' in gone.text


@pytest.mark.slow
def test_a_pool_opens_a_publication_once_and_closes_unused_ones(
    tmp_path: Path,
) -> None:
    home, clock = tmp_path / "home", Clock()
    with serve(small_catalog()) as hub:
        first = ingest(home, hub, clock=clock).publication_id
        pool = PublicationPool(Home(home))
        # without a limit of time: an hour runs meanwhile, as long as the machine takes
        with pool.reading(limited=False) as one, pool.reading(limited=False) as two:
            assert len(open_files(os.getpid())) == 1
            clock.advance(timedelta(hours=1))
            hub.show(small_catalog(input_price="0.3"))
            second = ingest(home, hub, clock=clock).publication_id
            with pool.reading() as three:
                assert three.publication["publication_id"] == second
                # An earlier reading stays in its publication.
                for reading in (one, two):
                    assert reading.rows("FROM publication")[0]["publication_id"] == first
                assert len(open_files(os.getpid())) == 2
        assert open_files(os.getpid()) == {f"marketplace-{second}.duckdb"}
        pool.close()
        assert open_files(os.getpid()) == set()


def test_a_reading_over_its_time_limit_is_interrupted(sample_home: Path) -> None:
    pool = PublicationPool(Home(sample_home), limit_s=0.2)
    with pool.reading() as reading, pytest.raises(QueryTooSlow, match="ask for less"):
        reading.rows("SELECT count(*) FROM range(1000000000000)")
    with pool.reading(limited=False) as reading:
        assert reading.rows("SELECT 1 AS one") == [{"one": 1}]
    pool.close()


def test_a_publication_is_opened_anew_after_a_fault_of_the_database(sample_home: Path) -> None:
    opened = []

    @contextmanager
    def counted(path: Path) -> Iterator[Connection]:
        opened.append(path)
        with open_reader(path) as con:
            yield con

    pool = PublicationPool(Home(sample_home), opened=counted)
    with pytest.raises(duckdb.InternalException), pool.reading():
        raise duckdb.InternalException("INTERNAL Error: index out of bounds")
    with pool.reading() as reading:
        assert reading.rows("SELECT 1 AS one") == [{"one": 1}]
    assert len(opened) == 2
    pool.close()


@pytest.mark.parametrize("name", ["../../warehouse", "..", "", "x'; DROP", "2*"])
def test_a_publication_id_of_a_client_never_becomes_a_path(sample_home: Path, name: str) -> None:
    pool = PublicationPool(Home(sample_home))
    with pytest.raises(PublicationGone), pool.reading(name):
        raise AssertionError("it was opened")
    pool.close()


def test_a_pool_of_an_empty_home_names_the_command_to_run(tmp_path: Path) -> None:
    with (
        pytest.raises(UsageError, match="pricehouse ingest"),
        PublicationPool(Home(tmp_path)).reading(),
    ):
        raise AssertionError("there is nothing to open")


@pytest.mark.slow
def test_a_stop_is_clean_and_a_used_port_or_bad_origin_exits_2(
    sample_home: Path, tmp_path: Path
) -> None:
    with serving(sample_home) as site:
        port = site.url.rpartition(":")[2]
        taken = pricehouse("serve", "--port", port, home=sample_home)
        assert taken.returncode == 2
        assert f"port {port}" in taken.stderr
        assert site.get("/").status_code == 200
        assert site.stop() == 0
    wrong = pricehouse("serve", home=tmp_path, PRICEHOUSE_CORS_ORIGINS="shop.example")
    assert wrong.returncode == 2
    assert "PRICEHOUSE_CORS_ORIGINS has 'shop.example'" in wrong.stderr
