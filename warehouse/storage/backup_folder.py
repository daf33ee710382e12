"""A folder with the newest backup of one home.

    backup.json       the manifest, written last: until then the backup of before is the one here
    files/ab/abcd…    one file, named by the sha256 of its bytes
    .lock             held by the backup that is being made

A file never changes, so a second backup adds what is new, and a kill leaves the backup of before.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import msgspec

from schemas.backup import FORMAT, Manifest, SavedFile, SealedManifest
from schemas.errors import BackupError, HomeError, UsageError
from warehouse.storage.files import (
    make_folder,
    make_named_folder,
    os_errors_as_home_error,
    sync_folder,
    write_atomic,
)
from warehouse.storage.lock import hold

_CHUNK_BYTES = 1 << 20
_OWN = {"backup.json", "files", ".lock"}
_PART = re.compile(r"[0-9a-f]{2}")
_STORED = re.compile(r"([0-9a-f]{2})/\1[0-9a-f]{62}")
_OF_A_DISK = {"lost+found"}
"""Entries of an empty disk that is mounted as the folder."""


@dataclass(frozen=True)
class BackupFolder:
    """One folder of a backup."""

    root: Path

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Make the folder and hold it for one new backup; UsageError where it is another's."""
        make_named_folder(self.root)
        with os_errors_as_home_error(self.root):
            others = [path.name for path in self.root.iterdir() if not _is_own(path)]
            if not others and (files := self.root / "files").exists():
                others = [f"files/{p.name}" for p in files.iterdir() if not _is_own_part(p)]
        if others:
            raise UsageError(
                f"{self.root} holds other files, like {min(others)}; name a new folder or one with "
                "an earlier backup of this home"
            )
        with hold(self.root / ".lock", wait_s=0):
            yield

    def read_manifest(self) -> Manifest | None:
        """Return the manifest, None without one; BackupError when it is damaged."""
        path = self.root / "backup.json"
        try:
            sealed = msgspec.json.decode(path.read_bytes(), type=SealedManifest)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as error:
            raise _damaged(path, str(error)) from error
        if sealed.format > FORMAT:
            raise HomeError(
                f"{path} was written by a newer pricehouse (format {sealed.format}, this one "
                f"knows {FORMAT}); update pricehouse"
            )
        if sha256(sealed.manifest).hexdigest() != sealed.sha256:
            raise _damaged(path, "its hash does not match")
        try:
            return msgspec.json.decode(sealed.manifest, type=Manifest)
        except msgspec.DecodeError as error:
            raise _damaged(path, str(error)) from error

    def write_manifest(self, manifest: Manifest) -> None:
        """Make a backup the one of this folder; all its files are here."""
        text = msgspec.json.encode(manifest)
        sealed = SealedManifest(
            format=FORMAT, sha256=sha256(text).hexdigest(), manifest=msgspec.Raw(text)
        )
        for folder in {self._place(file.sha256).parent for file in manifest.files}:
            with os_errors_as_home_error(folder):
                sync_folder(folder)
        write_atomic(self.root / "backup.json", msgspec.json.encode(sealed))

    def holds(self, file: SavedFile, *, read: bool) -> bool:
        """Return whether a file is here with its number of bytes, and if it is `read`, as it was
        saved."""
        path = self._place(file.sha256)
        try:
            if path.stat().st_size != file.bytes:
                return False
            return not read or _hash_of(path) == file.sha256
        except OSError:
            return False

    def save(self, path: str, source: Path) -> SavedFile:
        """Copy a file of the home, unless it is here already, and return its hash.

        FileNotFoundError where the home no longer has it.
        """
        folder = self.root / "files"
        make_folder(folder)
        staged = folder / f".{os.getpid()}.tmp"
        with suppress(OSError):
            staged.unlink()  # of a killed process that had this id
        try:
            digest, size = _copy(source, staged)
            file = SavedFile(path, digest, size)
            if not self.holds(file, read=True):
                place = self._place(digest)
                make_folder(place.parent)
                with os_errors_as_home_error(place):
                    staged.replace(place)
            return file
        finally:
            with suppress(OSError):
                staged.unlink()

    def path_of(self, file: SavedFile) -> Path:
        """Return where a file is stored; it need not be there."""
        return self._place(file.sha256)

    def restore(self, file: SavedFile, target: Path) -> None:
        """Write a file to a new place; BackupError when it is missing or damaged here."""
        source = self._place(file.sha256)
        make_folder(target.parent)
        try:
            digest, size = _copy(source, target)
        except FileNotFoundError:
            raise _damaged(source, f"it is missing; it is {file.path}") from None
        if (digest, size) != (file.sha256, file.bytes):
            raise _damaged(source, f"its hash does not match; it is {file.path}")

    def remove_others(self, manifest: Manifest) -> None:
        """Remove the files that the backup does not name: those of earlier backups."""
        named = {file.sha256 for file in manifest.files}
        with os_errors_as_home_error(self.root):
            for path in self.root.glob("files/??/*"):
                is_stored = _STORED.fullmatch(f"{path.parent.name}/{path.name}")
                if is_stored and path.name not in named and not path.parent.is_symlink():
                    path.unlink()
            for path in (*self.root.glob("files/.*.tmp"), *self.root.glob(".*.tmp")):
                path.unlink()

    def _place(self, digest: str) -> Path:
        return self.root / "files" / digest[:2] / digest


def _is_own(path: Path) -> bool:
    """Return whether an entry of the folder is of a backup, or of an empty disk.

    A backup has no symbolic link: what it leads to is another's.
    """
    if path.is_symlink():
        return False
    return path.name in _OWN | _OF_A_DISK or path.name.endswith(".tmp")


def _is_own_part(path: Path) -> bool:
    """Return whether an entry of `files` is: a folder of stored files, or one being written."""
    is_part = bool(_PART.fullmatch(path.name)) and path.is_dir() and not path.is_symlink()
    return is_part or path.name.endswith(".tmp")


def _copy(source: Path, target: Path) -> tuple[str, int]:
    """Copy a file durably; return the hash and the number of its bytes."""
    digest, size = sha256(), 0
    try:
        old = source.open("rb")
    except FileNotFoundError:
        if source.is_symlink():
            raise HomeError(
                f"{source} is a symbolic link to nothing; put the file back, or remove the link"
            ) from None
        raise
    except OSError as error:
        raise HomeError(f"{source} cannot be read: {error.strerror}") from error
    with old, os_errors_as_home_error(target), target.open("xb") as new:
        while chunk := old.read(_CHUNK_BYTES):
            digest.update(chunk)
            new.write(chunk)
            size += len(chunk)
        new.flush()
        os.fsync(new.fileno())
    return digest.hexdigest(), size


def _hash_of(path: Path) -> str:
    with path.open("rb") as file:
        digest = sha256()
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _damaged(path: Path, why: str) -> BackupError:
    return BackupError(
        f"{path} of the backup is damaged: {why}. Use another backup, or while its home exists "
        "repair this one with `pricehouse backup --verify`; no home was changed"
    )
