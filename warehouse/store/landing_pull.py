"""Bring the runs that other machines landed from the store into this home's landing.

Only where a shared warehouse records the runs, and under its lock: no run is under way then, and
the store has all that a committed run landed.

    landing/.pull.json   from which run on the landing may be unlike the store's, while it is made
                         like it: a call that broke off is done again from there
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import msgspec

from schemas.errors import LandingError, StoreError
from warehouse.storage.files import make_folder, os_errors_as_home_error, write_atomic
from warehouse.storage.future_runs import free_name
from warehouse.storage.landing import Landing
from warehouse.storage.retention import named_objects
from warehouse.storage.run_days import read_heads
from warehouse.storage.run_folder import END, RunFolder, pretty, read_record
from warehouse.store.objects import StoredObject
from warehouse.store.shared_journal import pull_journal
from warehouse.store.stored_home import StoredHome
from warehouse.store.unlike_runs import set_unlike_aside

_CONNECTIONS = 8


class _PullMark(msgspec.Struct, frozen=True):
    since: str | None


@contextmanager
def open_runs(landing: Landing, committed: Collection[str]) -> Iterator[str | None]:
    """Yield the run from which on the landing may be unlike the store and the shared warehouse,
    None where that is all of it. It stays on disk until the block is left without an error.
    """
    since, mark = _oldest_open(landing, committed), landing.root / ".pull.json"
    if (broken := read_record(mark, _PullMark)) is not None:
        since = min(since, broken.since) if since and broken.since else None
    make_folder(landing.root)
    write_atomic(mark, pretty(_PullMark(since)))
    yield since
    with os_errors_as_home_error(mark):
        mark.unlink()


def runs_since(landing: Landing, since: str | None) -> Iterator[RunFolder]:
    """Yield the runs from one on, the newest first; all where `since` is None."""
    for run in landing.newest_first():
        if since is not None and run.run_id < since:
            return
        yield run


# Five parameters: both sides, from where on, and what this machine may do.
def pull_landing(
    stored: StoredHome,
    committed: Collection[str],
    *,
    since: str | None,
    now: datetime,
    writes: bool = True,
) -> None:
    """Make the landing like the store's from one run on.

    `committed` are the runs of the shared warehouse; StoreError when the landing then lacks one of
    them. Of a run whose end the store did not take, it counts what the machine that went on
    recorded: that it was interrupted, and what it had landed in the store. What the store lost goes
    there if this machine `writes`.
    """
    landing = stored.landing
    _pull_days(stored, writes=writes)
    _take(stored, _unlike(stored, "landing/checkpoints"), writes=writes)
    pull_journal(stored.home, stored.store)
    landing.remove_packed_folders()
    listed = stored.store.list("landing/runs", after=f"landing/runs/{since}" if since else None)
    by_name = {each.name: each for each in listed}
    runs = list(runs_since(landing, since))
    set_unlike_aside(stored, runs, by_name, committed, now=now, writes=writes)
    ends = [each for each in listed if each.name.endswith(f"/{END}")]
    others = [each for each in listed if not each.name.endswith(f"/{END}")]
    _take(stored, _unlike_files(stored, others), writes=writes)
    # the end of a run last: a kill in between leaves one that is pulled again
    missing = [each for each in ends if not (stored.home.root / each.name).exists()]
    _take(stored, missing, writes=writes)
    _require_all(stored, committed, since)
    pull_objects(stored, (run for run in runs_since(landing, since) if run.packed is None))


def _require_all(stored: StoredHome, committed: Collection[str], since: str | None) -> None:
    """Raise StoreError unless the landing has all runs of the shared warehouse from one on: what
    is missed here is not looked for again.
    """
    landed = {run.run_id for run in runs_since(stored.landing, since)}
    if lacking := sorted({i for i in committed if since is None or i >= since} - landed):
        raise StoreError(
            f"the store {stored.store.address} does not list run {lacking[0]}, which the shared "
            "warehouse has. Run the command again; if the store still lacks it, run `pricehouse "
            "warehouse pull` and then `pricehouse warehouse push` on a machine that has it, or "
            "restore it from a backup of the store"
        )


def pull_objects(stored: StoredHome, runs: Iterable[RunFolder]) -> None:
    """Pull the bytes that the runs name; those that maintenance dropped are not in the store."""
    landing = stored.landing
    wanted = {each for run in runs for each in named_objects(run) if not landing.holds(each)}

    def find(payload_hash: str) -> StoredObject | None:
        return stored.store.head(stored.name_of(landing.path_of(payload_hash)))

    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        found = [each for each in pool.map(find, sorted(wanted)) if each is not None]
    _each(stored, found, stored.fetch)


def _oldest_open(landing: Landing, committed: Collection[str]) -> str | None:
    """Return the newest run here that the shared warehouse has and that is marked so, or a run
    before it without its mark: what the store may have more of begins there."""
    unfinished = [run.run_id for run in landing.unfinished()]
    newest = next(
        (r.run_id for r in landing.newest_first() if r.run_id in committed and r.is_committed), None
    )
    return min([newest, *unfinished]) if newest is not None else None


def _pull_days(stored: StoredHome, *, writes: bool) -> None:
    """Pull the days that other machines packed; what only a day of this machine has is kept in
    set-aside.
    """
    days = _unlike(stored, "landing/days")
    paths = {each: stored.home.root / each.name for each in days}
    others = [each for each in days if paths[each].exists()]
    _take(stored, [each for each in days if each not in others], writes=writes)
    for each in others:
        kept = free_name(stored.landing.set_aside / "days" / paths[each].name)
        stored.take(each, aside=kept, writes=writes)
        with suppress(LandingError):  # a damaged day stays there
            if _run_ids(kept) <= _run_ids(paths[each]):
                with os_errors_as_home_error(kept):
                    kept.unlink(missing_ok=True)


def _run_ids(day: Path) -> set[str]:
    return {head.record.run_id for head in read_heads(day)}


def _unlike(stored: StoredHome, folder: str) -> list[StoredObject]:
    return _unlike_files(stored, stored.store.list(folder))


def _unlike_files(stored: StoredHome, files: Iterable[StoredObject]) -> list[StoredObject]:
    """Return the files of the store that are missing here, or of another size."""
    wanted = []
    for each in files:
        path = stored.home.root / each.name
        if not path.exists() or path.stat().st_size != each.size:
            wanted.append(each)
    return wanted


def _take(stored: StoredHome, files: Iterable[StoredObject], *, writes: bool) -> None:
    """Pull files; a record whose place one takes is kept in set-aside."""

    def take(each: StoredObject) -> None:
        path = stored.home.root / each.name
        is_record = path.parent.parent.name == "runs"
        name = f"{path.parent.name}.{path.name}"
        aside = stored.landing.set_aside / name if is_record else None
        stored.take(each, aside=aside, writes=writes)

    _each(stored, files, take)


def _each(
    stored: StoredHome, files: Iterable[StoredObject], pull: Callable[[StoredObject], None]
) -> None:
    files = list(files)
    for folder in sorted({(stored.home.root / each.name).parent for each in files}):
        make_folder(folder)
    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        for _ in pool.map(pull, files):
            pass
