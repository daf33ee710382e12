"""Make the newest runs of a landing like those of its store, before what is missing is pulled.

A record that one side lost is brought back from the other. What this machine alone has of a run
whose end another machine recorded goes to `landing/set-aside/`: a commit may count that end.

    set-aside/<run_id>/            a run that the others do not count
              <run_id>.<record>    a record that they do not count
              damaged/<run_id>/    a run with a damaged record, which is pulled again
              days/                packed days that were damaged, or had runs that the store lacks
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from pathlib import Path

from schemas.records import EndMark
from warehouse.storage.future_runs import move, set_aside, unmark
from warehouse.storage.run_days import day_file, packed_days
from warehouse.storage.run_folder import END, RunFolder, read_record
from warehouse.store.landed_files import is_whole
from warehouse.store.stored_home import StoredHome

_LATE = "other machines had gone on before it was in the store: no commit recorded its failure"


def set_damaged_aside(stored: StoredHome) -> None:
    """Set aside what is damaged here and lies in the store: of the newest runs, up to a whole
    committed one, and of packed days the newest, which an hour reads.
    """
    landing = stored.landing
    for path in _damaged_runs(stored):
        if stored.store.list(stored.name_of(path)):
            target = landing.set_aside / "damaged" / path.name
            shutil.rmtree(target, ignore_errors=True)
            move(path, target)
    for day in sorted(packed_days(landing.root / "days"))[-1:]:
        path = day_file(landing.root / "days", day)
        if not is_whole(stored.home, path) and stored.store.head(stored.name_of(path)) is not None:
            move(path, landing.set_aside / "days" / path.name)


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
    return not all(is_whole(stored.home, each) for each in read)


def _is_committed(path: Path) -> bool:
    mark = read_record(path / END, EndMark)
    return mark is not None and mark.outcome == "committed"


def set_unlike_aside(
    stored: StoredHome,
    runs: Collection[RunFolder],
    sizes: Mapping[str, int],
    committed: Collection[str],
    *,
    now: datetime,
) -> None:
    """Compare runs with the store, whose files have these `sizes`, and `committed` those of the
    shared warehouse.

    A run of this machine that failed, and that the store never had, is set aside when a later run
    of another is committed: no replay may count what that run could not know of.
    """
    newest, in_store = max(committed, default=""), {name.split("/")[2] for name in sizes}
    for run in runs:
        if run.packed is not None:
            continue
        if run.run_id in in_store:
            _compare_records(stored, run, sizes)
        elif run.run_id in committed and run.is_committed:
            stored.push_run(run)
        elif run.run_id < newest and run.run_id not in committed:
            set_aside(run, now=now, reason=_LATE)


def _compare_records(stored: StoredHome, run: RunFolder, sizes: Mapping[str, int]) -> None:
    end = run.path / END
    if (name := stored.name_of(end)) not in sizes:
        return
    is_same = end.exists() and stored.store.read(name) == end.read_bytes()
    if end.exists() and not is_same:
        unmark(run)
    for path in sorted(run.path.glob("[!.]*")):
        size = sizes.get(stored.name_of(path))
        if path == end or size == path.stat().st_size:
            continue
        if size is None and is_same:  # it was there when that end was written
            stored.put_again(path)
        else:
            move(path, run.landing.set_aside / f"{run.run_id}.{path.name}")
