"""Keep a process running: start it again when it ends, stop it and all that it started."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import PricehouseError

FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0
STEADY_S = 120.0
"""A process that lived this long is started again at once."""
POLL_S = 0.2


@dataclass(frozen=True)
class Command:
    """A program to start."""

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    folder: Path


class Supervised:
    """One process in a session of its own, so that a Ctrl-C in the terminal is ours to handle.

    `report` gets one line of text for every start and end after the first start.
    """

    def __init__(
        self,
        command: Command,
        *,
        report: Callable[[str], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._command = command
        self._report = report
        self._monotonic = monotonic
        self._wait_s = 0.0
        self._due: float | None = None
        self._left: set[int] = set()  # sessions whose first process died and others live on
        self._process = self._start()

    @property
    def pid(self) -> int:
        """Process id of the newest process."""
        return self._process.pid

    def keep(self) -> None:
        """Look once: start it again if it ended, after a wait that doubles up to a minute."""
        now = self._monotonic()
        self._left = {group for group in self._left if _alive(group)}
        if self._due is not None:
            if now >= self._due:
                self._due = None
                self._process = self._start()
                self._report(f"{self._command.name} was started again, process {self.pid}")
            return
        status = self._process.poll()
        if status is None:
            return
        steady = now - self._started >= STEADY_S
        self._wait_s = 0.0 if steady else min(max(2 * self._wait_s, FIRST_WAIT_S), LONGEST_WAIT_S)
        self._due = now + self._wait_s
        self._left.add(self.pid)
        self._report(
            f"{self._command.name} ended with status {status}; "
            f"it is started again in {self._wait_s:.0f} s"
        )

    def require_alive(self) -> None:
        """Raise PricehouseError when it ended."""
        if (status := self._process.poll()) is not None:
            raise PricehouseError(
                f"{self._command.name} ended with status {status} while starting; its "
                "output is above"
            )

    def stop(self, *, grace_s: float) -> None:
        """End it and every process of its sessions: SIGTERM first, SIGKILL after `grace_s`."""
        groups = {group for group in {*self._left, self.pid} if _alive(group)}
        for group in groups:
            _signal_group(group, signal.SIGTERM)
        deadline = self._monotonic() + grace_s
        while self._process.poll() is None or any(map(_alive, groups)):
            if self._monotonic() >= deadline:
                for group in groups:
                    _signal_group(group, signal.SIGKILL)
                break
            time.sleep(POLL_S)
        self._process.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        self._started = self._monotonic()
        return subprocess.Popen(  # noqa: S603 - our own programs, no shell
            self._command.arguments,
            env=dict(self._command.environment),
            cwd=self._command.folder,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )


def _signal_group(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, number)


def _alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
