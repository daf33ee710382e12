"""Check a home without changing it: its files first, then its databases."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import datetime

from schemas.errors import HomeBusy, HomeError, LandingError
from warehouse.health.database_checks import check_link, check_publications, check_warehouse
from warehouse.health.findings import CheckFailed, Finding, run_check
from warehouse.health.remedies import REMEDIES
from warehouse.storage.future_runs import future_runs
from warehouse.storage.home import Home
from warehouse.storage.landing import Landing
from warehouse.storage.leftovers import bytes_of, find_leftovers
from warehouse.storage.lock import hold
from warehouse.storage.retention import runs_lacking_bytes, sequence_of
from warehouse.writer.checkpoint import checkpoints, read_through

LEAST_FREE_BYTES = 200_000_000
MOST_NAMED = 5


def check_home(home: Home, *, now: datetime) -> Iterator[Finding]:
    """Check all that a home holds; while a run writes, the warehouse is left out."""
    landing = Landing(home.landing)
    for check, inspect in (
        ("home", lambda: _home(home)),
        ("clock", lambda: _clock(landing, now)),
        ("records", lambda: _records(landing)),
        ("sequence", lambda: _sequence(landing)),
        ("objects", lambda: _objects(landing)),
        ("checkpoints", lambda: _checkpoints(home)),
        ("replay", lambda: _replay(home, landing)),
        ("disk", lambda: _disk(home)),
    ):
        yield run_check(check, inspect, remedy=REMEDIES[check])
    yield from _check_databases(home, landing)


def _check_databases(home: Home, landing: Landing) -> Iterator[Finding]:
    """Check the databases under the lock; a run that begins meanwhile waits, as for another run."""
    try:
        with hold(home.lock, wait_s=0):
            # Collected, so that the lock is not held while the caller prints.
            findings = [
                Finding(check="lock", ok=True, message="free"),
                *check_warehouse(home, landing),
                check_link(home, landing),
            ]
    except HomeBusy as error:
        message = f"{error}".partition(";")[0] + "; the warehouse was not checked"
        findings = [Finding(check="lock", ok=True, message=message), check_link(home, None)]
    except HomeError as error:
        findings = [
            Finding(check="lock", ok=False, message=str(error), remedy=REMEDIES["home"]),
            check_link(home, landing),
        ]
    yield from findings
    yield check_publications(home)


def _home(home: Home) -> str:
    Home.at(home.root)
    for path in (home.root, home.landing, home.published, home.warehouse):
        wanted = os.R_OK | os.W_OK | (os.X_OK if path.is_dir() else 0)
        if path.exists() and not os.access(path, wanted):
            raise CheckFailed(f"{path} cannot be read and written by this user")
    left = len(find_leftovers(home))
    return f"{home.root} is a home" + (
        f"; {left} leftovers of killed processes, which `pricehouse maintain` removes"
        if left
        else ""
    )


def _clock(landing: Landing, now: datetime) -> str:
    runs = landing.runs()
    if not runs:
        return "no run yet"
    if future := future_runs(landing, now):
        ids = [run.run_id for run in future]
        some = ids if len(ids) <= MOST_NAMED else [*ids[: MOST_NAMED - 1], "…", ids[-1]]
        raise CheckFailed(
            f"{len(ids)} of {len(runs)} runs lie in the future of this clock "
            f"({now:%Y-%m-%d %H:%M} UTC), so no run begins: {', '.join(some)}"
        )
    return f"the last run began {runs[-1].record.started_at:%Y-%m-%d %H:%M} UTC"


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
        raise CheckFailed(damaged[0] + more)
    return f"{len(objects)} landed answers, each matches its hash"


def _checkpoints(home: Home) -> str:
    stored = checkpoints(home)
    for checkpoint in stored:
        read_through(checkpoint.path)
    return f"{len(stored)} checkpoints, each unpacks"


def _replay(home: Home, landing: Landing) -> str:
    committed = landing.committed()
    lost = runs_lacking_bytes(landing, committed)
    if not lost:
        return "every committed run can be replayed"
    newest, payload_hash = lost[-1]
    if any(c.sequence >= sequence_of(newest) for c in checkpoints(home)):
        return f"{len(lost)} runs are thinned out; a checkpoint replaces them"
    raise CheckFailed(
        f"run {newest.run_id} cannot be replayed: landed answer {payload_hash} is missing, and "
        "no checkpoint replaces it"
    )


def _disk(home: Home) -> str:
    free = shutil.disk_usage(home.root).free
    size = bytes_of(home.warehouse) if home.warehouse.exists() else 0
    wanted = max(3 * size, LEAST_FREE_BYTES)
    if free < wanted:
        raise CheckFailed(
            f"{free / 1e6:.0f} MB are free at {home.root}; an hour may need {wanted / 1e6:.0f}"
        )
    return f"{free / 1e9:.1f} GB are free"
