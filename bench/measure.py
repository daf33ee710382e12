"""Start whole processes and take their wall time and peak memory; serve the scaled sample."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parent.parent
MANY_REQUESTS = 1_000_000  # no quota: pacing is not what is measured
_LOOK_S = 0.1
_UNCOMPILED = "PYTHONDONTWRITEBYTECODE"
_MESSAGE = 2_000  # characters of a failed process's output


class BenchFailed(Exception):
    """Raised when a measured process fails or reads something else than the others."""


@dataclass(frozen=True)
class Cost:
    """What one process took: wall time from start to end, and its peak resident memory."""

    seconds: float
    peak_mb: float
    """Megabytes of 1,000,000 bytes."""
    cpu_s: float = 0.0
    """Processor seconds, of its own children too: what other processes do changes it little."""


@dataclass(frozen=True)
class SampleServer:
    """The scaled sample in a process of its own, which no measured figure contains."""

    url: str
    pid: int


def measure(
    command: Sequence[str | Path],
    *,
    log: Path,
    environment: Mapping[str, str],
    folder: Path = ROOT,
) -> tuple[Cost, str]:
    """Run a command to its end; return its cost and its output. BenchFailed if it fails.

    `folder` is where it runs; Python finds the modules of a checkout there before all others.

    The kernel hands a child the peak of the process that started it, so this process must stay
    smaller than anything it measures: it imports nothing but the standard library.
    """
    with (
        log.with_suffix(".out").open("w+", encoding="utf-8") as out,
        log.with_suffix(".err").open("w+", encoding="utf-8") as err,
    ):
        started = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603 - the bench's own commands
            command, stdout=out, stderr=err, cwd=folder, env={**_inherited(), **environment}
        )
        try:
            with Family(process.pid) as family:
                # of this child alone, unlike getrusage
                _, status, usage = os.wait4(process.pid, 0)
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
    peak = max(_bytes(usage.ru_maxrss), family.peak_bytes)
    return Cost(seconds, peak / 1e6, usage.ru_utime + usage.ru_stime), output


def _inherited() -> dict[str, str]:
    """Return the environment without what keeps Python from storing modules compiled.

    The packages that the others import are installed compiled; ours are, after the first round.
    """
    return {name: value for name, value in os.environ.items() if name != _UNCOMPILED}


def measure_apart(
    command: Sequence[str | Path], *, log: Path, environment: Mapping[str, str]
) -> Cost:
    """Measure a command from a small process of its own, for a caller that is larger than it."""
    arguments = [str(log), json.dumps(dict(environment)), *map(str, command)]
    done = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", "bench.measure", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    if done.returncode:
        raise BenchFailed(done.stderr[-_MESSAGE:].strip())
    return Cost(**json.loads(done.stdout))


def exit_on_terminate() -> None:
    """Leave through the blocks that are open when the process is terminated: they clean up."""

    def leave(number: int, _: FrameType | None) -> None:
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, leave)


class Family:
    """The memory of a process and its children together, looked at ten times a second.

    The kernel keeps the peak of each process, not of several at one time. Pages that processes
    share count once (PSS). A process without children is not looked at: its own peak is exact.
    """

    def __init__(self, pid: int) -> None:
        self.peak_bytes = 0
        self._pid = pid
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Family:
        """Begin to look."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop looking."""
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(_LOOK_S):
            self.peak_bytes = max(self.peak_bytes, family_bytes(self._pid))


def family_bytes(pid: int) -> int:
    """Return the memory of a process with its descendants, 0 where it has none."""
    members = _with_descendants(pid)
    return sum(map(_proportional_bytes, members)) if len(members) > 1 else 0


def _with_descendants(pid: int) -> list[int]:
    """Return a process and its children's children; none where the system does not list them."""
    found = [pid]
    for each in found:
        for tasks in Path(f"/proc/{each}/task").glob("*/children"):
            with suppress(OSError):  # it has ended meanwhile
                found += map(int, tasks.read_text().split())
    return found


def _proportional_bytes(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


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


def main() -> None:
    """Measure the command of the arguments, after a log and an environment; print its cost."""
    log, environment, *command = sys.argv[1:]
    try:
        cost, _ = measure(command, log=Path(log), environment=json.loads(environment))
    except BenchFailed as error:
        sys.exit(str(error))
    sys.stdout.write(json.dumps(asdict(cost)))


if __name__ == "__main__":
    main()
