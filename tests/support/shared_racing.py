"""Start two workers of a shared warehouse together, again and again: one commits each time.

    python -m tests.support.shared_racing 50       # how many rounds; prints a line for every ten
    python -m tests.support.shared_racing 50 s3    # with the data in a bucket

Each run has an id of its own, as it has outside tests: by it a writer knows its commit again. In
every second round PostgreSQL ends the session that holds the lock, as its restart would, so that
both workers write the same hour at the same time; then only the head keeps them apart.
"""

from __future__ import annotations

import os
import random
import select
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from pipeline.shared_warehouse import pull_copy
from samples.hub import serve
from tests.support.command import environment
from tests.support.killing import HOUR, START, catalog
from tests.support.lakes import SharedPlace, running_places
from tests.support.postgres import Postgres
from tests.support.published import exported
from tests.support.shared_killing import require_single_ids
from warehouse.lake.attach import open_lake
from warehouse.lake.lake_schema import read_head
from warehouse.storage.landing import Landing

MACHINES = ("first", "second")
HELD, LOST = "one held the lock", "the lock was lost"
WORKER = """
import os, sys
from datetime import datetime
from pathlib import Path
from schemas.errors import PricehouseError
from tests.support.lakes import SharedPlace, running_places
from tests.support.shared_killing import shared_hour
def announce(name):
    if name in ("extract_feeds", "load_run"):
        print(name, flush=True)
        sys.stdin.readline()
home, url, at, wait = sys.argv[1:]
print("begins", flush=True)
sys.stdin.readline()
try:
    place = SharedPlace(dict(os.environ))
    shared_hour(Path(home), url, datetime.fromisoformat(at), place, announce,
                lock_wait_s=float(wait), run_id_tail=Path(home).name)
    print("committed", flush=True)
except PricehouseError as error:
    print(f"{type(error).__name__}: {error}", flush=True)
    sys.exit(1)
"""
REASONS = {
    HELD: ("HomeBusy", "is being written by"),
    LOST: ("WarehouseError", "run again"),
}
"""What the one that leaves says: the error, and a part of its sentence."""


def race(
    folder: Path, place: SharedPlace, database: Postgres, *, rounds: int, seed: int
) -> Counter[str]:
    """Let two workers start together so many times, in two homes of one shared warehouse; return
    the rounds of each kind.

    AssertionError unless one of them commits and the other leaves with its word each time, and no
    sequence and no id is given twice.
    """
    chance = random.Random(seed)  # noqa: S311 - who goes first, not a secret
    done: Counter[str] = Counter()
    homes, last = [folder / name for name in MACHINES], 0
    with serve(catalog(0)) as hub, patch.dict(os.environ, place.environment):
        for number in range(rounds):
            hub.show(catalog(number))
            kind = (HELD, LOST)[number % 2]
            wait = "0" if kind == HELD else "7200"
            arguments = [hub.url, (START + number * HOUR).isoformat(), wait]
            with _workers(homes, place, arguments) as workers:
                chance.shuffle(workers)
                for worker in workers:
                    worker.reach("begins")
                for worker in workers:
                    worker.go_on()
                _run_round(kind, workers, database, place.settings.lock_key)
            require_single_ids(place)
            before, last = last, _newest_sequence(place)
            assert last > before, (before, last)
            done[kind] += 1
        for home in homes:
            pull_copy(home, place.settings, place.store)
        committed = [run.record.started_at for run in Landing(homes[0] / "landing").committed()]
        assert committed == [START + number * HOUR for number in range(rounds)]
        ended = {run.mark.outcome for run in Landing(homes[0] / "landing").runs() if run.mark}
        assert ended <= {"committed", "failed"}, ended  # who leaves knows that nothing is in
    assert exported(homes[0]) == exported(homes[1])
    return done


def _run_round(kind: str, workers: list[_Worker], database: Postgres, key: int) -> str:
    """Let a round come to its end, and return what the one that left said."""
    if kind == HELD:
        lines = {worker.next_line(): worker for worker in workers}
        assert "extract_feeds" in lines, lines
        one = lines.pop("extract_feeds")
        ((text, other),) = lines.items()
        assert other.end() == 1
        one.go_on()
        one.reach("load_run")
        one.go_on()
        assert one.end() == 0
    else:
        text = _race_to_commit(workers, database, key)
    error, part = REASONS[kind]
    assert text.startswith(error), text
    assert part in text, text
    return error


def _race_to_commit(workers: list[_Worker], database: Postgres, key: int) -> str:
    """Bring both to the moment before their commit, let them go, and return what one says.

    The second takes the lock when PostgreSQL has ended the session of the first.
    """
    streams = {worker.process.stdout: worker for worker in workers}
    ready, _, _ = select.select(list(streams), [], [])
    one = streams[ready[0]]
    (other,) = [worker for worker in workers if worker is not one]
    one.reach("extract_feeds")
    one.go_on()
    one.reach("load_run")
    ended = database.run(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory' "
        f"AND granted AND classid = {key >> 32}::bigint::oid "
        f"AND objid = {key & 0xFFFFFFFF}::bigint::oid"
    )
    assert ended == "1", ended
    other.reach("extract_feeds")
    other.go_on()
    other.reach("load_run")
    for worker in workers:  # in an order of their own
        worker.go_on()
    codes = {worker.next_line(): worker.end() for worker in workers}
    assert sorted(codes.values()) == [0, 1], codes
    return next(line for line, code in codes.items() if code)


@contextmanager
def _workers(
    homes: list[Path], place: SharedPlace, arguments: list[str]
) -> Iterator[list[_Worker]]:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, str(home), *arguments],
            env=environment(home, **place.environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for home in homes
    ]
    with ExitStack() as stack:
        for process in processes:
            stack.enter_context(process)
            stack.callback(process.kill)  # nothing where it has ended
        yield [_Worker(process) for process in processes]


@dataclass(frozen=True)
class _Worker:
    """A process that waits for a line after each of its own."""

    process: subprocess.Popen[str]

    def next_line(self) -> str:
        """Return what it says next; empty when it has ended."""
        assert self.process.stdout is not None
        return next((text for line in self.process.stdout if (text := line.strip())), "")

    def reach(self, name: str) -> None:
        """Wait until it says this."""
        line = self.next_line()
        assert line == name, (line, name)

    def go_on(self) -> None:
        """Let it go on."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def end(self) -> int:
        """Wait for its end, and return the exit status."""
        return self.process.wait()


def _newest_sequence(place: SharedPlace) -> int:
    with open_lake(place.settings, read_only=True) as con:
        head = read_head(con)
    assert head is not None
    return head.sequence


def main() -> None:
    """Let so many pairs start as asked, ten to a shared warehouse, and report what came of it."""
    wanted, kind = int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "folder"
    total: Counter[str] = Counter()
    with running_places(kind) as places:
        while total.total() < wanted:
            seed = total.total() + 1
            rounds = min(10, wanted - total.total())
            with tempfile.TemporaryDirectory() as folder:
                place = places.make(f"lake-{seed}")
                total += race(Path(folder), place, places.database, rounds=rounds, seed=seed)
            sys.stdout.write(f"{total.total()} rounds {dict(total)}, one commit in each\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
