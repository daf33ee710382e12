"""Date rows by the answers of their feeds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import polars as pl

from schemas.contract import UTC_TIME


def feed_time(column: str, observed: Mapping[str, datetime]) -> pl.Expr:
    """Return the time of the last whole answer of the feed in a column; null without one."""
    return pl.col(column).replace_strict(dict(observed), default=None, return_dtype=UTC_TIME)
