"""Late, missed, dead and twice: real kills under a real Prefect server, on a clock that is moved.

One home lives through all of it in the order of the tests; after each fault the next hour runs.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from samples.hub import Hub
from tests.support.command import pricehouse
from tests.support.hours import small_catalog
from tests.support.moved_clock import COMPILER, MovedClock
from tests.support.published import rows
from tests.support.running_server import Gate, up, wait_for
from tests.support.scheduled_hours import (
    LATE_S,
    UNSTARTED_AFTER,
    pid_of,
    runs_until,
    wait_for_hour,
)
from tests.support.soak import START
from warehouse.storage.landing import Landing

pytestmark = [
    pytest.mark.server,
    pytest.mark.slow,
    pytest.mark.skipif(COMPILER is None, reason="no C compiler here; apt-get install gcc"),
]
FIRST = START.replace(minute=7)
HOUR = timedelta(hours=1)
COMMITTED = "outcome IN ('published', 'unchanged')"


class FaultyDays:
    """The home, its clock, and the `up` that runs now."""

    def __init__(self, folder: Path, hub: Hub, gate: Gate) -> None:
        self.home = folder / "home"
        self.clock = MovedClock(folder, at=START)
        self.gate = gate
        self._hub = hub
        self._stack = ExitStack()
        self._hours = 0
        self.at = FIRST - HOUR
        self.start()

    def start(self) -> None:
        """Start `up`, and wait for the hour that it runs at once if one is missing."""
        self.running = self._stack.enter_context(
            up(self.home, self._hub.url, **self.clock.environment)
        )

    def stop(self) -> None:
        """Stop `up`."""
        self._stack.close()

    def begin_hour(self, *, after: timedelta = HOUR) -> datetime:
        """Move the clock to just before an hour of the schedule, with a price of its own."""
        self._hours += 1
        self.at += after
        self._hub.show(small_catalog(input_price=f"0.{200 + self._hours}"))
        self.clock.move_to(self.at - timedelta(seconds=2))
        return self.at

    def run_hour(self, *, after: timedelta = HOUR) -> list[str]:
        """Let an hour of the schedule run; return how its runs ended."""
        return wait_for_hour(self.running, self.begin_hour(after=after))

    def kill(self, name: str) -> None:
        """Kill one of the programs, once it is there."""
        pid = wait_for(lambda: pid_of(self.running, name), LATE_S, self.running)
        os.kill(pid, signal.SIGKILL)

    @contextmanager
    def in_the_middle_of_an_hour(self) -> Iterator[Callable[[str], None]]:
        """Hold the sources back while an hour runs; gives what kills one of its programs."""
        with self.gate.shut():
            at = self.begin_hour()
            wait_for(lambda: self.gate.waiting or None, LATE_S, self.running)
            assert [r["state_type"] for r in self.of_hour(at)] == ["RUNNING"]
            yield self.kill

    def of_hour(self, at: datetime) -> list[Any]:
        """Return the runs of one hour of the schedule."""
        name = f"{at:%Y-%m-%dT%H:%M}"
        return [r for r in runs_until(self.running, at) if r["expected_start_time"][:16] == name]


@pytest.fixture(scope="module")
def life(gate: Gate, hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultyDays]:
    life = FaultyDays(tmp_path_factory.mktemp("life"), hub, gate)
    try:
        yield life
    finally:
        life.stop()
        hub.show(small_catalog())


@pytest.fixture(autouse=True)
def _truth(life: FaultyDays) -> Iterator[None]:
    """After each fault: the next hour runs, no hour is committed twice, and every gap is true."""
    yield
    if not life.running.process.poll():
        assert "COMPLETED" in life.run_hour()
    scheduled = Counter(
        rows(life.home, f"SELECT scheduled_at FROM runs WHERE trigger = 'schedule' AND {COMMITTED}")
    )
    assert [at for at, count in scheduled.items() if count > 1] == []
    assert rows(life.home, "SELECT from_at, to_at FROM gaps WHERE feed = 'hub'") == gaps(life.home)


def gaps(home: Path) -> list[tuple[datetime, datetime]]:
    """Return the times without a committed answer of the Hub for over 1.5 hours, from landing."""
    landing, times = Landing(home / "landing"), []
    for (run_id,) in rows(home, f"SELECT run_id FROM runs WHERE {COMMITTED} ORDER BY started_at"):
        run = landing.run_of(run_id)
        fetch = run.fetch_of("hub") if run else None
        if fetch and fetch.is_whole:
            times.append(fetch.observed_at)
    return [(a, b) for a, b in pairwise(times) if b - a > 1.5 * HOUR]


def test_an_empty_home_runs_an_hour_at_once_and_names_the_next(life: FaultyDays) -> None:
    assert "the hour is done" in life.running.wait_for_first_hour()
    output = life.running.output
    assert "nothing is published yet; an hour runs now" in output
    assert f"the next hour begins at {FIRST:%Y-%m-%d %H:%M} UTC" in output
    assert rows(life.home, "SELECT trigger FROM runs") == [("manual",)]


def test_a_killed_flow_process_is_crashed_at_once(life: FaultyDays) -> None:
    with life.in_the_middle_of_an_hour() as kill:
        kill("flow")
        assert wait_for_hour(life.running, life.at) == ["CRASHED"]
    life.run_hour()
    assert len(gaps(life.home)) == 1


def test_a_killed_worker_crashes_its_run_and_is_started_again(life: FaultyDays) -> None:
    """Its output goes through the worker: Prefect ends the run at the next line of log."""
    with life.in_the_middle_of_an_hour() as kill:
        kill("worker")
        life.running.wait_for_line("the worker was started again", timeout_s=LATE_S)
    assert wait_for_hour(life.running, life.at) == ["CRASHED"]


def test_a_run_whose_process_never_started_is_crashed_after_ten_minutes(life: FaultyDays) -> None:
    """Its worker took it, started a process, and both are gone before that reports anything."""
    wait_for(lambda: pid_of(life.running, "flow") is None or None, LATE_S, life.running)
    at = life.begin_hour()
    flow = wait_for(lambda: pid_of(life.running, "flow"), LATE_S, life.running)
    life.kill("worker")
    os.kill(flow, signal.SIGKILL)
    assert [r["state_type"] for r in life.of_hour(at)] == ["PENDING"]
    life.clock.move_to(life.clock.now() + UNSTARTED_AFTER)
    assert wait_for_hour(life.running, at) == ["CRASHED"]
    assert "did not start" in life.of_hour(at)[0]["state"]["message"]


def test_a_run_outlives_the_server_and_the_server_is_started_again(life: FaultyDays) -> None:
    with life.in_the_middle_of_an_hour() as kill:
        kill("server")
        life.running.wait_for_line("Prefect's server was started again", timeout_s=LATE_S)
        assert life.running.request("GET", "/health").json() is True  # it answers again
    assert wait_for_hour(life.running, life.at) == ["COMPLETED"]


def test_hours_missed_while_the_machine_sleeps_are_made_up_once(life: FaultyDays) -> None:
    before = rows(life.home, f"SELECT count(*) FROM runs WHERE {COMMITTED}")[0][0]
    life.run_hour(after=5 * HOUR)
    late = [r for r in runs_until(life.running, life.at) if r["state_type"] == "COMPLETED"]
    assert late
    after = rows(life.home, f"SELECT count(*) FROM runs WHERE {COMMITTED}")[0][0]
    assert 1 <= after - before <= 5
    (last,) = gaps(life.home)[-1:]
    assert last[1] - last[0] > 4 * HOUR


def test_a_lost_database_of_prefect_costs_its_history_alone(life: FaultyDays) -> None:
    before = rows(life.home, "SELECT count(*) FROM changes")[0][0]
    life.stop()
    shutil.rmtree(life.home / "prefect")
    life.at += 3 * HOUR
    life.clock.move_to(life.at - timedelta(minutes=20))
    life.start()
    assert "the hour is done" in life.running.wait_for_first_hour()
    assert "an hour was missed" in life.running.output
    assert f"the next hour begins at {life.at:%Y-%m-%d %H:%M} UTC" in life.running.output
    assert rows(life.home, "SELECT count(*) FROM changes")[0][0] >= before
    life.at -= HOUR


def test_after_a_clock_that_was_ahead_a_repair_and_a_lost_database_lead_back(
    life: FaultyDays,
) -> None:
    """Prefect keeps the runs of the hours ahead, and makes none for these hours again."""
    then = life.at
    life.run_hour(after=6 * HOUR)  # one of the late runs is committed, whichever Prefect keeps
    ahead = f"started_at > TIMESTAMPTZ '{life.at - timedelta(minutes=5)}'"
    assert rows(life.home, f"SELECT count(*) FROM runs WHERE {ahead} AND {COMMITTED}") != [(0,)]
    life.at = then + 2 * HOUR
    life.clock.move_to(life.at - timedelta(minutes=20))
    run = life.running.wait_for_state(life.running.start_run(), "FAILED")
    assert "doctor --repair" in run["state"]["message"]
    life.stop()
    repaired = pricehouse("doctor", "--repair", home=life.home, **life.clock.environment)
    assert repaired.returncode == 0, repaired.stderr
    shutil.rmtree(life.home / "prefect")
    life.start()
    assert f"the next hour begins at {life.at:%Y-%m-%d %H:%M} UTC" in life.running.wait_for_line(
        "the next hour begins at"
    )
    life.running.wait_for_first_hour()  # the next one would be cancelled beside it
    life.at -= HOUR
