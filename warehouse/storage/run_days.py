"""The records of old runs, packed: one file holds those of all runs that began on one day (UTC).

A run has a file for each feed and takes 64 kB on most disks, for a tenth of that in bytes; packed
with the others of its day it takes less than one.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import msgspec
import zstandard

from schemas.errors import LandingError
from schemas.records import PackedHead, PackedRun
from warehouse.storage.files import make_folder, os_errors_as_home_error, write_atomic

LEVEL = 9
SUFFIX = ".json.zst"
DAY = len("20250101")
"""Characters of a run id that name its day."""
_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder(list[PackedRun])
_head_decoder = msgspec.json.Decoder(list[PackedHead])
_T = TypeVar("_T")


def day_of(run_id: str) -> str:
    """Return the day of a run, as its id begins."""
    return run_id[:DAY]


def day_file(folder: Path, day: str) -> Path:
    """Return the file of a day, whether it is there or not."""
    return folder / f"{day}{SUFFIX}"


def packed_days(folder: Path) -> list[str]:
    """Return the days that have a file."""
    with os_errors_as_home_error(folder):
        names = os.listdir(folder) if folder.is_dir() else []
    return [name.removesuffix(SUFFIX) for name in names if not name.startswith(".")]


def read_day(path: Path) -> list[PackedRun]:
    """Return the runs of a day by id, none without the file; LandingError when it is damaged."""
    return _read(path, _decoder)


def read_heads(path: Path) -> list[PackedHead]:
    """Return the record and the end mark of each run of a day; errors as `read_day`.

    A year has thousands of runs, whose pages would be hundreds of megabytes.
    """
    return _read(path, _head_decoder)


def read_packed(path: Path, run_id: str) -> PackedRun:
    """Return all records of a run that the file of its day holds; LandingError without them."""
    try:
        stat = path.stat()
    except OSError as error:
        raise LandingError(f"{path} is damaged: {error}; restore it from a backup") from error
    found = _runs_at(path, stat.st_ino, stat.st_mtime_ns).get(run_id)
    if found is None:
        raise LandingError(f"{path} lacks run {run_id}; restore it from a backup")
    return found


@lru_cache(maxsize=2)
def _runs_at(path: Path, _inode: int, _written_at: int) -> dict[str, PackedRun]:
    """Return the runs of a day as its file is now: who asks for one asks for those beside it."""
    return {run.record.run_id: run for run in read_day(path)}


def _read(path: Path, decoder: msgspec.json.Decoder[list[_T]]) -> list[_T]:
    try:
        packed = path.read_bytes()
        unpacker = zstandard.ZstdDecompressor().decompressobj()
        text = unpacker.decompress(packed)
        if not unpacker.eof:
            raise zstandard.ZstdError("it is truncated")
        return decoder.decode(text)
    except FileNotFoundError:
        return []
    except (OSError, zstandard.ZstdError, msgspec.DecodeError) as error:
        raise LandingError(f"{path} is damaged: {error}; restore it from a backup") from error


def write_day(path: Path, runs: Iterable[PackedRun]) -> None:
    """Add runs to the file of a day; whole or as it was. A run that it holds stays as it is."""
    found = {run.record.run_id: run for run in [*runs, *read_day(path)]}
    text = _encoder.encode([found[run_id] for run_id in sorted(found)])
    make_folder(path.parent)
    packer = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)
    write_atomic(path, packer.compress(text))
