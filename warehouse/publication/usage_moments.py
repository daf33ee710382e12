"""The times of rows of usage: texts with an offset, local times of a zone, or timestamps."""

from __future__ import annotations

import polars as pl

from schemas.errors import UsageError
from schemas.usage import MOMENT
from warehouse.publication.usage_values import column_texts, require_usable

_WITH_OFFSET = r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?\s*(Z|z|[+-]\d\d:?\d\d|[+-]\d\d)$"
_WITHOUT_OFFSET = r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?$"


def utc_moments(rows: pl.DataFrame, timezone: str | None) -> pl.Series:
    """Return the times of the rows as TIMESTAMPTZ in UTC; `timezone` is that of local ones.

    UsageError names the first row whose time cannot be used, or a zone that does not exist.
    """
    if timezone is not None:
        _require_zone(timezone)
    column = rows[MOMENT]
    require_usable(rows, MOMENT, column.is_null(), "is empty")
    if not isinstance(column.dtype, pl.Datetime):
        moments = _read_texts(rows, timezone)
    elif column.dtype.time_zone:
        moments = column.dt.convert_time_zone("UTC").cast(pl.Datetime("us", "UTC"))
    else:
        moments = _in_zone(rows, column.cast(pl.Datetime("us")), timezone)
    year = moments.dt.year()
    require_usable(rows, MOMENT, (year < 1) | (year > 9999), "is not in the years 1 to 9999 of UTC")
    return moments


def _read_texts(rows: pl.DataFrame, timezone: str | None) -> pl.Series:
    texts = column_texts(rows, MOMENT)
    offset = texts.str.contains(_WITH_OFFSET)
    local = texts.str.contains(_WITHOUT_OFFSET)
    require_usable(
        rows,
        MOMENT,
        ~(offset | local),
        "is no time like 2026-03-01T12:00:00Z; a number has no unit and a date no hour",
    )
    plain = texts.str.replace(r"\s*(Z|z|[+-]\d\d:?\d\d|[+-]\d\d)$", "").str.replace(" ", "T")
    short = plain.str.len_chars() == len("2026-03-01T12:00")
    plain = plain.zip_with(~short, plain + ":00")
    naive = plain.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=False)
    require_usable(rows, MOMENT, naive.is_null(), "is no date and time")
    shift = texts.str.extract_groups(r"([+-])(\d\d):?(\d\d)?$").struct
    hours, past = (shift.field(place).cast(pl.Int64).fill_null(0) for place in ("2", "3"))
    far = offset & ((hours > 14) | (past > 59) | ((hours == 14) & (past > 0)))
    require_usable(rows, MOMENT, far, "has an offset from UTC that no place has")
    sign = shift.field("1").replace_strict({"+": 1, "-": -1}, default=0, return_dtype=pl.Int64)
    minutes = sign * (hours * 60 + past)
    exact = (
        naive - (minutes.fill_null(0) * 60_000_000).cast(pl.Duration("us"))
    ).dt.replace_time_zone("UTC")
    if not local.any():
        return exact
    masked = naive.zip_with(
        local, pl.Series([None], dtype=pl.Datetime("us")).extend_constant(None, len(naive) - 1)
    )
    return exact.zip_with(offset, _in_zone(rows, masked, timezone))


def _in_zone(rows: pl.DataFrame, naive: pl.Series, timezone: str | None) -> pl.Series:
    """Return local times as UTC; UsageError where the zone has no such time, or has it twice."""
    if timezone is None:
        require_usable(
            rows,
            MOMENT,
            naive.is_not_null(),
            "has no offset from UTC: write one, like Z or +02:00, or name the time zone",
        )
        return naive.dt.replace_time_zone("UTC")
    found = naive.dt.replace_time_zone(timezone, ambiguous="null", non_existent="null")
    require_usable(
        rows,
        MOMENT,
        found.is_null() & naive.is_not_null(),
        f"does not exist, or exists twice, in {timezone}: write the offset from UTC",
    )
    return found.dt.convert_time_zone("UTC")


def _require_zone(timezone: str) -> None:
    try:
        pl.Series([None], dtype=pl.Datetime("us")).dt.replace_time_zone(timezone)
    except pl.exceptions.PolarsError as error:
        raise UsageError(f"{timezone} is no time zone, like Europe/Berlin or UTC") from error
