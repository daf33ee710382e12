"""The landing of a home in its store: what a run pushes before its commit and after its end.

    home.json                the kind of the home's data
    landing/…                as in the home; the end mark of a run after all that it names
    landing/commits/…        who takes which place in the order of replay: reservations.py
    published/…              the publications: stored_publications.py

What is to go from the landing goes from the store first, so that a kill leaves work that is done
again, and no object that nobody names.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import msgspec

from schemas.errors import (
    HomeKindError,
    LandingError,
    ObjectMissing,
    StoreConflict,
    StoreError,
)
from schemas.records import Origin
from warehouse.publication.publish import publication_path, published_id
from warehouse.storage.deliveries import journal_path
from warehouse.storage.home import Home
from warehouse.storage.landing import Landing
from warehouse.storage.retention import named_objects
from warehouse.storage.run_folder import END, RunFolder
from warehouse.store.objects import Store
from warehouse.store.reservations import (
    old_reservations,
    require_own,
    require_own_publication,
    reservations_of,
    reserve,
)
from warehouse.store.shared_journal import pull_journal
from warehouse.store.stored_files import StoredFiles
from warehouse.store.stored_publications import (
    push_publication,
    remove_publication,
    torn_publications,
)

STAMP = "home.json"
_CONNECTIONS = 8


class _StoredStamp(msgspec.Struct):
    origin: Origin


class StoredHome(StoredFiles):
    """A home and its store, for the process that holds the home's lock."""

    def __init__(self, home: Home, store: Store, *, is_shared: bool = False) -> None:
        super().__init__(home, store)
        self._is_shared = is_shared  # then a shared warehouse keeps the order of runs
        self._pushed: set[str] = set()
        """Hashes of landed bytes that the store has: those of the newest runs."""
        self._pushed_records: set[Path] = set()
        """Records that this process put there, or found: they never change."""

    def begin(self, last_sequence: int) -> None:
        """Push what the store lacks of earlier runs; StoreConflict when another home wrote it.

        HomeKindError when the store has the other kind of data.
        """
        self._require_kind()
        if not self._is_shared:
            require_own(self.store, self.landing, after=last_sequence)
            require_own_publication(self.store, self.landing)
        self.complete()

    def push_landed(self, run: RunFolder, *, sequence: int, after: int) -> None:
        """Take the place of a run, and push all that it landed: then it may be committed.

        Its record comes first: a machine that pulls knows whose place it is, also after a kill.
        """
        self._push_record(run.path / "run.json")
        if not self._is_shared:
            self._reserve(run, sequence=sequence, after=after)
        self._push_objects(named_objects(run))
        self._push_records(run)

    def _reserve(self, run: RunFolder, *, sequence: int, after: int) -> None:
        try:
            reserve(self.store, self.landing, run.run_id, sequence=sequence, after=after)
        except StoreConflict:
            self.store.delete([self.name_of(run.path / "run.json")])
            raise

    def finish(self) -> None:
        """Push the end of a run, what else is new, and the newest publication."""
        self.complete()
        if self._is_shared:
            pull_journal(self.home, self.store)
        journal = journal_path(self.landing)
        if journal.is_file():
            self.store.put(self.name_of(journal), journal)
        push_publication(self.home, self.store)

    def complete(self) -> None:
        """Push the ended runs that the store lacks, from the newest that it has on, and the
        checkpoints.
        """
        days = set()
        for run in reversed(self._lacking()):
            if run.packed is None:
                self.push_run(run)
            else:
                self._push_objects(named_objects(run))
                days.add(run.path)
        self.push_days(days)
        self.push_checkpoints()

    def push_run(self, run: RunFolder) -> None:
        """Push an ended run that has a folder; its end comes last."""
        self._push_objects(named_objects(run))
        self._push_records(run)
        self.push_end(run)

    def push_checkpoints(self) -> None:
        """Push the checkpoints that the store lacks."""
        folder = self.home.landing / "checkpoints"
        present = {each.name for each in self.store.list(self.name_of(folder))}
        for path in sorted(folder.glob("[!.]*")):
            if self.name_of(path) not in present:
                self.store.put(self.name_of(path), path)

    def push_lacking_days(self) -> None:
        """Push the files of packed days that the store lacks: a killed maintenance leaves them."""
        folder = self.home.landing / "days"
        stored = {each.name: each.size for each in self.store.list(self.name_of(folder))}
        paths = folder.glob("[!.]*")
        self.push_days(p for p in paths if stored.get(self.name_of(p)) != p.stat().st_size)

    def push_days(self, paths: Iterable[Path]) -> None:
        """Push the files of whole days, in the place of earlier ones."""
        for path in sorted(paths):
            self.store.put(self.name_of(path), path)

    def delete(self, paths: Iterable[Path]) -> None:
        """Remove files of the home from the store; of a folder, all that the store has below it."""
        for path in paths:
            if path.is_dir():
                self.store.delete(each.name for each in self.store.list(self.name_of(path)))
            else:
                self.store.delete([self.name_of(path)])

    def clean(self, last_sequence: int) -> list[str]:
        """Remove what no run or publication of the home names any more; return its names."""
        orphans = [
            *orphans_of(self.home, self.store),
            *old_reservations(self.store, last=last_sequence),
        ]
        self.store.delete(orphans)
        return orphans

    def withdraw(self, run: RunFolder) -> None:
        """Remove a run that is set aside from the store, its place and its publication."""
        remove_publication(self.store, run.run_id)
        self.store.delete(reservations_of(self.store, run.run_id))
        self.delete([run.path])

    def _require_kind(self) -> None:
        stamp = self.home.root / STAMP
        try:
            stored = self.store.read(STAMP)
        except ObjectMissing:
            self.store.put_new(STAMP, stamp)
            stored = self.store.read(STAMP)
        origin = stored_origin(self.store, stored)
        if origin != self.home.origin:
            raise HomeKindError(
                f"the store {self.store.address} has {origin} data and {self.home.root} is a home "
                f"of {self.home.origin} data; set PRICEHOUSE_STORE to another prefix"
            )

    def _lacking(self) -> list[RunFolder]:
        """Return the ended runs after the newest that the store has whole, the newest first.

        The runs before it are whole too: they were pushed before it. Where several homes write,
        that holds of a commit alone: a run that failed on another machine may be newer than
        commits which this one made without the shared warehouse.
        """
        lacking, newest_first = [], self.landing.newest_first()
        for run in newest_first:
            if run.mark is None:
                continue
            if self._has_whole(run):
                if self._is_shared and not run.is_committed:
                    continue
                # maintenance keeps the bytes of the last run that fetched: the store has them
                if not self._pushed and run.is_committed and run.record.decisions_hash is None:
                    with suppress(LandingError):  # a damaged record names none; `doctor` reports it
                        self._pushed = named_objects(run)
                break
            lacking.append(run)
        return lacking

    def _has_whole(self, run: RunFolder) -> bool:
        if run.packed is not None:
            found = self.store.head(self.name_of(run.path))
            return found is not None and found.size == run.path.stat().st_size
        end = run.path / END
        try:
            stored = self.store.read(self.name_of(end))
        except ObjectMissing:
            return False
        return self.is_own_end(run, stored)

    def _push_objects(self, hashes: set[str]) -> None:
        wanted = sorted(h for h in hashes - self._pushed if self.landing.holds(h))
        paths = [self.landing.path_of(payload_hash) for payload_hash in wanted]
        with ThreadPoolExecutor(_CONNECTIONS) as pool:
            for _ in pool.map(lambda path: self.store.put_new(self.name_of(path), path), paths):
                pass
        self._pushed |= set(wanted)

    def _push_records(self, run: RunFolder) -> None:
        for path in sorted(run.path.glob("[!.]*")):
            if path.name != END:
                self._push_record(path)

    def _push_record(self, path: Path) -> None:
        if path not in self._pushed_records:
            self.store.put_new(self.name_of(path), path)
            self._pushed_records.add(path)


def orphans_of(home: Home, store: Store) -> list[str]:
    """Return the objects of a store that no run and no publication of its home names.

    A kill leaves them: files of a publication without its label, and folders of packed runs.
    """
    landing, here = Landing(home.landing), published_id(home)
    files, _ = torn_publications(store)
    own = here and f"{home.published.name}/{publication_path(home, here).name}"
    runs = {name.split("/")[2] for name in _names(store, "landing/runs")}
    packed = {run.run_id for run in landing.runs() if run.packed is not None} & runs
    return [
        *(name for name in files if name != own),
        *(name for run in sorted(packed) for name in _names(store, f"landing/runs/{run}")),
    ]


def _names(store: Store, folder: str) -> list[str]:
    return [each.name for each in store.list(folder)]


def stored_origin(store: Store, stamp: bytes) -> Origin:
    """Return the kind of data that the stamp of a store names."""
    try:
        return msgspec.json.decode(stamp, type=_StoredStamp).origin
    except msgspec.DecodeError:
        problem = StoreError(
            f"{STAMP} of the store {store.address} is damaged; put that of the home in its place"
        )
    raise problem
