"""Whether a file of a landing is whole, whatever it holds."""

from __future__ import annotations

from pathlib import Path

import msgspec

from schemas.errors import LandingError
from schemas.records import EndMark, FeedFetch, RunRecord
from warehouse.storage.home import Home
from warehouse.storage.landing import read_body
from warehouse.storage.run_days import read_day
from warehouse.storage.run_folder import END, read_record
from warehouse.writer.checkpoint import read_through

_KINDS: dict[str, type[msgspec.Struct]] = {"run.json": RunRecord, END: EndMark}


def require_whole_file(home: Home, path: Path, *, staged: Path | None = None) -> None:
    """Raise LandingError when a file of the landing is damaged, or `staged`, which is to be it."""
    file = staged or path
    match path.relative_to(home.landing).parts:
        case ("objects", *_):
            read_body(file, path.stem)
        case ("checkpoints", _):
            read_through(file)
        case ("days", _):
            read_day(file)
        case ("runs", _, name) if path.suffix == ".json":
            read_record(file, _KINDS.get(name, FeedFetch))


def is_whole_file(home: Home, path: Path) -> bool:
    """Return whether a file of the landing is whole."""
    try:
        require_whole_file(home, path)
    except LandingError:
        return False
    return True
