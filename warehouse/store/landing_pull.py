"""Bring the runs that other machines landed from the store into this home's landing.

Only where a shared warehouse records the runs, and under its lock: no run is under way then, and
the store has all that a committed run landed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from warehouse.storage.files import make_folder, os_errors_as_home_error, sync_folder
from warehouse.storage.future_runs import set_aside, unmark
from warehouse.storage.landing import Landing
from warehouse.storage.retention import named_objects
from warehouse.storage.run_folder import RunFolder
from warehouse.store.objects import StoredObject
from warehouse.store.shared_journal import pull_journal
from warehouse.store.stored_home import StoredHome

_CONNECTIONS = 8
_END = "end.json"
_LATE = "other machines had gone on before it was in the store: no commit recorded its failure"


def pull_landing(
    stored: StoredHome, committed: Collection[str], *, now: datetime
) -> list[RunFolder]:
    """Pull what the landing lacks since its newest run that the store has; return the new runs.

    `committed` are the runs of the shared warehouse. A run of this machine that failed, and that
    the store never had, is set aside when a later run of another is committed: no replay may count
    what that run could not know of. One whose end the store did not take counts as interrupted: so
    the machine that went on marked it.
    """
    landing = stored.landing
    _pull_folder(stored, "landing/days")
    _pull_folder(stored, "landing/checkpoints")
    pull_journal(stored.home, stored.store)
    landing.remove_packed_folders()
    since = _oldest_open(landing, committed)
    listed = stored.store.list("landing/runs", after=f"landing/runs/{since}" if since else None)
    _unmark_ended_elsewhere(stored, (each.name for each in listed), committed)
    known = _files_of(landing, since)
    files = [each for each in listed if each.name not in known]
    runs = {each.name.split("/")[2] for each in files}
    # the end of a run last: a kill in between leaves one that is pulled again
    for ends in (False, True):
        _pull(stored, [each for each in files if each.name.endswith(f"/{_END}") is ends])
    pulled = [run for run_id in sorted(runs) if (run := landing.run_of(run_id)) is not None]
    _pull_objects(stored, pulled)
    _set_late_aside(landing, {each.name.split("/")[2] for each in listed}, committed, since, now)
    return pulled


def _oldest_open(landing: Landing, committed: Collection[str]) -> str | None:
    """Return the newest run here that the shared warehouse has and that is marked, or a run before
    it without its mark: what the store may have more of begins there."""
    unfinished = [run.run_id for run in landing.unfinished()]
    newest = next(
        (run.run_id for run in landing.newest_first() if run.run_id in committed and run.mark), None
    )
    return min([newest, *unfinished]) if newest is not None else None


def _unmark_ended_elsewhere(
    stored: StoredHome, names: Iterable[str], committed: Collection[str]
) -> None:
    """Set the end of a run aside here where the store has another one, which a commit may count."""
    for name in names:
        end = stored.home.root / name
        if end.name != _END or end.parent.name in committed or not end.is_file():
            continue
        run = stored.landing.run_of(end.parent.name)
        if run is not None and stored.store.read(name) != end.read_bytes():
            unmark(run)


def _files_of(landing: Landing, since: str | None) -> set[str]:
    """Return the names of the record files that are here, of the runs from one on."""
    root = landing.root.parent
    return {
        path.relative_to(root).as_posix()
        for path in (landing.root / "runs").glob("[!.]*/[!.]*")
        if since is None or path.parent.name >= since
    }


def _pull_folder(stored: StoredHome, folder: str) -> None:
    """Pull the files of a folder that are missing here, or of another size."""
    wanted = []
    for each in stored.store.list(folder):
        path = stored.home.root / each.name
        if not path.exists() or path.stat().st_size != each.size:
            wanted.append(each)
    _pull(stored, wanted)


def _pull(stored: StoredHome, files: Iterable[StoredObject]) -> None:
    files = list(files)
    for folder in sorted({(stored.home.root / each.name).parent for each in files}):
        make_folder(folder)

    def fetch(each: StoredObject) -> None:
        path = stored.home.root / each.name
        staged = path.with_name(f".{path.name}.pulled.tmp")
        stored.store.fetch(each.name, staged, size=each.size)
        with os_errors_as_home_error(path):
            staged.replace(path)
            sync_folder(path.parent)

    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        for _ in pool.map(fetch, files):
            pass


def _pull_objects(stored: StoredHome, runs: Iterable[RunFolder]) -> None:
    """Pull the bytes that the runs name; those that maintenance dropped are not in the store."""
    landing = stored.landing
    wanted = {each for run in runs for each in named_objects(run) if not landing.holds(each)}

    def find(payload_hash: str) -> StoredObject | None:
        return stored.store.head(stored.name_of(landing.path_of(payload_hash)))

    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        found = [each for each in pool.map(find, sorted(wanted)) if each is not None]
    _pull(stored, found)


def _set_late_aside(
    landing: Landing,
    stored_runs: Collection[str],
    committed: Collection[str],
    since: str | None,
    now: datetime,
) -> None:
    newest, late = max(committed, default=""), []
    for run in landing.newest_first():
        if since is not None and run.run_id < since:
            break
        if run.run_id < newest and run.run_id not in {*stored_runs, *committed}:
            late.append(run)
    for run in late:
        set_aside(run, now=now, reason=_LATE)
