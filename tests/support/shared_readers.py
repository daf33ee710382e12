"""Readers through hours of a shared warehouse with its maintenance, and through those of a file.

    python -m tests.support.shared_readers 8 100       # readers, hours; prints what came of it
    python -m tests.support.shared_readers 8 100 s3    # with the data in a bucket

The hours are written twice, into an embedded home and by two machines in turn into a shared
warehouse. Each reader reads the publication of the first and that of a third machine, which follows
the store, in turn, and now and then the tables in DuckLake. The catalogue's times are moved back
after each hour, so that snapshots become older than a week and go.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from statistics import quantiles
from unittest.mock import patch

import duckdb

from pipeline.maintenance import maintain
from pipeline.store import find_store
from samples.hub import serve
from tests.support.command import environment
from tests.support.killing import HOUR, START, catalog, run_hour
from tests.support.lakes import SharedPlace, running_places
from tests.support.postgres import Postgres
from tests.support.shared_killing import shared_hour
from warehouse.lake.attach import open_lake
from warehouse.lake.lake_upkeep import KEEP_SNAPSHOTS, LakeUpkeep
from warehouse.storage.home import Home
from warehouse.store.follower import following, pull_publication

MACHINES = ("first", "second")
EMBEDDED, FOLLOWED, TABLES = "embedded", "followed", "tables"
PASSED = timedelta(hours=3)
"""How much older the snapshots become with each hour: after 57 hours the first is a week old."""
MAINTAIN_EVERY = 24
QUERIES = (
    "SELECT p.publication_id = r.run_id, r.offers + r.adapters = (SELECT count(*) FROM cards), "
    "(SELECT count(DISTINCT amount) FROM price_history h WHERE h.run_id = r.run_id "
    "AND unit = 'input_token') = 1 FROM publication p, runs r ORDER BY r.started_at DESC LIMIT 1",
    "FROM cheapest('text') LIMIT 20",
    "FROM cards WHERE model_id LIKE 'acme/model-00%'",
    "FROM price_history WHERE model_id LIKE 'acme/model-00%'",
)
"""What a look asks; the first says whether the publication is whole."""
READER = """
import sys
from tests.support.shared_readers import read
read(*sys.argv[1:])
"""


@dataclass
class ReadThrough:
    """What came of it; times in seconds, by what was read."""

    looks: dict[str, list[float]]
    failures: list[str]
    files_after: list[int] = field(default_factory=list)
    """Live files after each maintenance."""
    snapshots_expired: int = 0
    files_removed: int = 0
    travelled: int = 0
    """Runs as of whose commit the tables were read in the end."""

    def p99(self, what: str) -> float:
        """Return what a look takes at most, but for one in a hundred."""
        return quantiles(self.looks[what], n=100)[98]

    def lines(self) -> Iterator[str]:
        """Yield what there is to say."""
        ratio = self.p99(FOLLOWED) / self.p99(EMBEDDED)
        for what, took in self.looks.items():
            yield f"{what}: {len(took)} looks, p50 {median(took):.4f} s, p99 {self.p99(what):.4f} s"
        yield f"p99 of the shared one / the embedded one: {ratio:.2f}"
        yield f"{len(self.failures)} failures{self.failures[:1] or ''}"
        yield (
            f"live files after maintenance: at most {max(self.files_after)}; {self.files_removed} "
            f"removed, {self.snapshots_expired} snapshots expired; {self.travelled} runs of the "
            f"last {KEEP_SNAPSHOTS.days} days read as of their commit"
        )


def median(numbers: Sequence[float]) -> float:
    """Return the middle one."""
    return sorted(numbers)[len(numbers) // 2]


# Six parameters: where, how many of what, and how often it is maintained.
def read_through(
    folder: Path,
    place: SharedPlace,
    database: Postgres,
    *,
    readers: int,
    hours: int,
    maintain_every: int = MAINTAIN_EVERY,
) -> ReadThrough:
    """Write so many hours while so many readers read, and return what they saw."""
    embedded, follower = folder / EMBEDDED, folder / FOLLOWED
    homes = [folder / name for name in MACHINES]
    upkeeps: list[LakeUpkeep] = []

    def write(hour: int) -> None:
        hub.show(catalog(hour))
        at = START + hour * HOUR
        run_hour(embedded, hub.url, at)
        shared_hour(homes[hour % 2], hub.url, at, place)
        _let_time_pass(database, place)

    with (
        serve(catalog(0)) as hub,
        patch.dict(os.environ, place.environment),
    ):
        write(0)
        pull_publication(Home(follower), place.store)
        with (
            following(Home(follower), lambda: find_store(place.environment), print, poll_s=1),
            _reading(readers, [embedded, follower], place) as looks,
        ):
            for hour in range(1, hours):
                write(hour)
                if (hour + 1) % maintain_every == 0 or hour + 1 == hours:
                    at = START + (hour + 0.5) * HOUR
                    maintain(embedded, clock=lambda: at)  # noqa: B023 - called at once
                    done = maintain(
                        homes[hour % 2],
                        clock=lambda: at,  # noqa: B023
                        store=place.store,
                        lake=place.settings,
                    )
                    assert done.lake is not None
                    upkeeps.append(done.lake)
        seen = ReadThrough({}, [])
        for look in looks:
            if "failed" in look:
                seen.failures.append(str(look["failed"]))
            else:
                seen.looks.setdefault(str(look["read"]), []).append(float(str(look["took"])))
        seen.files_after = [each.files_after for each in upkeeps]
        seen.snapshots_expired = sum(each.snapshots_expired for each in upkeeps)
        seen.files_removed = sum(each.files_removed for each in upkeeps)
        seen.travelled = _travel(place)
    return seen


def _let_time_pass(database: Postgres, place: SharedPlace) -> None:
    """Make every snapshot, and every file that waits for its removal, older."""
    moved = f"interval '{PASSED.total_seconds():.0f} seconds'"
    for table, column in (
        ("ducklake_snapshot", "snapshot_time"),
        ("ducklake_files_scheduled_for_deletion", "schedule_start"),
    ):
        database.run(f"UPDATE {place.settings.schema}.{table} SET {column} = {column} - {moved}")


def _travel(place: SharedPlace) -> int:
    """Read the tables as of the commit of each run of the last seven days; return how many."""
    with open_lake(place.settings, read_only=True) as con:
        committed = con.execute(
            "SELECT snapshot_id, commit_message FROM lake.snapshots() "
            "WHERE commit_message LIKE 'ingest %' AND snapshot_time > now() - $age "
            "ORDER BY snapshot_id",
            {"age": KEEP_SNAPSHOTS},
        ).fetchall()
        for version, message in committed:
            newest = con.execute(
                f"SELECT run_id FROM internal._ph_run AT (VERSION => {version}) "
                "ORDER BY sequence DESC LIMIT 1"
            ).fetchone()
            assert newest == (str(message).removeprefix("ingest "),)
    return len(committed)


@contextmanager
def _reading(
    readers: int, homes: Sequence[Path], place: SharedPlace
) -> Iterator[list[dict[str, object]]]:
    """Let readers read until the block ends; then the list has what they saw."""
    found: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        logs = [Path(folder) / str(number) for number in range(readers)]
        processes = []
        for log in logs:
            with log.open("w") as output:
                processes.append(
                    subprocess.Popen(
                        # readers that never pause would leave the writer no processor
                        ["nice", "-n", "10", sys.executable, "-c", READER, *map(str, homes)],
                        env=environment(homes[0], **place.environment),
                        stdin=subprocess.PIPE,
                        stdout=output,
                        stderr=subprocess.STDOUT,
                    )
                )
        try:
            yield found
        finally:
            for process in processes:
                process.communicate()
        assert [process.returncode for process in processes] == [0] * readers, logs[0].read_text()
        for log in logs:
            found += [json.loads(line) for line in log.read_text().splitlines()]


def read(embedded: str, follower: str) -> None:
    """Look until standard input ends, and print what each look took, or how it failed."""
    stop = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
    chance = random.Random()  # noqa: S311 - which comes first, not a secret
    files = {EMBEDDED: _QueriedFile(Path(embedded)), FOLLOWED: _QueriedFile(Path(follower))}
    with open_lake(SharedPlace(dict(os.environ)).settings, read_only=True) as lake:
        turn = 0
        while turn == 0 or not stop.is_set():
            for name in chance.sample(sorted(files), 2):
                _print_look(name, files[name].look)
            if turn % 10 == 0:
                _print_look(TABLES, lambda: _look_at_tables(lake))
            turn += 1
            stop.wait(0.05)


def _print_look(name: str, look: object) -> None:
    began = time.perf_counter()
    try:
        look()  # type: ignore[operator]
        found: dict[str, object] = {"read": name, "took": time.perf_counter() - began}
    except Exception as error:  # noqa: BLE001 - every failure of a reader is counted
        found = {"read": name, "failed": f"{name}: {error!r}"}
    print(json.dumps(found), flush=True)  # noqa: T201 (its output)


class _QueriedFile:
    """Reads where a home's link leads, and opens the file again when it leads elsewhere."""

    def __init__(self, home: Path) -> None:
        self._link = home / "marketplace.duckdb"
        self._path: Path | None = None
        self._con: duckdb.DuckDBPyConnection | None = None

    def look(self) -> None:
        """Ask all queries of one publication; AssertionError unless it is whole."""
        path = self._link.resolve()
        if self._con is None or path != self._path:
            if self._con is not None:
                self._con.close()
            self._con, self._path = duckdb.connect(str(path), read_only=True), path
            self._con.execute("SET enable_progress_bar = false")
        whole, *others = [self._con.execute(query).fetchall() for query in QUERIES]
        assert whole == [(True, True, True)], whole
        assert all(others)


def _look_at_tables(lake: duckdb.DuckDBPyConnection) -> None:
    """Count rows twice in one transaction; AssertionError where another commit shows in it."""
    query = "SELECT (SELECT count(*) FROM runs), (SELECT count(*) FROM price_changes)"
    lake.execute("BEGIN")
    try:
        assert lake.execute(query).fetchone() == lake.execute(query).fetchone()
    finally:
        lake.execute("COMMIT")


def main() -> None:
    """Read through as many hours as asked, and report what came of it."""
    readers, hours = int(sys.argv[1]), int(sys.argv[2])
    kind = sys.argv[3] if len(sys.argv) > 3 else "folder"
    began = time.monotonic()
    with running_places(kind) as places, tempfile.TemporaryDirectory() as folder:
        place = places.make("lake")
        seen = read_through(Path(folder), place, places.database, readers=readers, hours=hours)
    sys.stdout.write("\n".join(seen.lines()) + "\n")
    sys.stdout.write(f"{readers} readers, {hours} hours in {time.monotonic() - began:.0f} s\n")
    sys.exit(bool(seen.failures))


if __name__ == "__main__":
    main()
