"""Whether a file of a landing is whole, whatever it holds."""

from __future__ import annotations

from pathlib import Path

import msgspec

from schemas.errors import LandingError
from schemas.records import EndMark, FeedFetch, RunRecord
from warehouse.storage.home import Home
from warehouse.storage.landing import Landing
from warehouse.storage.run_days import read_day
from warehouse.storage.run_folder import END, read_record
from warehouse.writer.checkpoint import checkpoints, read_through

_KINDS: dict[str, type[msgspec.Struct]] = {"run.json": RunRecord, END: EndMark}


def require_whole(home: Home, path: Path) -> None:
    """Raise LandingError when a file of the landing is damaged."""
    match path.relative_to(home.landing).parts:
        case ("objects", *_):
            Landing(home.landing).get(path.stem)
        case ("checkpoints", _):
            for checkpoint in checkpoints(home):
                if checkpoint.path == path:
                    read_through(checkpoint)
        case ("days", _):
            read_day(path)
        case ("runs", _, name) if path.suffix == ".json":
            read_record(path, _KINDS.get(name, FeedFetch))


def is_whole(home: Home, path: Path) -> bool:
    """Return whether a file of the landing is whole."""
    try:
        require_whole(home, path)
    except LandingError:
        return False
    return True
