"""Raw bytes by their hash, and the records of each run about them; replay reads nothing else.

    objects/ab/abcd….zst      one body, zstd, named by the sha256 of what it holds
    runs/<run_id>/run.json    RunRecord, before the first request
                  <feed>.jsonl  a LandedPage a line while the feed is fetched; a trace, not used
                  <feed>.json   FeedFetch, when the fetch is over; replay relies on this alone
                  end.json      EndMark; a run without one was interrupted
    days/<date>.json.zst      the records of runs of one day, packed by maintenance: run_days.py
    checkpoints/<sequence>-<run_id>.duckdb.zst  the warehouse after that run
    set-aside/<run_id>/  a run that was taken out, with the reason beside it: future_runs.py

A name is written only after everything that it names is on disk.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import zstandard

from schemas.errors import HomeError, LandingError
from schemas.records import RunRecord
from warehouse.storage.files import (
    make_folder,
    os_errors_as_home_error,
    sync_folder,
    write_atomic,
)
from warehouse.storage.run_days import day_file, day_of, packed_days, read_heads, write_day
from warehouse.storage.run_folder import RunFolder, has_ended, pretty, read_record

LEVEL = 3


@dataclass(frozen=True)
class Landing:
    """The landing of one home; nothing is written until the first `put` or `begin`."""

    root: Path

    def put(self, body: bytes) -> str:
        """Store a body durably, once, and return its sha256; HomeError when the disk refuses."""
        payload_hash = sha256(body).hexdigest()
        path = self._object(payload_hash)
        make_folder(path.parent)
        # Reading the present object back whole costs a quarter of compressing it again, and so an
        # object that a failing disk damaged is repaired by the next answer that is the same.
        if _holds(path, body):
            # The process that wrote it may have died between its rename and its sync.
            with os_errors_as_home_error(path):
                sync_folder(path.parent)
        else:
            packer = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)
            write_atomic(path, packer.compress(body))
        return payload_hash

    def get(self, payload_hash: str) -> bytes:
        """Return a body, verified; LandingError when it is missing, truncated or another."""
        return read_body(self._object(payload_hash), payload_hash)

    def path_of(self, payload_hash: str) -> Path:
        """Return the file of a body, whether it is there or not."""
        return self._object(payload_hash)

    def holds(self, payload_hash: str) -> bool:
        """Return whether a body is stored; reading it may still find it damaged."""
        return self._object(payload_hash).exists()

    def objects(self) -> dict[str, int]:
        """Return sha256 → bytes on disk of every stored body."""
        with os_errors_as_home_error(self._objects):
            return {path.stem: path.stat().st_size for path in self._objects.glob("??/[!.]*.zst")}

    def drop(self, payload_hash: str) -> None:
        """Remove a body; runs that name it can no longer be replayed."""
        path = self._object(payload_hash)
        with os_errors_as_home_error(path):
            path.unlink(missing_ok=True)

    def begin(self, record: RunRecord) -> RunFolder:
        """Open the folder of a new run; HomeError when that run id was used before."""
        path = self._runs / record.run_id
        make_folder(self._runs)
        with os_errors_as_home_error(path):
            try:
                path.mkdir()
            except FileExistsError as error:
                raise HomeError(f"run {record.run_id} exists already: {path}") from error
            sync_folder(self._runs)
        write_atomic(path / "run.json", pretty(record))
        return RunFolder(landing=self, path=path, record=record)

    def runs(self) -> list[RunFolder]:
        """Return all runs by id, so by time; a folder killed while being created is left out."""
        return list(self.newest_first())[::-1]

    def newest_first(self) -> Iterator[RunFolder]:
        """Yield the runs, the newest first; each is read only when it is asked for.

        An hour looks at the last few of thousands, so it must not read them all.
        """
        paths: dict[str, list[Path]] = {day: [] for day in packed_days(self._days)}
        for path in reversed(self.run_folders()):
            paths.setdefault(day_of(path.name), []).append(path)
        for day in sorted(paths, reverse=True):
            opened = (self._opened(path) for path in paths[day])
            present = (run for run in opened if run is not None)
            packed = self._packed(day)
            # a kill may have left the folder of a packed run
            found = {run.run_id: run for run in [*present, *packed]} if packed else None
            yield from present if found is None else [found[i] for i in sorted(found)[::-1]]

    def run_of(self, run_id: str) -> RunFolder | None:
        """Return the run with this id, None where it is not here."""
        packed = (run for run in self._packed(day_of(run_id)) if run.run_id == run_id)
        return next(packed, None) or self._opened(self._runs / run_id)

    def pack_day(
        self,
        day: str,
        runs: Sequence[RunFolder],
        *,
        before_removal: Callable[[Path, list[Path]], None] = lambda file, folders: None,
    ) -> None:
        """Pack the records of ended runs of one day into one file, then remove their folders;
        `before_removal` gets the file and the folders.
        """
        folders, path = [run for run in runs if run.packed is None], day_file(self._days, day)
        write_day(path, [run.as_packed() for run in folders])
        before_removal(path, [run.path for run in folders])
        for run in folders:
            self._remove_run(run.path)

    def _remove_run(self, path: Path) -> None:
        # hidden first: a kill must not leave a run of which some records are gone
        hidden = path.with_name(f".{path.name}.tmp")
        with os_errors_as_home_error(path):
            path.rename(hidden)
            shutil.rmtree(hidden)

    def _packed_folders(self) -> list[Path]:
        """Return the folders of packed runs, which a kill while packing may have left."""
        found: list[Path] = []
        folders: dict[str, list[Path]] = {}
        for path in self.run_folders():
            folders.setdefault(day_of(path.name), []).append(path)
        for day in folders.keys() & packed_days(self._days):
            packed = {run.run_id for run in self._packed(day)}
            found += [path for path in folders[day] if path.name in packed]
        return sorted(found)

    def remove_packed_folders(
        self, *, before_removal: Callable[[list[Path]], None] = lambda folders: None
    ) -> None:
        """Remove the folders of packed runs; `before_removal` gets them."""
        folders = self._packed_folders()
        before_removal(folders)
        for path in folders:
            self._remove_run(path)

    def newest_committed(self) -> RunFolder | None:
        """Return the newest committed run; LandingError when a record after it is damaged."""
        return next((run for run in self.newest_first() if run.is_committed), None)

    def runs_before(self, run_id: str) -> Iterator[RunFolder]:
        """Yield the runs before one, the newest first; each is read when it is reached."""
        return (run for run in self.newest_first() if run.run_id < run_id)

    def set_aside_runs(self) -> list[RunFolder]:
        """Return the runs that were set aside, by id; replay does not read them."""
        return self._runs_in(self.set_aside)

    @property
    def set_aside(self) -> Path:
        """Folder of the runs that were set aside."""
        return self.root / "set-aside"

    def committed(self) -> list[RunFolder]:
        """Return the committed runs in the order of replay; LandingError when it is not clear."""
        order: dict[int, RunFolder] = {}
        for run in self.runs():
            mark = run.mark
            if mark is None or mark.outcome != "committed":
                continue
            if mark.sequence is None or mark.sequence in order:
                raise LandingError(
                    f"{run.path / 'end.json'} has the sequence {mark.sequence}, which is missing "
                    "or another run's; the order of replay is not clear"
                )
            order[mark.sequence] = run
        return [order[sequence] for sequence in sorted(order)]

    def run_folders(self) -> list[Path]:
        """Return the folders of runs, by id, whether they can be read or not."""
        return self._paths_in(self._runs)

    def unfinished(self) -> list[RunFolder]:
        """Return the runs without an end mark: interrupted, or running in another process."""
        paths = [path for path in self.run_folders() if not has_ended(path)]
        return [run for path in paths if (run := self._opened(path)) is not None]

    @property
    def _runs(self) -> Path:
        return self.root / "runs"

    @property
    def _days(self) -> Path:
        return self.root / "days"

    def _packed(self, day: str) -> list[RunFolder]:
        path = day_file(self._days, day)
        return [
            RunFolder(landing=self, path=path, record=head.record, packed=head.mark)
            for head in read_heads(path)
        ]

    @property
    def _objects(self) -> Path:
        return self.root / "objects"

    def _object(self, payload_hash: str) -> Path:
        return self._objects / payload_hash[:2] / f"{payload_hash}.zst"

    def _runs_in(self, folder: Path) -> list[RunFolder]:
        return [run for path in self._paths_in(folder) if (run := self._opened(path)) is not None]

    def _paths_in(self, folder: Path) -> list[Path]:
        with os_errors_as_home_error(folder):
            # names sort a tenth as long as paths do, and an hour lists the runs several times
            names = sorted(os.listdir(folder)) if folder.is_dir() else []
        return [folder / name for name in names if not name.startswith(".")]

    def _opened(self, path: Path) -> RunFolder | None:
        ended = has_ended(path)  # then its record was whole once
        try:
            record = read_record(path / "run.json", RunRecord)
        except LandingError:
            if ended:
                raise
            return None
        if record is None and ended:
            raise LandingError(f"{path / 'run.json'} is missing; restore it from a backup")
        return RunFolder(landing=self, path=path, record=record) if record else None


def _holds(path: Path, body: bytes) -> bool:
    try:
        return _unpack(path) == body
    except (OSError, zstandard.ZstdError):
        return False


def read_body(path: Path, payload_hash: str) -> bytes:
    """Return a body, verified by its hash; LandingError when it is missing, truncated or another.

    Its file may be on its way into a landing.
    """
    try:
        body = _unpack(path)
        problem = None if sha256(body).hexdigest() == payload_hash else "it holds other bytes"
    except (OSError, zstandard.ZstdError) as error:
        problem = str(error)
    if problem is not None:
        raise LandingError(
            f"landed payload {payload_hash} cannot be read from {path}: {problem}; "
            "restore that file from a backup"
        )
    return body


def _unpack(path: Path) -> bytes:
    # As a stream: the one-call form allocates whatever size a damaged header claims.
    unpacker = zstandard.ZstdDecompressor().decompressobj()
    body = unpacker.decompress(path.read_bytes())
    if not unpacker.eof:
        raise zstandard.ZstdError("it is truncated")
    return body
