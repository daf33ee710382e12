"""Back a home up into a folder, also while a run writes: what readers see, and what led to it.

Nothing is locked. A publication never changes, and neither do the records of a run that has ended,
so the backup is the home as it was when the newest publication was linked: that file, the runs up
to it, and what they landed. The writer's own file is left out: a publication is a copy of it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import msgspec

from pipeline.progress import OnStep, ignore_step
from schemas.backup import Manifest, SavedFile
from schemas.clock import Clock, utc_now
from schemas.errors import BackupError, HomeError, HomeKindError, LandingError, UsageError
from schemas.records import Origin
from warehouse.publication.publish import published_id, require_publication
from warehouse.storage.backup_folder import BackupFolder
from warehouse.storage.deliveries import journal_path
from warehouse.storage.home import Home
from warehouse.storage.landing import Landing
from warehouse.storage.retention import named_objects, sequence_of
from warehouse.storage.run_folder import RunFolder
from warehouse.writer.checkpoint import checkpoints

TRIES = 5
"""Maintenance may drop or pack what was about to be copied; then the home is looked at again."""


class BackedUp(msgspec.Struct, frozen=True, kw_only=True):
    """What was backed up; `--json` prints this. Sizes are bytes."""

    home: str
    folder: str
    made_at: datetime
    origin: Origin
    publication_id: str | None
    runs: int
    files: int
    bytes: int
    files_added: int
    bytes_added: int


class HomeFile(NamedTuple):
    """A file of the home to save. One that `is_fixed` never changes under its name."""

    path: Path
    is_fixed: bool = False
    payload_hash: str | None = None


class _Plan(NamedTuple):
    publication: Path | None
    publication_id: str | None
    runs: list[RunFolder]
    files: list[HomeFile]


def back_up(
    root: Path,
    folder: Path,
    *,
    verify: bool = False,
    clock: Clock = utc_now,
    on_step: OnStep = ignore_step,
) -> BackedUp:
    """Make the folder a backup of the home as readers see it; the one of before stays until then.

    Files that an earlier backup saved are not copied again; with `verify` each is read and compared
    with its hash, and a damaged one is saved again. UsageError for a folder that is another's,
    HomeKindError for a backup of the other kind of data, LandingError for a landed answer that is
    damaged in the home.
    """
    home, target = Home.at(root), BackupFolder(folder)
    if root.resolve() in (folder.resolve(), *folder.resolve().parents):
        raise UsageError(f"{folder} is in the home that it would be a backup of; name another one")
    with target.opened():
        earlier = _earlier(home, target, verify=verify)
        copier = _Copier(home, target, earlier, verify=verify)
        for _ in range(TRIES):
            on_step("read the home")
            plan = _plan(home)
            on_step("copy files")
            with suppress(FileNotFoundError):
                files = copier.copy(plan.files)
                break
        else:
            raise HomeError(f"{root} changed {TRIES} times while it was read; run again")
        on_step("verify the publication")
        _require_publication(home, target, plan, files)
        manifest = Manifest(
            origin=home.origin,
            made_at=clock(),
            code_version=version("pricehouse"),
            publication_id=plan.publication_id,
            newest_run_id=plan.runs[-1].run_id if plan.runs else None,
            files=files,
        )
        on_step("write the manifest")
        target.write_manifest(manifest)
        on_step("remove files of earlier backups")
        target.remove_others(manifest)
    return BackedUp(
        home=str(root),
        folder=str(folder),
        made_at=manifest.made_at,
        origin=manifest.origin,
        publication_id=manifest.publication_id,
        runs=len(plan.runs),
        files=len(files),
        bytes=sum(file.bytes for file in files),
        files_added=len(copier.added),
        bytes_added=sum(file.bytes for file in copier.added),
    )


def _earlier(home: Home, target: BackupFolder, *, verify: bool) -> Manifest | None:
    """Return the manifest of the backup before; an error when it is of another home."""
    try:
        earlier = target.read_manifest()
    except BackupError:
        if verify:
            return None  # made again, of the files that are there
        raise
    if earlier is None:
        return None
    if earlier.origin != home.origin:
        raise HomeKindError(
            f"{target.root} has a backup of {earlier.origin} data and {home.root} holds "
            f"{home.origin} data; name another folder"
        )
    if (run_id := earlier.newest_run_id) is not None:
        landing = Landing(home.landing)
        known = landing.run_of(run_id) is not None
        if not known and run_id not in {run.run_id for run in landing.set_aside_runs()}:
            raise UsageError(
                f"{target.root} has a backup of another home, up to run {run_id}; name another "
                "folder"
            )
    return earlier


def _plan(home: Home) -> _Plan:
    """Return what belongs to the newest publication; everything that it names is on disk."""
    landing = Landing(home.landing)
    publication_id = published_id(home)
    publication = home.root / home.link.readlink() if publication_id is not None else None
    runs = landing.runs()
    last = next((run for run in runs if run.run_id == publication_id), None)
    if last is None and (publication_id or any(run.is_committed for run in runs)):
        raise HomeError(
            f"{home.root} cannot be backed up: its link leads to no publication of a run in "
            "landing; run `pricehouse replay`, or `pricehouse doctor` for the reason"
        )
    newest = sequence_of(last) if last else 0
    # A run that has not ended, or is not published yet, belongs to the next backup.
    ended = [run for run in runs if run.mark is not None and sequence_of(run) <= newest]
    files = [HomeFile(home.root / "home.json"), *_landed_files(home, landing, ended, newest)]
    if publication is not None:
        files.append(HomeFile(publication, is_fixed=True))
    return _Plan(publication, publication_id, ended, files)


def _landed_files(
    home: Home, landing: Landing, runs: list[RunFolder], newest: int
) -> Iterator[HomeFile]:
    # objects before checkpoints: one is written before objects go that it replaces
    stored = landing.objects()
    aside = landing.set_aside_runs()
    named = {payload_hash for run in [*runs, *aside] for payload_hash in named_objects(run)}
    for payload_hash in sorted(named & stored.keys()):
        yield HomeFile(landing.path_of(payload_hash), is_fixed=True, payload_hash=payload_hash)
    for path in sorted({run.path for run in runs}):
        inside = sorted(path.iterdir()) if path.is_dir() else [path]
        yield from (HomeFile(file) for file in inside if not file.name.startswith("."))
    for checkpoint in checkpoints(home):
        if checkpoint.sequence <= newest:
            yield HomeFile(checkpoint.path, is_fixed=True)
    for path in sorted(landing.set_aside.rglob("*")):
        if path.is_file():
            yield HomeFile(path)
    journal = journal_path(landing)
    if journal.is_file():  # without it a restored home would send all alerts again
        yield HomeFile(journal)


class _Copier:
    """Copy what the folder lacks; `added` are the files that were copied."""

    def __init__(
        self, home: Home, target: BackupFolder, earlier: Manifest | None, *, verify: bool
    ) -> None:
        self.added: list[SavedFile] = []
        self._home = home
        self._target = target
        self._known = {file.path: file for file in earlier.files} if earlier else {}
        self._verify = verify

    def copy(self, files: list[HomeFile]) -> list[SavedFile]:
        """Return the saved files; FileNotFoundError where the home lacks one meanwhile."""
        return [self._saved(file) for file in files]

    def _saved(self, file: HomeFile) -> SavedFile:
        name = file.path.relative_to(self._home.root).as_posix()
        known = self._known.get(name)
        if known is not None and file.is_fixed and self._target.holds(known, read=self._verify):
            return known
        self._require_whole(file)
        saved = self._target.save(name, file.path)
        if saved != known:
            self.added.append(saved)
        self._known[name] = saved
        return saved

    def _require_whole(self, file: HomeFile) -> None:
        """Raise LandingError for a damaged answer: it must not replace a good copy."""
        if file.payload_hash is None:
            return
        try:
            Landing(self._home.landing).get(file.payload_hash)
        except LandingError:
            if not os.path.lexists(file.path):
                raise FileNotFoundError(file.path) from None
            raise


def _require_publication(
    home: Home, target: BackupFolder, plan: _Plan, files: list[SavedFile]
) -> None:
    if plan.publication is None or plan.publication_id is None:
        return
    name = f"{home.published.name}/{plan.publication.name}"
    saved = next(file for file in files if file.path == name)
    require_publication(target.path_of(saved), plan.publication_id)
