"""Who watches between runs sends what is due once, and ends when it is asked to."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event, Thread

import pytest

from flows.server.watcher import is_needed, watch
from pipeline.live_notifier import live_notifier
from pipeline.notify import notify
from pipeline.recovery import complete_killed_run
from pipeline.shared_warehouse import pull_copy
from samples.hub import serve
from schemas.clock import utc_now
from tests.support.command import environment
from tests.support.hours import Clock, chat_catalog, ingest
from tests.support.killing import HOUR_OF_ITS_OWN, catalog, run_hour
from tests.support.lakes import lake_in_folder
from tests.support.postgres import Postgres
from tests.support.receivers import Webhook, webhook
from tests.support.shared_killing import shared_hour
from warehouse.publication.newest import open_newest
from warehouse.publication.publish import published_id
from warehouse.storage.home import Home
from warehouse.storage.landing import Landing
from warehouse.storage.lock import hold


def kill_hour(home: Path, url: str, at: datetime, stage: str) -> None:
    """Run an hour in a process of its own, and kill it before a step."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOUR_OF_ITS_OWN, str(home), url, at.isoformat()],
        env=environment(home),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    with process:
        for line in process.stdout:
            if line.strip() == stage:
                process.kill()
                break
            process.stdin.write("\n")
            process.stdin.flush()
    assert process.returncode == -signal.SIGKILL


@dataclass
class Watched:
    """What came of watching."""

    receiver: Webhook
    problems: list[str] = field(default_factory=list)
    committed: list[Home] = field(default_factory=list)
    notified: list[Home] = field(default_factory=list)


def watched(
    home: Path, receiver: Webhook, *, until: Callable[[Watched], bool], **more: str
) -> Watched:
    """Watch until a condition holds, and some looks more; return what came of it."""
    found, stop, looks = Watched(receiver), Event(), 0

    class Looking(Event):
        def wait(self, timeout: float | None = None) -> bool:
            nonlocal looks
            looks += until(found)
            return looks > 5 or stop.wait(timeout)

    settings = {
        "PRICEHOUSE_HOME": str(home),
        "PRICEHOUSE_ALERT_URLS": receiver.address("canary"),
        **more,
    }
    thread = Thread(
        target=watch,
        args=(settings, Looking()),
        kwargs={
            "report": found.problems.append,
            "committed": found.committed.append,
            "notified": found.notified.append,
            "every_s": 0.01,
        },
    )
    thread.start()
    thread.join(120)
    is_late = thread.is_alive()
    stop.set()
    thread.join(60)
    assert not is_late
    return found


