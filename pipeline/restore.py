"""Restore a backup into an empty folder: verified by hashes and checks before it becomes a home."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from pathlib import Path, PurePosixPath

import msgspec

from pipeline.placing import HomeSource, place_home
from pipeline.progress import OnStep, ignore_step
from schemas.backup import Manifest
from schemas.clock import Clock, utc_now
from schemas.errors import BackupError, UsageError
from schemas.records import Origin
from warehouse.health.findings import Finding
from warehouse.publication.publish import published_id
from warehouse.storage.backup_folder import BackupFolder
from warehouse.storage.files import copy_file, os_errors_as_home_error
from warehouse.storage.home import Home


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """What was restored; `--json` prints this."""

    home: str
    folder: str
    made_at: datetime
    """When the backup was made."""
    origin: Origin
    publication_id: str | None
    files: int
    bytes: int
    findings: list[Finding]
    """What the checks of the restored home found, as `pricehouse doctor`."""


def restore(
    folder: Path, root: Path, *, clock: Clock = utc_now, on_step: OnStep = ignore_step
) -> Restored:
    """Make `root` the home that the backup in `folder` is of; UsageError unless it is empty.

    BackupError names a file that is damaged or missing, and then nothing is restored. A command
    that was killed is run again.
    """
    backup = BackupFolder(folder)
    on_step("read the backup")
    manifest = backup.read_manifest()
    if manifest is None:
        raise UsageError(f"{folder} has no backup: there is no backup.json in it")
    source = HomeSource(
        name="the backup",
        origin=manifest.origin,
        copy=partial(_copy, backup, manifest),
        is_of_it=lambda home: _is_this(home, manifest),
    )
    findings = place_home(root, source, clock=clock, on_step=on_step)
    return Restored(
        home=str(root),
        folder=str(folder),
        made_at=manifest.made_at,
        origin=manifest.origin,
        publication_id=manifest.publication_id,
        files=len(manifest.files),
        bytes=sum(file.bytes for file in manifest.files),
        findings=findings,
    )


def _is_this(home: Home, manifest: Manifest) -> bool:
    """Return whether a home is the one of this backup, without a later run."""
    is_alike = home.origin == manifest.origin
    return is_alike and published_id(home) == manifest.publication_id


def _copy(source: BackupFolder, manifest: Manifest, staged: Home) -> None:
    for file in manifest.files:
        path = PurePosixPath(file.path)
        if not path.parts or path.is_absolute() or ".." in path.parts or "\0" in file.path:
            raise BackupError(f"backup.json of the backup names {file.path}, which is in no home")
        source.restore(file, staged.root / path)
    if manifest.publication_id is not None:
        name = f"marketplace-{manifest.publication_id}.duckdb"
        if f"{staged.published.name}/{name}" not in {file.path for file in manifest.files}:
            raise BackupError(f"backup.json of the backup names {name}, which it does not have")
        with os_errors_as_home_error(staged.root):
            staged.link.symlink_to(Path(staged.published.name) / name)
            copy_file(staged.published / name, staged.warehouse)
