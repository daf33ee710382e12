"""Sixteen readers while twenty hours are published, one that never closes, and two writers."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from samples.hub import serve
from samples.routes import ServerReply, ServerRequest
from tests.support.command import environment
from tests.support.home_files import publication_is_consistent
from tests.support.hours import Clock, ingest, small_catalog
from warehouse.publication.newest import newest
from warehouse.storage.home import Home
from warehouse.storage.landing import Landing
from warehouse.storage.retention import sequence_of

CHECKOUT = Path(__file__).parents[2]
READERS, PUBLISHES = 16, 20
HOUR = timedelta(hours=1)
LOOP = "tests.support.reader_loop"


def price_of(publish: int) -> str:
    return f"0.{200 + publish}"


@pytest.mark.slow
def test_sixteen_readers_see_twenty_publishes_without_an_error_or_a_mix(tmp_path: Path) -> None:
    """Each hour has one price for every offer, which distinguishes its rows from all others."""
    clock, published = Clock(), {}
    with serve(small_catalog(input_price=price_of(0))) as hub, ExitStack() as stack:
        published[ingest(tmp_path, hub, clock=clock).run_id] = price_of(0)
        home = Home.at(tmp_path)
        logs = [(tmp_path / f"seen-{number}").open("w+") for number in range(READERS)]
        readers = [
            stack.enter_context(
                subprocess.Popen(
                    # sixteen that never pause would leave the writer no processor
                    ["nice", "-n", "19", sys.executable, "-m", LOOP, str(home.link)],
                    cwd=CHECKOUT,
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
            for log in logs
        ]
        _all_reading(tmp_path)
        for publish in range(1, PUBLISHES + 1):
            clock.advance(HOUR)
            hub.show(small_catalog(input_price=price_of(publish)))
            published[ingest(tmp_path, hub, clock=clock).run_id] = price_of(publish)
        errors = [process.communicate(timeout=600)[1] for process in readers]
    assert errors == [""] * READERS
    assert [process.returncode for process in readers] == [0] * READERS
    assert len(published) == PUBLISHES + 1
    looks = 0
    for log in logs:
        log.seek(0)
        seen = [json.loads(line) for line in log]
        log.close()
        looks += len(seen)
        for look in seen:
            publication_id, run_id = look["publication"]
            assert look["file"] == f"marketplace-{publication_id}.duckdb"
            assert look["newest_run"] == run_id == publication_id
            assert [look["cards"], look["changes"]] == look["recorded"]
            assert [Decimal(price) * 1_000_000 for price in look["prices"]] == [
                Decimal(published[publication_id])
            ]
        assert seen[-1]["publication"][0] == list(published)[-1]
    assert looks >= READERS * 2


def _all_reading(folder: Path) -> None:
    """Return when each reader has looked once."""
    for _ in range(6000):
        if all((folder / f"seen-{n}").stat().st_size for n in range(READERS)):
            return
        time.sleep(0.1)
    raise AssertionError("not every reader began to read")


@pytest.mark.slow
def test_an_open_publication_stays_readable_after_many_later_ones(
    tmp_path: Path,
) -> None:
    clock = Clock()
    query = "SELECT p.publication_id, c.* FROM publication p, cards c ORDER BY ALL"
    with serve(small_catalog()) as hub:
        ingest(tmp_path, hub, clock=clock)
        held = newest(Home.at(tmp_path))
        with duckdb.connect(held, read_only=True) as con:
            before = con.sql(query).fetchall()
            for publish in range(4):
                clock.advance(HOUR)
                hub.show(small_catalog(input_price=price_of(publish)))
                ingest(tmp_path, hub, clock=clock)
                assert con.sql(query).fetchall() == before
        assert not held.exists()  # superseded long ago
        assert publication_is_consistent(tmp_path)


def test_of_two_ingests_at_once_the_second_waits_and_both_commit(tmp_path: Path) -> None:
    requests: list[ServerRequest] = []

    def listen(request: ServerRequest) -> ServerReply | None:
        requests.append(request)
        return None

    with serve(small_catalog(), on_request=listen) as hub:
        both = [_start(tmp_path, hub.url) for _ in range(2)]
        outputs = [process.communicate(timeout=600) for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    assert {json.loads(out)["outcome"] for out, _ in outputs} == {"published", "unchanged"}
    counts = Counter(request.path for request in requests)
    # the daily feed is requested by one of them
    assert {count for path, count in counts.items() if "/partners/" not in path} == {2}
    assert {count for path, count in counts.items() if "/partners/" in path} == {1}
    assert list(map(sequence_of, Landing(tmp_path / "landing").committed())) == [1, 2]
    assert publication_is_consistent(tmp_path)


def _start(home: Path, url: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "cli.main", "ingest", "--json"],
        env=environment(home, url),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
