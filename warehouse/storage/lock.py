"""One writer at a time: a file lock that the system releases when its holder dies."""

from __future__ import annotations

import fcntl
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from schemas.errors import HomeBusy
from warehouse.storage.files import IN_PLACE, os_errors_as_home_error

POLL_S = 0.1


@contextmanager
def hold(
    path: Path,
    *,
    wait_s: float,
    sleep: Callable[[float], None] = time.sleep,
    monotonic: Callable[[], float] = time.monotonic,
) -> Iterator[None]:
    """Hold the lock file while the block runs; HomeBusy after `wait_s` seconds.

    The file stays when the lock is released: unlinking it would let two writers each hold a lock
    on a file of that name. Its content only informs; the lock is the system's (flock).
    """
    with os_errors_as_home_error(path):
        handle = os.open(path, os.O_RDWR | IN_PLACE, 0o666)
    try:
        started = monotonic()
        while not _acquired(handle, path):
            waited = monotonic() - started
            if waited >= wait_s:
                raise HomeBusy(
                    f"{path.parent} is being written by {_holder(handle)}; waited {waited:.1f} s "
                    "for it, nothing was changed; run again when it is done"
                )
            sleep(min(POLL_S, wait_s - waited))
        _write_holder(handle, _this_process())
        try:
            yield
        finally:
            _write_holder(handle, "")
    finally:
        os.close(handle)


def _acquired(handle: int, path: Path) -> bool:
    with os_errors_as_home_error(path):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def _this_process() -> str:
    # Program and subcommand only: further arguments may be private.
    program, *arguments = sys.argv
    return f"process {os.getpid()} ({' '.join([Path(program).name, *arguments[:1]])})"


def _write_holder(handle: int, text: str) -> None:
    with suppress(OSError):  # a full disk must not keep the holder from running or hide its error
        os.ftruncate(handle, 0)
        os.pwrite(handle, text.encode(), 0)


def _holder(handle: int) -> str:
    return os.pread(handle, 1024, 0).decode(errors="replace") or "another process"
