"""The processes that `pricehouse up` keeps running, until it is asked to stop."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from types import FrameType

from flows.server.supervisor import POLL_S, Command, Supervised

Report = Callable[[str], None]
"""Show one line of progress to the operator."""


class Stopped(Exception):
    """Raised during work once a stop was requested."""


class Stop:
    """Whether SIGINT or SIGTERM came; checked where it is safe to leave."""

    def __init__(self) -> None:
        self._requested = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._request)

    def check(self) -> None:
        """Raise Stopped when a stop was requested."""
        if self._requested:
            raise Stopped

    def _request(self, _number: int, _frame: FrameType | None) -> None:
        self._requested = True


class Processes:
    """What `up` started, and what it does again and again while they run."""

    def __init__(
        self, environment: dict[str, str], running: ExitStack, stop: Stop, report: Report
    ) -> None:
        self.environment = environment
        self.stop = stop
        self.report = report
        self._running = running
        self._kept: list[Supervised] = []

    def start(self, command: Command, *, grace_s: float) -> Supervised:
        """Start a program; it is ended, after those that were started later, when `up` ends."""
        process = Supervised(command, report=self.report)
        self._running.callback(process.stop, grace_s=grace_s)
        self._kept.append(process)
        return process

    def keep(self, *looks: Callable[[], None]) -> None:
        """Start again what ends, and call each of `looks`, until a stop is requested."""
        while True:
            self.stop.check()
            for process in self._kept:
                process.keep()
            for look in looks:
                look()
            time.sleep(POLL_S)
