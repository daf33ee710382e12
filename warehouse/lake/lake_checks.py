"""Compare a home with its shared warehouse: what `pricehouse doctor` reports of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache

from warehouse.connect import Connection, open_reader
from warehouse.health.findings import CheckFailed, Finding, run_check
from warehouse.health.remedies import REMEDIES
from warehouse.lake.attach import attach_locks, open_lake, open_made_lake, stored_files
from warehouse.lake.copies import is_copy
from warehouse.lake.lake_errors import lake_errors
from warehouse.lake.lake_schema import Head, read_head, require_known_migration
from warehouse.lake.lake_settings import LakeSettings
from warehouse.lake.lake_upkeep import KEEP_FILES, live_files, postgres_time
from warehouse.statements import statement
from warehouse.storage.home import Home
from warehouse.writer.state import LastRun, read_last_run

_PUSH = "run `pricehouse warehouse push`: it moves this home into the shared warehouse"
_REPLAY = "run `pricehouse replay`: it adds the runs of this home to the shared warehouse"


def check_lake(home: Home, settings: LakeSettings) -> Iterator[Finding]:
    """Check the shared warehouse of a home; of one that does not answer, nothing more."""
    heads: list[Head | None] = []
    answers = run_check("lake", lambda: _answers(settings, heads), remedy=REMEDIES["lake"])
    yield answers
    if not answers.ok:
        return
    head = heads[0]
    if head is None or head.is_empty:
        yield run_check("lake_copy", lambda: _no_runs(home), remedy=_PUSH)
        return
    with ExitStack() as stack:
        # once for all, unless it fails; DuckLake lists orphans in no read-only database
        opened = cache(lambda: stack.enter_context(open_lake(settings)))
        for check, inspect in (
            ("lake_copy", lambda: _copy(home, opened(), settings, head)),
            ("lake_files", lambda: _files(opened(), settings)),
            ("lake_orphans", lambda: _orphans(opened(), settings)),
        ):
            yield run_check(check, inspect, remedy=REMEDIES[check])


def _answers(settings: LakeSettings, heads: list[Head | None]) -> str:
    with open_made_lake(settings) as con, lake_errors(settings):
        head = None if con is None else read_head(con)
    heads.append(head)
    if head is None or head.is_empty:
        return f"{settings.place} answers, and schema {settings.schema} is empty"
    require_known_migration(head)
    return f"{settings.place} answers; it ends with run {head.run_id}"


def _no_runs(home: Home) -> str:
    if last := _last_run(home):
        raise CheckFailed(
            f"the shared warehouse is empty, and this home holds runs up to {last.run_id}: none "
            "begins here"
        )
    return "neither has a run"


def _copy(home: Home, con: Connection, settings: LakeSettings, head: Head) -> str:
    last = _last_run(home)
    if last is None:
        raise CheckFailed(f"this home has no copy of it, up to run {head.run_id}")
    if (last.sequence, last.run_id) == (head.sequence, head.run_id):
        return "this home is a copy of it"
    with lake_errors(settings):
        is_its_run = is_copy(con, last)
    if is_its_run:
        raise CheckFailed(
            f"the shared warehouse is ahead: it ends with run {head.run_id}, this home with "
            f"{last.run_id}"
        )
    if last.sequence > head.sequence:
        raise CheckFailed(
            f"this home is ahead: it ends with run {last.run_id}, which the shared warehouse does "
            f"not have; that ends with {head.run_id}",
            remedy=_REPLAY,
        )
    raise CheckFailed(
        f"this home ends with run {last.run_id}, in whose place the shared warehouse has another"
    )


def _last_run(home: Home) -> LastRun | None:
    if not home.warehouse.exists():
        return None
    with open_reader(home.warehouse) as con:
        return read_last_run(con)


def _files(con: Connection, settings: LakeSettings) -> str:
    with lake_errors(settings):
        live = live_files(con)
        missing = sorted(live - stored_files(con, settings))
        if missing:
            raise CheckFailed(
                f"{len(missing)} of {len(live)} files of the shared warehouse are missing, like "
                f"{missing[0]}"
            )
        return f"{len(live)} files, none is missing"


def _orphans(con: Connection, settings: LakeSettings) -> str:
    with lake_errors(settings):
        attach_locks(con, settings)
        age = {"older_than": postgres_time(con) - KEEP_FILES, "dry_run": True}
        found = con.execute(statement("select_orphaned_files"), age).fetchall()
    if found:
        raise CheckFailed(
            f"{len(found)} files that killed writers left in {settings.data}, like {found[0][0]}"
        )
    return f"no file of a killed writer is older than {KEEP_FILES.days} days"
