"""Make the newest runs of a landing like those of its store, before what is missing is pulled.

A record that one side lost is brought back from the other. What this machine alone has of a run
whose end another machine recorded goes to `landing/set-aside/`: a commit may count that end.

    set-aside/<run_id>/            a run that the others do not count
              <run_id>.<record>    a record that they do not count
              damaged/<run_id>/    a run with a damaged record, which is pulled again
              days/                packed days that were damaged, or had runs that the store lacks

Where a name is taken, `.2` or a higher number follows it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from pathlib import Path

from schemas.errors import StoreConflict
from schemas.records import EndMark
from warehouse.storage.future_runs import keep, set_aside, unmark
from warehouse.storage.run_days import day_file, packed_days
from warehouse.storage.run_folder import END, RunFolder, read_record
from warehouse.store.landed_files import is_whole_file
from warehouse.store.objects import StoredObject
from warehouse.store.stored_home import StoredHome

_LATE = "other machines had gone on before it was in the store: no commit recorded its failure"


def set_damaged_aside(stored: StoredHome) -> None:
    """Set aside what is damaged here and lies in the store: of the newest runs, up to a whole
    committed one, and of packed days the newest, which an hour reads.
    """
    landing = stored.landing
    for path in _damaged_runs(stored):
        if stored.store.list(stored.name_of(path)):
            keep(path, landing.set_aside / "damaged" / path.name)
    for day in sorted(packed_days(landing.root / "days"))[-1:]:
        path = day_file(landing.root / "days", day)
        is_whole = is_whole_file(stored.home, path)
        if not is_whole and stored.store.head(stored.name_of(path)) is not None:
            keep(path, landing.set_aside / "days" / path.name)


def _damaged_runs(stored: StoredHome) -> Iterator[Path]:
    for path in stored.landing.run_folders()[::-1]:
        if _is_damaged(stored, path):
            yield path
        elif _is_committed(path):
            return


def _is_damaged(stored: StoredHome, path: Path) -> bool:
    """Return whether a record of a run cannot be read, or it ended and lacks its first one.

    Of a run that never ended a kill may have left an empty folder.
    """
    records, has_ended = list(path.glob("[!.]*")), (path / END).exists()
    if has_ended and not (path / "run.json").exists():
        return True
    read = (each for each in records if has_ended or each.name != "run.json")
    return not all(is_whole_file(stored.home, each) for each in read)


def _is_committed(path: Path) -> bool:
    mark = read_record(path / END, EndMark)
    return mark is not None and mark.outcome == "committed"


# Six parameters: what is compared, with whom, and what this machine may do about it.
def set_unlike_aside(
    stored: StoredHome,
    runs: Collection[RunFolder],
    listed: Mapping[str, StoredObject],
    committed: Collection[str],
    *,
    now: datetime,
    writes: bool,
) -> None:
    """Compare runs with what the store lists by its names, and `committed` those of the shared
    warehouse; the store's records of other sizes are left to the pull.

    A run of this machine that failed, and that the store never had, is set aside when a later run
    of another is committed: no replay may count what that run could not know of.
    """
    newest, in_store = max(committed, default=""), {name.split("/")[2] for name in listed}
    for run in runs:
        if run.packed is not None:
            continue
        if run.run_id in in_store:
            _compare_records(stored, run, listed, writes=writes)
        elif run.run_id in committed and run.is_committed:
            if writes:
                stored.push_run(run)
        elif run.run_id < newest and run.run_id not in committed:
            set_aside(run, now=now, reason=_LATE)


def _compare_records(
    stored: StoredHome, run: RunFolder, listed: Mapping[str, StoredObject], *, writes: bool
) -> None:
    end = run.path / END
    if stored.name_of(end) not in listed:
        return
    is_same = end.exists() and _is_same_end(stored, run, writes=writes)
    if end.exists() and not is_same:
        unmark(run)
    for path in sorted(run.path.glob("[!.]*")):
        if path == end or stored.name_of(path) in listed:
            continue
        if not is_same:
            keep(path, run.landing.set_aside / f"{run.run_id}.{path.name}")
        elif writes:  # it was there when that end was written
            stored.put_again(path)


def _is_same_end(stored: StoredHome, run: RunFolder, *, writes: bool) -> bool:
    """Return whether the store has the end of a run as it is here; one that is damaged there may be
    it, and is written anew.
    """
    end = run.path / END
    try:
        is_whole = stored.is_own_end(run, stored.store.read(stored.name_of(end)))
    except StoreConflict:
        return False
    if not is_whole and writes:
        stored.put_again(end)
    return True
