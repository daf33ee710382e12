"""Processes that are kept running: real ones, with a clock in the test's hand."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.server.supervisor import LONGEST_WAIT_S, STEADY_S, Command, Supervised
from schemas.errors import PricehouseError

SLEEPS = "import time; time.sleep(600)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); "
PARENT = (
    "import subprocess, sys, time; "
    "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']).pid, "
    "file=open('child', 'w'), flush=True); time.sleep(600)"
)


class Time:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def command(code: str, folder: Path) -> Command:
    return Command("it", [sys.executable, "-c", code], dict(os.environ), folder)


def wait_until(look: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 240
    while not look():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    # A container's first process may leave the dead where they are.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def died(process: Supervised) -> bool:
    try:
        process.require_alive()
    except PricehouseError:
        return True
    return False


def test_a_dead_process_is_restarted_after_waits_that_grow(tmp_path: Path) -> None:
    clock, reports = Time(), list[str]()
    process = Supervised(
        command("raise SystemExit(3)", tmp_path), report=reports.append, monotonic=clock
    )
    waits = []
    for _ in range(9):
        wait_until(lambda: died(process))
        process.keep()
        before = clock.now
        while "again, process" not in reports[-1]:
            clock.now += 1
            process.keep()
        waits.append(clock.now - before)
    assert waits == [1, 2, 4, 8, 16, 32, LONGEST_WAIT_S, LONGEST_WAIT_S, LONGEST_WAIT_S]
    assert "ended with status 3" in reports[0]
    process.stop(grace_s=10)


def test_a_process_that_ran_steadily_is_restarted_at_once(tmp_path: Path) -> None:
    clock, reports = Time(), list[str]()
    process = Supervised(command(SLEEPS, tmp_path), report=reports.append, monotonic=clock)
    first = process.pid
    clock.now += STEADY_S
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: died(process))
    process.keep()
    process.keep()
    assert process.pid != first
    process.stop(grace_s=10)
    assert gone(process.pid)


def test_stop_ends_the_children_that_a_killed_process_left(tmp_path: Path) -> None:
    process = Supervised(command(PARENT, tmp_path), report=lambda _: None)
    child = tmp_path / "child"
    wait_until(lambda: child.exists() and child.read_text().endswith("\n"))
    left = int(child.read_text())
    os.kill(process.pid, signal.SIGKILL)
    wait_until(lambda: died(process))
    process.keep()
    assert not gone(left)
    process.stop(grace_s=10)
    wait_until(lambda: gone(left))


@pytest.mark.parametrize("grace_s", [0.5])
def test_a_process_that_ignores_sigterm_is_killed_after_the_grace_time(
    tmp_path: Path, grace_s: float
) -> None:
    ready = tmp_path / "ready"
    code = f"{DEAF} open('ready', 'w').close(); time.sleep(600)"
    process = Supervised(command(code, tmp_path), report=lambda _: None)
    wait_until(ready.exists)
    started = time.monotonic()
    process.stop(grace_s=grace_s)
    assert time.monotonic() - started >= grace_s
    assert gone(process.pid)
