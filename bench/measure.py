"""Start whole processes and take their wall time and peak memory; serve the scaled sample."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MANY_REQUESTS = 1_000_000  # no quota: pacing is not what is measured
_MESSAGE = 2_000  # characters of a failed process's output


class BenchFailed(Exception):
    """Raised when a measured process fails or reads something else than the others."""


@dataclass(frozen=True)
class Cost:
    """What one process took: wall time from start to end, and its peak resident memory."""

    seconds: float
    peak_mb: float
    """Megabytes of 1,000,000 bytes."""


@dataclass(frozen=True)
class SampleServer:
    """The scaled sample in a process of its own, which no measured figure contains."""

    url: str
    pid: int


def measure(
    command: Sequence[str | Path], *, log: Path, environment: Mapping[str, str]
) -> tuple[Cost, str]:
    """Run a command to its end; return its cost and its output. BenchFailed if it fails.

    The kernel hands a child the peak of the process that started it, so this process must stay
    smaller than anything it measures: it imports nothing but the standard library.
    """
    with (
        log.with_suffix(".out").open("w+", encoding="utf-8") as out,
        log.with_suffix(".err").open("w+", encoding="utf-8") as err,
    ):
        started = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603 - the bench's own commands
            command, stdout=out, stderr=err, cwd=ROOT, env={**os.environ, **environment}
        )
        try:
            _, status, usage = os.wait4(process.pid, 0)  # of this child alone, unlike getrusage
        except BaseException:
            process.kill()
            process.wait()
            raise
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        output, errors = out.read(), err.read()
    if process.returncode:
        message = f"{output}{errors}".strip()[-_MESSAGE:]
        raise BenchFailed(f"{command[0]} ended with {process.returncode}:\n{message}")
    return Cost(seconds, _bytes(usage.ru_maxrss) / 1e6), output


@contextmanager
def serving(models: int) -> Iterator[SampleServer]:
    """Serve so many models until the block ends; the process is stopped by its id."""
    command = [
        sys.executable,
        "-m",
        "samples.scale",
        "--models",
        str(models),
        "--requests",
        str(MANY_REQUESTS),
    ]
    with subprocess.Popen(  # noqa: S603 - our own server
        command, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        try:
            assert process.stdout is not None  # noqa: S101 - it is piped
            line = process.stdout.readline().split()
            if not line:
                raise BenchFailed("the sample server ended before it served")
            yield SampleServer(line[-1], process.pid)
        finally:
            process.terminate()


def _bytes(maxrss: int) -> int:
    """Return bytes: Linux counts in kibibytes, macOS in bytes."""
    return maxrss if sys.platform == "darwin" else maxrss * 1024
