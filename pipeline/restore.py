"""Restore a backup into an empty folder: verified by hashes and checks before it becomes a home.

.restore.tmp/     the copy, until it is checked; then its entries move into the folder, the
                  stamp `home.json` last. A kill before that leaves no home, and the same
                  command begins again.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path, PurePosixPath

import msgspec

from pipeline.progress import OnStep, ignore_step
from schemas.backup import Manifest
from schemas.clock import Clock, utc_now
from schemas.errors import BackupError, HomeKindError, UsageError
from schemas.records import Origin
from warehouse.health.findings import Finding
from warehouse.health.home_checks import check_home
from warehouse.publication.publish import published_id
from warehouse.storage.backup_folder import BackupFolder
from warehouse.storage.files import (
    copy_file,
    make_named_folder,
    os_errors_as_home_error,
    sync_folder,
)
from warehouse.storage.home import Home
from warehouse.storage.lock import hold

STAGING = ".restore.tmp"
_UNRELATED = {"lost+found", ".lock"}
_OF_THIS_MACHINE = {"clock", "disk"}
"""Checks that a backup cannot fail: they are about the machine."""


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
    source = BackupFolder(folder)
    on_step("read the backup")
    manifest = source.read_manifest()
    if manifest is None:
        raise UsageError(f"{folder} has no backup: there is no backup.json in it")
    make_named_folder(root)
    _require_empty(root, manifest)
    with hold(root / ".lock", wait_s=0):
        staged = Home(root / STAGING)
        if not _is_in_place(root):
            with _staging(staged.root):
                on_step("copy files")
                _copy(source, manifest, staged)
                on_step("check the copy")
                _check(staged, clock=clock)
                _put_in_place(staged, root, on_step)
    on_step("check the home")
    findings = list(check_home(Home(root), now=clock()))
    # last: until then, the same command completes a restore that was killed
    shutil.rmtree(staged.root, ignore_errors=True)
    sync_folder(root)
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


def _require_empty(root: Path, manifest: Manifest) -> None:
    """Raise unless the folder is empty, or what a killed restore left of it."""
    with os_errors_as_home_error(root):
        found = {path.name for path in root.iterdir()} - _UNRELATED
    if not found:
        return
    if STAGING in found and ("home.json" not in found or _is_this(Home(root), manifest)):
        return
    if "home.json" in found and (origin := Home(root).origin) != manifest.origin:
        raise HomeKindError(
            f"{root} is a home of {origin} data and the backup is of {manifest.origin} data; "
            "set PRICEHOUSE_HOME to a new folder"
        )
    raise UsageError(
        f"{root} is not empty (it has {min(found)}); restore into a new folder, or move this one "
        "away first"
    )


def _is_this(home: Home, manifest: Manifest) -> bool:
    """Return whether a home is the one of this backup, without a later run."""
    is_alike = home.origin == manifest.origin
    return is_alike and published_id(home) == manifest.publication_id


def _is_in_place(root: Path) -> bool:
    """Return whether a killed restore had moved everything: then only its folder is left."""
    return (root / STAGING).is_dir() and (root / "home.json").exists()


@contextmanager
def _staging(staging: Path) -> Iterator[None]:
    """Make the folder of the copy, without what a killed restore left; remove it after an error."""
    root = staging.parent
    with os_errors_as_home_error(staging):
        if staging.exists():
            for name in _entries(Home(root)):
                _remove(name)
            shutil.rmtree(staging)
        make_named_folder(staging)
    try:
        yield
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise


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


def _check(staged: Home, *, clock: Clock) -> None:
    failed = [
        finding
        for finding in check_home(staged, now=clock())
        if not finding.ok and finding.check not in _OF_THIS_MACHINE
    ]
    if failed:
        why = "; ".join(f"{finding.check}: {finding.message}" for finding in failed)
        raise BackupError(f"the backup is no whole home, and nothing was restored: {why}")


def _put_in_place(staged: Home, root: Path, on_step: OnStep) -> None:
    for path in _entries(staged):
        if path.is_symlink() or path.exists():
            on_step(f"put {path.name} in place")
            with os_errors_as_home_error(root):
                path.replace(root / path.name)
                sync_folder(root)


def _entries(home: Home) -> list[Path]:
    """Return what a restored home consists of, in the order in which it is put in place."""
    stamp = home.root / "home.json"
    return [home.landing, home.published, home.warehouse, home.link, stamp]


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
