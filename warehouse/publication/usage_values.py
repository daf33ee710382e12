"""Values of a column of usage as text, and the error that names a row and its column."""

from __future__ import annotations

import polars as pl

from schemas.errors import UsageError
from schemas.text import replace_unprintable


def column_texts(rows: pl.DataFrame, name: str) -> pl.Series:
    """Return the values of a column as text, NULL where it is empty; UsageError for lists, bytes
    and whatever else is no text."""
    column = rows[name]
    if column.dtype.is_nested() or column.dtype in (pl.Binary, pl.Object):
        found = column.is_not_null()
        require_usable(rows, name, found, "is no single value of text or number")
        return pl.Series(name, [None], dtype=pl.String).new_from_index(0, len(rows))
    return column.cast(pl.String).str.strip_chars().replace("", None)


def require_usable(rows: pl.DataFrame, name: str, bad: pl.Series, message: str) -> None:
    """Raise UsageError with the first row of which `bad` is true."""
    wrong = bad.fill_null(value=False).arg_true()
    if len(wrong):
        value = replace_unprintable(str(rows[name][int(wrong[0])]), 80)
        raise UsageError(f"row {int(wrong[0]) + 1}, column {name}: {value} {message}")
