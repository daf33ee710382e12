"""Single files of a landing and of its store: each side gets what is whole on the other."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import msgspec

from schemas.errors import LandingError, ObjectDamaged, StoreConflict
from schemas.records import EndMark
from warehouse.storage.files import os_errors_as_home_error, sync_folder
from warehouse.storage.future_runs import keep
from warehouse.storage.home import Home
from warehouse.storage.landing import Landing
from warehouse.storage.run_folder import END, RunFolder
from warehouse.store.landed_files import is_whole_file, require_whole_file
from warehouse.store.objects import Store, StoredObject


class StoredFiles:
    """The files of a home and of its store, for the process that holds the home's lock."""

    def __init__(self, home: Home, store: Store) -> None:
        self.home = home
        self.store = store
        self.landing = Landing(home.landing)

    def name_of(self, path: Path) -> str:
        """Return the name in the store of a file of the home."""
        return path.relative_to(self.home.root).as_posix()

    def put_again(self, path: Path) -> None:
        """Store a file of the landing in the place of one that is missing or damaged in the store;
        one that is damaged here is fetched from there.

        StoreConflict for a run that ended otherwise in the store, LandingError where the store
        lacks what is damaged here.
        """
        name = self.name_of(path)
        try:
            require_whole_file(self.home, path)
        except LandingError:
            if (stored := self.store.head(name)) is None:
                raise
            with suppress(ObjectDamaged):
                self.take(stored)
                return
            raise
        if path.name == END and (run := self.landing.run_of(path.parent.name)) is not None:
            self.push_end(run)
        else:
            self.store.put(name, path)

    def take(self, each: StoredObject, *, aside: Path | None = None, writes: bool = True) -> None:
        """Put a file of the store in the place of the home's, which is kept as `aside`; the folders
        of both are there.

        Where it is damaged and the home's is whole, that goes to the store if this machine `writes`
        there. ObjectDamaged where neither is whole.
        """
        path = self.home.root / each.name
        staged = self._stage(each)
        try:
            require_whole_file(self.home, path, staged=staged)
        except LandingError:
            with os_errors_as_home_error(staged):
                staged.unlink()
            if not path.exists() or not is_whole_file(self.home, path):
                raise ObjectDamaged(
                    f"{each.name} of the store {self.store.address} is damaged. Remove it there, "
                    "and run `pricehouse warehouse push` on a machine that has it; else restore it "
                    "from a backup of the store"
                ) from None
            if writes:
                self.put_again(path)
            return
        if aside is not None and path.exists():
            keep(path, aside)
        self._place(staged, path)

    def fetch(self, each: StoredObject) -> None:
        """Pull a file that the home lacks, whose folder is there; who reads it verifies it."""
        self._place(self._stage(each), self.home.root / each.name)

    def _stage(self, each: StoredObject) -> Path:
        path = self.home.root / each.name
        staged = path.with_name(f".{path.name}.pulled.tmp")
        self.store.fetch(each.name, staged, size=each.size)
        return staged

    def _place(self, staged: Path, path: Path) -> None:
        with os_errors_as_home_error(path):
            staged.replace(path)
            sync_folder(path.parent)

    def push_end(self, run: RunFolder) -> None:
        """Push the end of a run, in the place of a damaged one; StoreConflict for another one."""
        end = run.path / END
        name = self.name_of(end)
        if not self.store.put_new(name, end) and not self.is_own_end(run, self.store.read(name)):
            self.store.put(name, end)

    def is_own_end(self, run: RunFolder, stored: bytes) -> bool:
        """Return whether an end mark of the store is that of a run here, False for a damaged one;
        StoreConflict for another.
        """
        if stored == (run.path / END).read_bytes():
            return True
        with suppress(msgspec.DecodeError):
            msgspec.json.decode(stored, type=EndMark)
            raise self._ended_elsewhere(run)
        return False

    def _ended_elsewhere(self, run: RunFolder) -> StoreConflict:
        return StoreConflict(
            f"in the store {self.store.address} run {run.run_id} ended otherwise than in "
            f"{self.home.root}: another machine went on without it. Nothing was changed; pull the "
            "store into an empty home with `pricehouse warehouse pull` and go on there"
        )
