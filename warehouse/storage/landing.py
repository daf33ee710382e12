"""Raw bytes by their hash, and the records of each run about them; replay reads nothing else.

    objects/ab/abcd….zst      one body, zstd, named by the sha256 of what it holds
    runs/<run_id>/run.json    RunRecord, before the first request
                  <feed>.jsonl  a LandedPage a line while the feed is fetched; a trace, not used
                  <feed>.json   FeedFetch, when the fetch is over; replay relies on this alone
                  end.json      EndMark; a run without one was interrupted
    checkpoints/<sequence>-<run_id>.duckdb.zst  the warehouse after that run
    set-aside/<run_id>/  a run that was taken out, with the reason beside it: future_runs.py

A name is written only after everything that it names is on disk.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import msgspec
import zstandard

from schemas.errors import HomeError, LandingError
from schemas.payload import Payload
from schemas.records import EndMark, FeedFetch, LandedPage, RunRecord
from warehouse.storage.files import (
    append_line,
    make_folder,
    os_errors_as_home_error,
    sync_folder,
    write_atomic,
)

LEVEL = 3
_RESERVED = {"run", "end"}
_encoder = msgspec.json.Encoder(order="deterministic")
_T = TypeVar("_T")


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
        path = self._object(payload_hash)
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
        write_atomic(path / "run.json", _pretty(record))
        return RunFolder(landing=self, path=path, record=record)

    def runs(self) -> list[RunFolder]:
        """Return all runs by id, so by time; a folder killed while being created is left out."""
        return self._runs_in(self._runs)

    def run_of(self, run_id: str) -> RunFolder | None:
        """Return the run with this id, None where its folder is not here."""
        return self._opened(self._runs / run_id)

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

    def unfinished(self) -> list[RunFolder]:
        """Return the runs without an end mark: interrupted, or running in another process."""
        return [run for run in self.runs() if run.mark is None]

    @property
    def _runs(self) -> Path:
        return self.root / "runs"

    @property
    def _objects(self) -> Path:
        return self.root / "objects"

    def _object(self, payload_hash: str) -> Path:
        return self._objects / payload_hash[:2] / f"{payload_hash}.zst"

    def _runs_in(self, folder: Path) -> list[RunFolder]:
        with os_errors_as_home_error(folder):
            paths = sorted(folder.iterdir()) if folder.is_dir() else []
        return [run for path in paths if (run := self._opened(path)) is not None]

    def _opened(self, path: Path) -> RunFolder | None:
        ended = (path / "end.json").exists()  # then its record was whole once
        try:
            record = _read(path / "run.json", RunRecord)
        except LandingError:
            if ended:
                raise
            return None
        if record is None and ended:
            raise LandingError(f"{path / 'run.json'} is missing; restore it from a backup")
        return RunFolder(landing=self, path=path, record=record) if record else None


@dataclass(frozen=True)
class RunFolder:
    """What one run landed; every file in it is written once."""

    landing: Landing
    path: Path
    record: RunRecord

    @property
    def run_id(self) -> str:
        """Id of the run."""
        return self.record.run_id

    @property
    def mark(self) -> EndMark | None:
        """How the run ended, None when it has not; LandingError when the mark is damaged."""
        return _read(self.path / "end.json", EndMark)

    def land(self, payload: Payload) -> LandedPage:
        """Put one answer on disk, first its bytes and then its line in the trace."""
        page = LandedPage(
            page=payload.page,
            url=payload.url,
            status=payload.status,
            payload_hash=self.landing.put(payload.body),
            bytes=len(payload.body),
            fetched_at=payload.fetched_at,
            captured_at=payload.captured_at,
            answered=payload.answered,
            about=payload.about,
        )
        append_line(self._feed(payload.feed, "jsonl"), _encoder.encode(page))
        return page

    def close_feed(self, fetch: FeedFetch) -> None:
        """Write the manifest of a feed, which replay relies on; HomeError when there is another."""
        self._write_once(self._feed(fetch.feed, "json"), fetch)
        trace = self._feed(fetch.feed, "jsonl")
        with os_errors_as_home_error(trace):
            trace.unlink(missing_ok=True)

    def fetches(self) -> list[FeedFetch]:
        """Return the closed feeds by name; LandingError when a manifest is damaged."""
        names = sorted(path.stem for path in self._files("json") if path.stem not in _RESERVED)
        fetches = [self.fetch_of(name) for name in names]
        return [fetch for fetch in fetches if fetch is not None]

    def fetch_of(self, feed: str) -> FeedFetch | None:
        """Return one closed feed, None without it; LandingError when its manifest is damaged."""
        return _read(self._feed(feed, "json"), FeedFetch)

    def traces(self) -> dict[str, list[LandedPage]]:
        """Return by feed what a run that was killed had landed of feeds that it never closed."""
        names = sorted(path.stem for path in self._files("jsonl"))
        closed = {path.stem for path in self._files("json")}
        return {name: self._trace(name) for name in names if name not in closed}

    def end(self, mark: EndMark) -> None:
        """Record how the run ended; HomeError when it ended before: the first mark is kept."""
        self._write_once(self.path / "end.json", mark)

    def _feed(self, feed: str, suffix: str) -> Path:
        if feed in _RESERVED:
            raise ValueError(f"no feed may be called {feed!r}: the run's own file is")
        return self.path / f"{feed}.{suffix}"

    def _files(self, suffix: str) -> list[Path]:
        with os_errors_as_home_error(self.path):
            return [path for path in self.path.iterdir() if path.match(f"[!.]*.{suffix}")]

    def _trace(self, feed: str) -> list[LandedPage]:
        with os_errors_as_home_error(self.path):
            lines = self._feed(feed, "jsonl").read_bytes().splitlines()
        pages = []
        for line in lines:
            with suppress(msgspec.DecodeError):  # torn by a kill or a full disk
                pages.append(msgspec.json.decode(line, type=LandedPage))
        return pages

    def _write_once(self, path: Path, record: msgspec.Struct) -> None:
        data = _pretty(record)
        with os_errors_as_home_error(path):
            before = path.read_bytes() if path.exists() else None
        if before is None:
            write_atomic(path, data)
        elif before != data:
            raise HomeError(f"{path} has other content already; nothing was changed")


def _pretty(record: msgspec.Struct) -> bytes:
    return msgspec.json.format(_encoder.encode(record), indent=2) + b"\n"


def _read(path: Path, kind: type[_T]) -> _T | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise LandingError(f"{path} is damaged: {error}; restore it from a backup") from error


def _holds(path: Path, body: bytes) -> bool:
    try:
        return _unpack(path) == body
    except (OSError, zstandard.ZstdError):
        return False


def _unpack(path: Path) -> bytes:
    # As a stream: the one-call form allocates whatever size a damaged header claims.
    unpacker = zstandard.ZstdDecompressor().decompressobj()
    body = unpacker.decompress(path.read_bytes())
    if not unpacker.eof:
        raise zstandard.ZstdError("it is truncated")
    return body
