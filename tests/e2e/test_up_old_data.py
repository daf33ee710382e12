"""Who sends the message about old data: a real Prefect server, on a clock that is moved."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from flows.events import COMMITTED
from flows.server.stale_automation import STALE
from flows.server.stale_notification import BODY, SUBJECT
from samples.hub import Hub
from tests.support.moved_clock import COMPILER, MovedClock
from tests.support.receivers import Webhook, webhook
from tests.support.running_server import Gate, Up, up, wait_for
from tests.support.scheduled_hours import (
    FIRED,
    LATE_S,
    PROGRAMS,
    events,
    pid_of,
    wait_for_hour,
    wait_for_turns,
)
from tests.support.soak import START

pytestmark = [
    pytest.mark.server,
    pytest.mark.slow,
    pytest.mark.skipif(COMPILER is None, reason="no C compiler here; apt-get install gcc"),
]
FIRST = START.replace(minute=7)
WATCHER = "flows.server.watcher"


@pytest.fixture
def receiver() -> Iterator[Webhook]:
    with webhook() as found:
        yield found


@contextmanager
def with_a_first_hour(folder: Path, hub: Hub, receiver: Webhook) -> Iterator[tuple[Up, MovedClock]]:
    """Run `up`, and give it when its server knows that a first hour was committed."""
    clock = MovedClock(folder, at=START)
    settings = clock.environment | {"PRICEHOUSE_ALERT_URLS": receiver.address("alerts")}
    with up(folder / "home", hub.url, **settings) as running:
        assert "the hour is done" in running.wait_for_first_hour()
        wait_for(lambda: events(running, COMMITTED) or None, LATE_S, running)
        yield running, clock


def fired(running: Up) -> bool | None:
    """Return whether the automation about old data fired; None, to wait for it, if not."""
    return any(name == STALE for name, _, _ in events(running, FIRED)) or None


def test_prefect_notifies_once_where_nothing_of_up_runs(
    tmp_path: Path, hub: Hub, receiver: Webhook
) -> None:
    with with_a_first_hour(tmp_path, hub, receiver) as (running, clock):
        wait_for(lambda: pid_of(running, "flow") is None or None, LATE_S, running)
        os.kill(running.process.pid, signal.SIGSTOP)  # it starts nothing again
        try:
            for pid, line in running.descendants().items():
                if WATCHER in line or PROGRAMS["worker"] in line:
                    os.kill(pid, signal.SIGKILL)
            clock.move_to(clock.now() + timedelta(hours=2, minutes=16))
            wait_for(lambda: fired(running), LATE_S, running)
            assert receiver.received == [], "it waits for the turn of others"
            clock.move_to(clock.now() + timedelta(minutes=6))
            wait_for(lambda: receiver.received or None, LATE_S, running)
            assert [each["title"] for each in receiver.received] == [SUBJECT]
            assert receiver.lines()[0].startswith(BODY[:40])
        finally:
            os.kill(running.process.pid, signal.SIGCONT)


def test_prefect_does_not_notify_where_a_machine_wakes_up_and_its_late_run_fails(
    tmp_path: Path, hub: Hub, gate: Gate, receiver: Webhook
) -> None:
    """The run sends the message about old data, or the watcher does."""
    with with_a_first_hour(tmp_path, hub, receiver) as (running, clock):
        late = FIRST + timedelta(hours=5)
        with gate.refusing(404):
            clock.move_to(late - timedelta(seconds=2))
            wait_for_hour(running, late)
            wait_for(lambda: fired(running), LATE_S, running)
            wait_for_turns(running)
            clock.move_to(clock.now() + timedelta(minutes=11))
        known = len(events(running, COMMITTED))
        clock.move_to(late + timedelta(hours=1, seconds=-2))
        wait_for_hour(running, late + timedelta(hours=1))
        wait_for(lambda: len(events(running, COMMITTED)) > known or None, LATE_S, running)
        lines = receiver.lines()
        assert [line for line in lines if line.startswith(BODY[:40])] == []
        assert len([line for line in lines if line.startswith("Old data: the newest")]) == 1
