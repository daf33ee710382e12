"""The commits of a shared warehouse that have no guard against a lost answer, and the repair.

PostgreSQL has the commit, and DuckLake removes the files that it wrote: the doctor names them, and
`warehouse push --rewrite` writes them anew from the copy.
"""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.maintenance import maintain
from pipeline.repair import repair
from pipeline.shared_warehouse import push_copy
from samples.hub import serve
from tests.support.command import environment
from tests.support.cut_commits import CommitCutter, commit_cutter
from tests.support.hours import Clock, ingest
from tests.support.killing import catalog
from tests.support.lakes import SharedPlace
from tests.support.postgres import Postgres
from tests.support.two_homes import YEAR, TwoHomes

pytestmark = pytest.mark.slow

ANNOUNCED = """
import sys
from cli.main import main
from warehouse.lake import copies
write = copies.write_message
def announced(*arguments):
    write(*arguments)
    print("commit", flush=True)
    sys.stdin.readline()
copies.write_message = announced
main()
"""
"""`pricehouse`, which waits for a line before it commits a push of whole tables."""


def run_cut(command: str, settings: dict[str, str], cutter: CommitCutter) -> None:
    """Run a command whose push commits, and which does not hear of it."""
    running = subprocess.Popen(
        [sys.executable, "-c", ANNOUNCED, *command.split()],
        env=settings,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert running.stdout is not None
        assert running.stdout.readline() == "commit\n", running.communicate()
        cutter.armed.set()
        _, errors = running.communicate("\n", timeout=300)
    finally:
        running.kill()
        running.wait()
    assert (cutter.cut, running.returncode) == (1, 1), errors


@pytest.mark.sampled
@pytest.mark.parametrize("command", ["replay", "doctor --repair"])
def test_what_a_lost_answer_costs_is_named_and_written_anew(
    tmp_path: Path, shared_place: SharedPlace, shared_postgres: Postgres, command: str
) -> None:
    with commit_cutter(shared_postgres.port) as cutter, serve(catalog(0)) as hub:
        machines = TwoHomes(tmp_path, hub, shared_place)
        first, second, store, lake = machines.first, machines.second, machines.store, machines.lake
        ingest(first, hub, clock=machines.clock, store=store, lake=lake)
        if command == "replay":  # of an hour without the setting
            ingest(first, hub, clock=machines.clock)
        else:
            ahead = Clock(datetime.now(UTC) + YEAR)
            ingest(first, hub, clock=ahead, store=store, lake=lake)
        where = shared_place.environment["PRICEHOUSE_WAREHOUSE"]
        through = where.replace(f"port={cutter.target}", f"port={cutter.port}")
        own = {"PRICEHOUSE_WAREHOUSE": through, "PGPASSWORD": shared_postgres.password}
        settings = environment(first, hub.url, **{**shared_place.environment, **own})
        run_cut(command, settings, cutter)
        machines.clock = Clock(datetime.now(UTC))
        assert "files of the shared warehouse are missing" in machines.failed(first)["lake_files"]
        if command == "doctor --repair":  # the runs of the future are still in the landing
            repair(first, clock=machines.clock, store=store)
        push_copy(first, lake, store, rewrite=True, clock=machines.clock)
        ingest(second, hub, clock=machines.clock, store=store, lake=lake)
        machines.require_one_history(first, second)


def lose(machines: TwoHomes, pattern: str) -> dict[str, str]:
    """Remove files that maintenance wrote; return what the doctor finds wrong then."""
    first, store, lake = machines.first, machines.store, machines.lake
    maintain(first, clock=machines.clock, store=store, lake=lake)
    lost = list(Path(lake.data).glob(f"internal/{pattern}/*.parquet"))
    assert lost
    for path in lost:
        path.unlink()
    return machines.failed(first)


def test_the_file_of_the_runs_is_written_anew_and_without_the_head_the_whole(
    tmp_path: Path, shared_place: SharedPlace, shared_postgres: Postgres
) -> None:
    with serve(catalog(0)) as hub:
        machines = TwoHomes(tmp_path, hub, shared_place)
        first, clock, store, lake = machines.first, machines.clock, machines.store, machines.lake
        ingest(first, hub, clock=clock, store=store, lake=lake)
        assert "missing, like" in lose(machines, "_ph_run")["lake_files"]
        assert push_copy(first, lake, store, rewrite=True, clock=clock).how == "rewritten"
        assert machines.failed(first) == {}
        assert lose(machines, "_ph_head").keys() == {"lake"}
        shared_postgres.run(f"DROP SCHEMA {lake.schema} CASCADE")
        assert push_copy(first, lake, store, clock=clock).how == "pushed"
        ingest(machines.second, hub, clock=clock, store=store, lake=lake)
        machines.require_one_history(first, machines.second)
