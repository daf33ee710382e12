"""The store in mid-run: a writer that is killed before a write, a store that goes away, readers."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.moving import pull_home
from pipeline.replay import replay
from samples.hub import serve
from samples.routes import ServerReply, ServerRequest
from tests.support.command import environment, pricehouse
from tests.support.hours import START, Clock, ingest, small_catalog
from tests.support.object_store import ADMIN_SECRET, RunningObjectStore
from tests.support.published import exported
from tests.support.serving import Site, serving
from tests.support.stores import StorePlace, folder_place, s3_place
from warehouse.publication.publish import published_id
from warehouse.storage.home import Home
from warehouse.store.store_checks import check_store

pytestmark = pytest.mark.slow

HOUR = timedelta(hours=1)
BEFORE_WRITES = """
import os, sys, threading
from datetime import datetime
from pathlib import Path
from pipeline.store import find_store
from tests.support.hours import Clock, ingest
from warehouse.store.objects import Store

class AnnouncedStore(Store):
    def put(self, name, content):
        announce(name)
        super().put(name, content)
    def put_new(self, name, content):
        announce(name)
        return super().put_new(name, content)

writing = threading.Lock()

def announce(name):
    with writing:  # answers are pushed by several threads
        print(name, flush=True)
        sys.stdin.readline()

home, url, at = sys.argv[1:]
class Server:
    pass
hub = Server()
hub.url = url
store = find_store(os.environ)
store.__class__ = AnnouncedStore
ingest(Path(home), hub, clock=Clock(datetime.fromisoformat(at)), store=store)
"""
KILLED_BEFORE = ("landing/commits/", "landing/objects/", "/run.json", "/end.json", ".duckdb", "Z-")
"""The reservation, the first answer, the records, the end mark, a publication, any first write."""


def kill_before(part: str, home: Path, url: str, place: StorePlace, clock: Clock) -> None:
    """Run an hour in a process of its own, and kill it before the first write of such a name."""
    process = subprocess.Popen(
        [sys.executable, "-c", BEFORE_WRITES, str(home), url, clock().isoformat()],
        env=environment(home, **place.environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        for line in process.stdout:
            if part in line:
                break
            process.stdin.write("\n")
            process.stdin.flush()
        else:
            raise AssertionError(f"it ended before {part}: {process.wait()}")
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL


@pytest.mark.sampled
@pytest.mark.parametrize("part", KILLED_BEFORE)
def test_killed_before_any_write_the_next_run_completes_the_store(
    part: str, tmp_path: Path
) -> None:
    kill_and_go_on(part, tmp_path, folder_place(tmp_path), elsewhere=False)


@pytest.mark.sampled
@pytest.mark.parametrize("part", KILLED_BEFORE)
def test_killed_before_any_write_another_home_goes_on(
    part: str, object_store: RunningObjectStore, tmp_path: Path
) -> None:
    kill_and_go_on(part, tmp_path, s3_place(object_store), elsewhere=True)


def kill_and_go_on(part: str, tmp_path: Path, store_place: StorePlace, *, elsewhere: bool) -> None:
    """Kill the second hour, run a third one, and hold what the store then has against its home."""
    home, clock, store = tmp_path / "home", Clock(), store_place.open()
    with serve(small_catalog()) as hub:
        ingest(home, hub, clock=clock, store=store)
        clock.advance(HOUR)
        hub.show(small_catalog(input_price="0.3"))
        kill_before(part, home, hub.url, store_place, clock)
        clock.advance(HOUR)
        if elsewhere:
            home = tmp_path / "another"
            pull_home(home, store, clock=clock)
        hub.show(small_catalog(input_price="0.4"))
        ingest(home, hub, clock=clock, store=store)
    failed = {each.check for each in check_store(Home(home), store) if not each.ok}
    assert failed <= {"store_orphans"}  # a file without its label, which maintenance removes
    there = tmp_path / "there"
    assert pull_home(there, store, clock=clock).publication_id == published_id(Home(home))
    assert exported(there) == exported(home)
    (there / "warehouse.duckdb").unlink()
    replay(there, clock=clock)
    assert exported(there) == exported(home)


def test_a_store_that_goes_away_in_mid_run_costs_that_run(
    object_store: RunningObjectStore, tmp_path: Path
) -> None:
    home, place = tmp_path / "home", s3_place(object_store)
    goes: list[bool] = []

    def stop_store(request: ServerRequest) -> ServerReply | None:
        if goes and request.path == "/v1/models":
            object_store.stop()
        return None

    with serve(small_catalog(), on_request=stop_store) as hub:
        first = pricehouse("ingest", home=home, url=hub.url, **place.environment)
        assert first.returncode == 0, first.stderr
        before = exported(home)
        goes.append(True)
        hub.show(small_catalog(input_price="0.3"))
        try:
            done = pricehouse("ingest", home=home, url=hub.url, **place.environment)
            assert done.returncode == 1
            assert "cannot be reached (no connection)" in done.stderr
            assert "Traceback" not in done.stderr
            assert ADMIN_SECRET not in done.stderr + done.stdout
            assert exported(home) == before
            status = pricehouse("status", home=home, **place.environment)
            assert "cannot be reached" in status.stdout
        finally:
            goes.clear()
            object_store.start()
        again = pricehouse("ingest", home=home, url=hub.url, **place.environment)
        assert again.returncode == 0, again.stderr
    assert [each for each in check_store(Home(home), place.open()) if not each.ok] == []


def wait_for(site: Site, look: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 240
    while not look():
        assert time.monotonic() < give_up, "not within 240 s"
        assert site.process.poll() is None
        time.sleep(0.2)


def test_serve_follows_the_store_with_a_key_that_reads(
    object_store: RunningObjectStore, tmp_path: Path
) -> None:
    home, reader, clock = tmp_path / "home", tmp_path / "reader", Clock(START)
    place = s3_place(object_store)
    store = place.open()

    def sees(site: Site) -> bool:
        response = site.get("/v1/status")
        found = response.json().get("publication") if response.status_code == 200 else None
        return found == published_id(Home(home))

    with (
        serve(small_catalog()) as hub,
        serving(reader, **place.reader_environment) as site,
    ):
        assert site.get("/readyz").status_code == 503
        for price in ("0.2", "0.3"):
            hub.show(small_catalog(input_price=price))
            ingest(home, hub, clock=clock, store=store)
            clock.advance(HOUR)
            wait_for(site, lambda: sees(site))
        assert exported(reader) == exported(home)
        names = [each.name for each in store.list("")]
        with object_store.hanging():
            assert sees(site)
            status = pricehouse("status", "--json", home=reader, **place.reader_environment)
            assert f'"{published_id(Home(home))}"' in status.stdout
        hub.show(small_catalog(input_price="0.4"))
        ingest(home, hub, clock=clock, store=store)
        wait_for(site, lambda: sees(site))
        assert set(names) < {each.name for each in store.list("")}
        assert not (reader / "landing").exists()
        assert site.stop() == 0
