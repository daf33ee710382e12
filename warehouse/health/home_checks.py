"""Examine a home without changing it: its files first, then its databases."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta

from schemas.errors import HomeBusy, HomeError, LandingError
from warehouse.health.database_checks import (
    look_at_link,
    look_into_publications,
    look_into_warehouse,
)
from warehouse.health.findings import Finding, Wrong, found
from warehouse.storage.home import Home
from warehouse.storage.landing import Landing
from warehouse.storage.leftovers import leftovers, size_of
from warehouse.storage.lock import hold
from warehouse.storage.retention import lacking, sequence_of
from warehouse.writer.checkpoint import checkpoints, read_through

LEAST_FREE_BYTES = 200_000_000

WAYS_BACK = {
    "home": "write home.json back as its message says, or let this user read and write the folder",
    "clock": "set this machine's clock right; runs go on when it has passed the last one's time",
    "lock": "wait for that process, or end it if it hangs: the lock goes with it",
    "records": "restore the named file from a backup of landing/",
    "sequence": "restore landing/runs/ from a backup; two runs may not have one place",
    "objects": "restore the named file from a backup, or let `pricehouse ingest` land the same "
    "answer again; without it `pricehouse replay` stops there unless a checkpoint stands in",
    "checkpoints": "remove the damaged file; `pricehouse maintain` writes a new one",
    "replay": "restore the named answer from a backup of landing/",
    "log": "move warehouse.duckdb.wal away: it belongs to no file here",
    "warehouse": "move warehouse.duckdb and warehouse.duckdb.wal away and run `pricehouse replay`",
    "migrations": "update the checkout and run `make venv`",
    "keys": "move warehouse.duckdb away and run `pricehouse replay`",
    "told": "run `pricehouse replay`: it tells the warehouse what it lacks, and publishes",
    "publications": "remove the named file; readers use the link, and the next run publishes anew",
    "link": "run `pricehouse replay` or `pricehouse ingest`: either publishes and links again",
    "disk": "free space on that disk, or run `pricehouse maintain`",
}
"""Check → what to do when it is not well; docs/reliability.md has the same table."""


def examine(home: Home, *, now: datetime) -> Iterator[Finding]:
    """Look at all that a home holds; while a run writes, what it writes is left alone."""
    landing = Landing(home.landing)
    for check, look in (
        ("home", lambda: _home(home)),
        ("clock", lambda: _clock(landing, now)),
        ("records", lambda: _records(landing)),
        ("sequence", lambda: _sequence(landing)),
        ("objects", lambda: _objects(landing)),
        ("checkpoints", lambda: _checkpoints(home)),
        ("replay", lambda: _replay(home, landing)),
        ("disk", lambda: _disk(home)),
    ):
        yield from found(check, look, way_back=WAYS_BACK[check])
    yield from _under_lock(home, landing)


def _under_lock(home: Home, landing: Landing) -> Iterator[Finding]:
    """Look into the databases; a run that begins meanwhile waits a moment, as for another run."""
    findings: list[Finding] = []
    try:
        with hold(home.lock, wait_s=0):
            findings.append(Finding(check="lock", well=True, said="free"))
            findings += look_into_warehouse(home, landing, WAYS_BACK)
            findings += look_at_link(home, landing, WAYS_BACK)
    except HomeBusy as error:
        said = f"{error}".partition(";")[0] + "; the warehouse was not looked into"
        findings = [Finding(check="lock", well=True, said=said)]
        findings += look_at_link(home, None, WAYS_BACK)
    except HomeError as error:
        findings = [
            Finding(check="lock", well=False, said=str(error), way_back=WAYS_BACK["home"]),
            *look_at_link(home, landing, WAYS_BACK),
        ]
    yield from findings
    yield from look_into_publications(home, WAYS_BACK)


def _home(home: Home) -> str:
    Home.at(home.root)
    for path in (home.root, home.landing, home.published, home.warehouse):
        wanted = os.R_OK | os.W_OK | (os.X_OK if path.is_dir() else 0)
        if path.exists() and not os.access(path, wanted):
            raise Wrong(f"{path} cannot be read and written by this user")
    left = len(leftovers(home))
    return f"{home.root} is a home" + (
        f"; {left} leftovers of killed processes, which `pricehouse maintain` removes"
        if left
        else ""
    )


def _clock(landing: Landing, now: datetime) -> str:
    runs = landing.runs()
    if not runs:
        return "no run yet"
    last = runs[-1].record.started_at
    if last - now >= timedelta(days=1):
        raise Wrong(f"the last run is of {last:%Y-%m-%d %H:%M} UTC, which is yet to come")
    return f"the last run began {last:%Y-%m-%d %H:%M} UTC"


def _records(landing: Landing) -> str:
    runs = landing.runs()
    for run in runs:
        _ = run.mark
        run.fetches()
    return f"{len(runs)} run records, with their manifests and marks"


def _sequence(landing: Landing) -> str:
    committed = landing.committed()
    return f"{len(committed)} committed runs in a clear order"


def _objects(landing: Landing) -> str:
    objects, damaged = landing.objects(), []
    for payload_hash in sorted(objects):
        try:
            landing.get(payload_hash)
        except LandingError as error:
            damaged.append(str(error))
    if damaged:
        more = f" (and {len(damaged) - 1} more)" if len(damaged) > 1 else ""
        raise Wrong(damaged[0] + more)
    return f"{len(objects)} landed answers, each with the bytes that its name says"


def _checkpoints(home: Home) -> str:
    there = checkpoints(home)
    for checkpoint in there:
        read_through(checkpoint)
    return f"{len(there)} checkpoints, each unpacks"


def _replay(home: Home, landing: Landing) -> str:
    committed = landing.committed()
    lost = lacking(landing, committed)
    if not lost:
        return "every committed run can be told again"
    newest, payload_hash = lost[-1]
    if any(c.sequence >= sequence_of(newest) for c in checkpoints(home)):
        return f"{len(lost)} runs are thinned out; a checkpoint stands in for them"
    raise Wrong(
        f"run {newest.run_id} cannot be told again: landed answer {payload_hash} is missing, and "
        "no checkpoint stands in for it"
    )


def _disk(home: Home) -> str:
    free = shutil.disk_usage(home.root).free
    size = size_of(home.warehouse) if home.warehouse.exists() else 0
    wanted = max(3 * size, LEAST_FREE_BYTES)
    if free < wanted:
        raise Wrong(
            f"{free / 1e6:.0f} MB are free at {home.root}; an hour may need {wanted / 1e6:.0f}"
        )
    return f"{free / 1e9:.1f} GB are free"
