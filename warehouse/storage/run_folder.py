"""The records of one run in landing: what each feed landed, and how the run ended."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from schemas.errors import HomeError, LandingError
from schemas.payload import Payload
from schemas.records import EndMark, FeedFetch, LandedPage, PackedRun, RunRecord
from warehouse.storage.files import append_line, os_errors_as_home_error, write_atomic
from warehouse.storage.run_days import read_packed

if TYPE_CHECKING:  # which makes folders of runs
    from warehouse.storage.landing import Landing

END = "end.json"
_RESERVED = {"run", "end"}
_encoder = msgspec.json.Encoder(order="deterministic")
_T = TypeVar("_T")


@dataclass(frozen=True)
class RunFolder:
    """What one run landed; every file in it is written once."""

    landing: Landing
    path: Path
    record: RunRecord
    packed: EndMark | None = None
    """How it ended, where its records are packed with those of its day: then `path` is the day's
    file."""

    @property
    def run_id(self) -> str:
        """Id of the run."""
        return self.record.run_id

    @property
    def mark(self) -> EndMark | None:
        """How the run ended, None when it has not; LandingError when the mark is damaged."""
        if self.packed is not None:
            return self.packed
        return read_record(self.path / END, EndMark)

    @property
    def is_committed(self) -> bool:
        """Whether the run ended with a commit."""
        mark = self.mark
        return mark is not None and mark.outcome == "committed"

    @property
    def _records(self) -> PackedRun:
        """All records of a packed run."""
        return read_packed(self.path, self.run_id)

    def land(self, payload: Payload) -> LandedPage:
        """Put one answer on disk, first its bytes and then its line in the trace."""
        page = LandedPage(
            page=payload.page,
            url=payload.url,
            status=payload.status,
            payload_hash=self._stored(payload),
            bytes=len(payload.body),
            fetched_at=payload.fetched_at,
            captured_at=payload.captured_at,
            answered=payload.answered,
            about=payload.about,
            next_link=payload.next_link,
            received_at=payload.received_at,
        )
        append_line(self._feed(payload.feed, "jsonl"), _encoder.encode(page))
        return page

    def _stored(self, payload: Payload) -> str:
        """Store the bytes unless they are landed ones, which `get` has verified."""
        if payload.received_at is not None:
            return payload.payload_hash
        return self.landing.put(payload.body)

    def close_feed(self, fetch: FeedFetch) -> None:
        """Write the manifest of a feed, which replay relies on; HomeError when there is another."""
        self._write_once(self._feed(fetch.feed, "json"), fetch)
        trace = self._feed(fetch.feed, "jsonl")
        with os_errors_as_home_error(trace):
            trace.unlink(missing_ok=True)

    def fetches(self) -> list[FeedFetch]:
        """Return the closed feeds by name; LandingError when a manifest is damaged."""
        if self.packed is not None:
            return list(self._records.fetches)
        names = sorted(path.stem for path in self._files("json") if path.stem not in _RESERVED)
        fetches = [self.fetch_of(name) for name in names]
        return [fetch for fetch in fetches if fetch is not None]

    def fetch_of(self, feed: str) -> FeedFetch | None:
        """Return one closed feed, None without it; LandingError when its manifest is damaged."""
        if self.packed is not None:
            return next((fetch for fetch in self._records.fetches if fetch.feed == feed), None)
        return read_record(self._feed(feed, "json"), FeedFetch)

    def traces(self) -> dict[str, list[LandedPage]]:
        """Return by feed what a run that was killed had landed of feeds that it never closed."""
        if self.packed is not None:
            return dict(self._records.traces)
        names = sorted(path.stem for path in self._files("jsonl"))
        closed = {path.stem for path in self._files("json")}
        return {name: self._trace(name) for name in names if name not in closed}

    def as_packed(self) -> PackedRun:
        """Return all records of the run; LandingError when it has not ended."""
        mark = self.mark
        if mark is None:
            raise LandingError(f"run {self.run_id} has not ended; its records cannot be packed")
        return PackedRun(
            record=self.record, mark=mark, fetches=self.fetches(), traces=self.traces()
        )

    def end(self, mark: EndMark) -> None:
        """Record how the run ended; HomeError when it ended otherwise: the first mark is kept."""
        if self.packed is None:
            self._write_once(self.path / END, mark)
        elif mark != self.packed:
            raise HomeError(
                f"{self.path} has another end of run {self.run_id} already; nothing was changed"
            )

    def _feed(self, feed: str, suffix: str) -> Path:
        if feed in _RESERVED:
            raise ValueError(f"no feed may be called {feed!r}: the run's own file is")
        return self.path / f"{feed}.{suffix}"

    def _files(self, suffix: str) -> list[Path]:
        with os_errors_as_home_error(self.path):
            paths = list(self.path.iterdir())
        return [p for p in paths if p.suffix == f".{suffix}" and not p.name.startswith(".")]

    def _trace(self, feed: str) -> list[LandedPage]:
        with os_errors_as_home_error(self.path):
            lines = self._feed(feed, "jsonl").read_bytes().splitlines()
        pages = []
        for line in lines:
            with suppress(msgspec.DecodeError):  # torn by a kill or a full disk
                pages.append(msgspec.json.decode(line, type=LandedPage))
        return pages

    def _write_once(self, path: Path, record: msgspec.Struct) -> None:
        data = pretty(record)
        with os_errors_as_home_error(path):
            before = path.read_bytes() if path.exists() else None
        if before is None:
            write_atomic(path, data)
        elif before != data:
            raise HomeError(f"{path} has other content already; nothing was changed")


def has_ended(run: Path) -> bool:
    """Return whether a run's folder has its end mark."""
    return (run / END).exists()


def pretty(record: msgspec.Struct) -> bytes:
    """Return a record as JSON for people too, the same each time."""
    return msgspec.json.format(_encoder.encode(record), indent=2) + b"\n"


def read_record(path: Path, kind: type[_T]) -> _T | None:
    """Return a record, None without its file; LandingError when it is damaged."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise LandingError(f"{path} is damaged: {error}; restore it from a backup") from error