def test_the_watcher_reports_old_data_once_and_that_it_is_known_at_each_look(
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    with serve(chat_catalog(("0.2", "0.6"))) as hub:
        ingest(home, hub, clock=Clock(utc_now() - timedelta(hours=3)))
    with webhook() as receiver:
        found = watched(home, receiver, until=lambda f: bool(f.notified))
        assert (len(receiver.received), found.problems) == (1, [])
        assert len(found.notified) > 1
        assert found.committed == []
        assert receiver.lines()[0].startswith("Old data: ")


def test_old_data_is_reported_while_no_other_machine_can_be_followed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with serve(chat_catalog(("0.2", "0.6"))) as hub:
        ingest(home, hub, clock=Clock(utc_now() - timedelta(hours=3)))
    settings = {
        "PRICEHOUSE_WAREHOUSE": "ducklake:postgres:dbname=prices host=127.0.0.1 port=1",
        "PRICEHOUSE_STORE": str(tmp_path / "no such folder"),
    }
    with webhook() as receiver:
        found = watched(home, receiver, until=lambda f: bool(f.notified), **settings)
        assert receiver.lines()[0].startswith("Old data: ")
    assert {text.split(":")[0] for text in found.problems} == {
        "what other machines published is not known"
    }


@pytest.mark.slow
def test_an_idle_machine_shows_what_another_one_published_and_reports_no_old_data(
    tmp_path: Path, shared_postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two, now = tmp_path / "one", tmp_path / "two", utc_now()
    place = lake_in_folder(shared_postgres, tmp_path / "shared")
    monkeypatch.setenv("PGPASSFILE", place.environment["PGPASSFILE"])

    def is_equal(_: Watched) -> bool:
        return published_id(Home(two)) == published_id(Home(one))

    with serve(catalog(1)) as hub, webhook() as receiver:
        shared_hour(one, hub.url, now - timedelta(hours=3), place)
        pull_copy(two, place.settings, place.store)
        shared_hour(one, hub.url, now - timedelta(minutes=5), place)
        assert not is_equal(Watched(receiver))
        found = watched(two, receiver, until=is_equal, **place.environment)
        assert is_equal(found)
        assert (receiver.received, found.problems, found.notified) == ([], [], [])


def test_the_watcher_reports_as_known_what_a_run_has_sent(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with serve(chat_catalog(("0.2", "0.6"))) as hub:
        ingest(home, hub, clock=Clock(utc_now() - timedelta(hours=3)))
    with webhook() as receiver:
        settings = {"PRICEHOUSE_ALERT_URLS": receiver.address("canary")}
        assert notify(Home(home), live_notifier(settings, print)) == 1
        found = watched(home, receiver, until=lambda f: bool(f.notified))
        assert (len(receiver.received), found.problems) == (1, [])


def test_old_data_whose_message_no_address_takes_is_not_known(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with serve(chat_catalog(("0.2", "0.6"))) as hub:
        ingest(home, hub, clock=Clock(utc_now() - timedelta(hours=3)))
    with webhook() as receiver:
        receiver.status = 500
        found = watched(home, receiver, until=lambda f: bool(f.problems))
        assert found.notified == []


@pytest.mark.parametrize("is_marked", [True, False])
def test_what_a_kill_kept_from_readers_is_published_and_is_no_old_data(
    tmp_path: Path, *, is_marked: bool
) -> None:
    home, now = tmp_path / "home", utc_now()
    with serve(catalog(1)) as hub, webhook() as receiver:
        run_hour(home, hub.url, now - timedelta(hours=3))
        kill_hour(home, hub.url, now - timedelta(hours=1), "publish_run")
        killed = next(Landing(home / "landing").newest_first())
        if not is_marked:  # as if the kill came between the commit and its end mark
            (killed.path / "end.json").unlink()
        assert published_id(Home(home)) != killed.run_id
        metrics = Home(home).metrics
        metrics.parent.mkdir()
        metrics.touch()  # a home without the file keeps none
        found = watched(home, receiver, until=lambda f: bool(f.committed))
        assert found.committed == [Home(home)]
        assert (found.problems, found.notified) == ([], [])
        assert published_id(Home(home)) == killed.run_id
        assert next(Landing(home / "landing").newest_first()).is_committed
        assert "pricehouse_data_observed_timestamp_seconds" in metrics.read_text("utf-8")
        run_hour(home, hub.url, utc_now())
        settings = {"PRICEHOUSE_ALERT_URLS": receiver.address("canary")}
        notify(Home(home), live_notifier(settings, print))
        assert receiver.received == []
    with open_newest(Home(home)) as con:
        assert con.sql("SELECT kind FROM alerts WHERE kind = 'stale'").fetchall() == []


def test_a_run_that_is_alive_is_not_completed_by_the_watcher(tmp_path: Path) -> None:
    home, now = tmp_path / "home", utc_now()
    with serve(catalog(1)) as hub:
        run_hour(home, hub.url, now - timedelta(hours=3))
        kill_hour(home, hub.url, now - timedelta(minutes=70), "publish_run")
        with hold(Home(home).lock, wait_s=0):
            assert complete_killed_run(Home(home), utc_now) is False
        assert complete_killed_run(Home(home), utc_now) is True
        assert complete_killed_run(Home(home), utc_now) is False


def test_a_damaged_warehouse_is_left_to_the_next_run(tmp_path: Path) -> None:
    home, now = tmp_path / "home", utc_now()
    with serve(catalog(1)) as hub:
        run_hour(home, hub.url, now - timedelta(hours=3))
        kill_hour(home, hub.url, now - timedelta(minutes=170), "load_run")
    warehouse = Home(home).warehouse
    warehouse.write_bytes(b"no database" * 1000)
    with webhook() as receiver:
        found = watched(home, receiver, until=lambda f: bool(f.notified))
        assert found.committed == []
        assert receiver.lines()[0].startswith("Old data: ")


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, False),
        ({"PRICEHOUSE_ALERT_URLS": ""}, False),
        ({"PRICEHOUSE_ALERT_URLS": "json://a"}, True),
        ({"VAULT_ADDR": "http://vault:8200"}, True),
        (
            {
                "PRICEHOUSE_WAREHOUSE": "ducklake:postgres:dbname=prices",
                "PRICEHOUSE_STORE": "s3://prices/home",
            },
            True,
        ),
    ],
)
def test_a_watcher_is_needed_where_there_may_be_an_address_or_another_machine(
    settings: dict[str, str], expected: bool
) -> None:
    assert is_needed(settings) is expected
