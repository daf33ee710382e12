"""Our statements by name: each lives in a file of its own under sql/."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).with_name("sql")


@cache
def statement(*names: str) -> str:
    """Return the text of `sql/<name>.sql`; of several, one after the other as one statement."""
    return "".join((_FOLDER / f"{name}.sql").read_text("utf-8") for name in names)


MATCHED = "match_cards"
"""Begins each statement that a reader's filters narrow."""
