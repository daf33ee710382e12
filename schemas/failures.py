"""Which errors a row or a feed may fail with, and the text of a traceback for the log."""

from __future__ import annotations

import traceback
from pathlib import Path

from polars.exceptions import PanicException

from schemas.errors import HomeError, SecretError, UsageError
from schemas.text import replace_unprintable

ANY_ERROR = (Exception, PanicException)
"""Everything that code may raise; a panic of polars is no Exception, an interruption is none."""
ENDS_RUN = (HomeError, UsageError, SecretError, OSError, MemoryError)
"""Errors of the home, the settings or the machine: no feed is to blame, so they end the run."""
LONGEST_LINE = 500
MOST_LINES = 60


def kind_of(error: BaseException) -> str:
    """Return an error's type and the line of code that raised it: `KeyError, hub.py:120`."""
    frames = traceback.extract_tb(error.__traceback__, limit=-1)
    where = f", {Path(frames[0].filename).name}:{frames[0].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"


def traceback_text(error: BaseException) -> str:
    """Return the end of a traceback without unprintable characters: its message may quote a row."""
    lines = "".join(traceback.format_exception(error)).splitlines()
    return "\n".join(replace_unprintable(line, LONGEST_LINE) for line in lines[-MOST_LINES:])
