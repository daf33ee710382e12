"""Checkpoints: the warehouse after a run, for the runs whose bytes landing no longer has."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import zstandard

from schemas.errors import LandingError, WarehouseError
from warehouse.storage.files import make_folder, os_errors_as_home_error, sync_folder
from warehouse.storage.home import Home
from warehouse.writer.staging_file import replace_warehouse, require_warehouse, staged_database
from warehouse.writer.state import LastRun

KEEP = 2
LEVEL = 3
_NAME = re.compile(r"(\d{8,})-(.+)\.duckdb\.zst")
_CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True)
class Checkpoint:
    """A packed copy of the writer's file as it was after a run, the newest that it holds."""

    path: Path
    sequence: int
    run_id: str


def checkpoints(home: Home) -> list[Checkpoint]:
    """Return the checkpoints, the newest first; none is opened."""
    with os_errors_as_home_error(_folder(home)):
        paths = list(_folder(home).iterdir()) if _folder(home).is_dir() else []
    named = [(path, match) for path in paths if (match := _NAME.fullmatch(path.name))]
    stored = [Checkpoint(path, int(match[1]), match[2]) for path, match in named]
    return sorted(stored, key=lambda checkpoint: checkpoint.sequence, reverse=True)


def checkpoint_of(home: Home, last: LastRun) -> Checkpoint:
    """Return the checkpoint of a run, whether it is there or not."""
    path = _folder(home) / f"{last.sequence:08}-{last.run_id}.duckdb.zst"
    return Checkpoint(path, last.sequence, last.run_id)


def write_checkpoint(home: Home, last: LastRun) -> None:
    """Pack the writer's file, which must be closed and end with this run; whole or not there.

    The copy is unpacked and opened before it gets its name. WarehouseError when it is not whole.
    """
    path = checkpoint_of(home, last).path
    staged = path.with_name(f".{path.name}.tmp")
    make_folder(path.parent)
    try:
        with os_errors_as_home_error(path):
            _pack(home.warehouse, staged)
        with staged_database(home.root, home.warehouse.name) as copy:
            _unpack(staged, copy)
            require_warehouse(copy, run_id=last.run_id, sequence=last.sequence)
        with os_errors_as_home_error(path):
            staged.replace(path)
            sync_folder(path.parent)
    finally:
        staged.unlink(missing_ok=True)


def is_whole(home: Home, checkpoint: Checkpoint) -> bool:
    """Unpack and open a checkpoint; False when it is damaged or another run's."""
    try:
        with staged_database(home.root, home.warehouse.name) as copy:
            _open(checkpoint, copy)
    except (LandingError, WarehouseError):
        return False
    return True


def read_through(path: Path) -> None:
    """Unpack a checkpoint without storing it, to verify its checksum; LandingError if damaged."""
    unpacker = zstandard.ZstdDecompressor().decompressobj()
    try:
        for chunk in _chunks(path):
            unpacker.decompress(chunk)
    except zstandard.ZstdError as error:
        raise _damaged(path, str(error)) from error
    if not unpacker.eof:
        raise _damaged(path, "it is truncated")


def restore_checkpoint(checkpoint: Checkpoint, *, into: Home) -> None:
    """Put a checkpoint in the place of a home's warehouse; LandingError when it is damaged."""
    with staged_database(into.root, into.warehouse.name) as copy:
        _open(checkpoint, copy)
        replace_warehouse(into, copy)


def superseded_checkpoints(home: Home) -> list[Path]:
    """Return the checkpoints that newer ones replace: all but the newest two."""
    return [checkpoint.path for checkpoint in checkpoints(home)[KEEP:]]


def _folder(home: Home) -> Path:
    return home.landing / "checkpoints"


def _open(checkpoint: Checkpoint, copy: Path) -> None:
    _unpack(checkpoint.path, copy)
    require_warehouse(copy, run_id=checkpoint.run_id, sequence=checkpoint.sequence)


def _pack(source: Path, target: Path) -> None:
    packer = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)
    with source.open("rb") as plain, target.open("wb") as packed:
        packer.copy_stream(plain, packed, size=source.stat().st_size)
        packed.flush()
        os.fsync(packed.fileno())


def _unpack(source: Path, target: Path) -> None:
    unpacker = zstandard.ZstdDecompressor().decompressobj()
    with os_errors_as_home_error(target), target.open("wb") as plain:
        try:
            for chunk in _chunks(source):
                plain.write(unpacker.decompress(chunk))
        except zstandard.ZstdError as error:
            raise _damaged(source, str(error)) from error
    if not unpacker.eof:
        raise _damaged(source, "it is truncated")


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


def _damaged(path: Path, why: str) -> LandingError:
    return LandingError(f"checkpoint {path} cannot be read: {why}; restore it from a backup")
