"""The mark of a price that stands beside a key which the parser does not know.

The key may change what the number means, so a marked price counts only where it is confirmed:
transforms/reconcile/confirmation.py.
"""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from schemas.text import replace_unprintable

MARK = "unknown_key: "
"""Start of the reason of a marked claim; the names of the keys follow."""
SEPARATOR = ", "


def mark_of(keys: Iterable[str]) -> str | None:
    """Return the mark for unknown keys, None without any."""
    names = sorted(keys)
    return MARK + replace_unprintable(SEPARATOR.join(names), 80) if names else None


def is_marked(text: str | None) -> bool:
    """Return whether a problem or reason is a mark."""
    return text is not None and text.startswith(MARK)


def marked() -> pl.Expr:
    """Return whether each row's reason is a mark."""
    return pl.col("reason").str.starts_with(MARK).fill_null(value=False)


def unconfirmed() -> pl.Expr:
    """Return whether each row has a number that an unknown key stands beside."""
    return pl.col("price_status").is_in(["priced", "free"]) & marked()
