"""Read rows of usage from CSV, JSON, NDJSON and Parquet, and refuse what cannot be costed."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from schemas.errors import UsageError
from schemas.text import replace_unprintable
from schemas.usage import (
    COLUMNS,
    MOMENT,
    MOST_DECIMALS,
    MOST_UNITS,
    NAMES,
    PARTS,
    QUANTITIES,
    SPELLINGS,
    STATED_COST,
)

FORMATS = ("csv", "ndjson", "json", "parquet")
_NUMBER = r"^[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]{1,3})?$"
_SHORT = rf"^[0-9]+(\.[0-9]{{0,{MOST_DECIMALS}}})?$"
_WITH_OFFSET = r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?\s*(Z|z|[+-]\d\d:?\d\d|[+-]\d\d)$"
_WITHOUT_OFFSET = r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?$"
_KNOWN = {*COLUMNS, *SPELLINGS, STATED_COST}


def read_rows(
    data: Path | bytes, form: str, renames: Mapping[str, str] | None = None
) -> pl.DataFrame:
    """Return the rows of a file or body, with the known columns under their own names.

    Values are as they were written. UsageError for bytes that are not of the format.
    """
    try:
        if form == "csv":
            rows = pl.read_csv(_source(data), infer_schema=False, null_values=[""])
        elif form == "parquet":
            rows = pl.read_parquet(_source(data))
        else:
            rows = _read_json(data, form, set(renames or {}))
    except (pl.exceptions.PolarsError, OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the rows cannot be read as {form}: {_line(error)}") from error
    return _named(rows, dict(renames or {}))


def _source(data: Path | bytes) -> Any:
    return io.BytesIO(data) if isinstance(data, bytes) else data


def _read_json(data: Path | bytes, form: str, more: set[str]) -> pl.DataFrame:
    """Return the objects of an array or of lines; numbers of known columns keep their text."""
    body = data if isinstance(data, bytes) else data.read_bytes()
    if form == "json":
        body = _lines_of(body)
    if not body.strip():
        raise UsageError("there are no rows")
    _require_objects(body)
    names = pl.scan_ndjson(io.BytesIO(body), infer_schema_length=None).collect_schema().names()
    texts = {name: pl.String for name in names if name in _KNOWN or name in more}
    return pl.read_ndjson(io.BytesIO(body), infer_schema_length=None, schema_overrides=texts)


def _lines_of(body: bytes) -> bytes:
    """Return the objects of a JSON array, or one object, each on a line of its own."""
    kind: Any = list[msgspec.Raw]
    if body.lstrip().startswith(b"{"):
        kind = dict[str, msgspec.Raw]
    try:
        rows = msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as error:
        if body.lstrip().startswith(b"{"):
            return body  # several objects, one a line
        raise UsageError(f"the rows are no JSON array: {_line(error)}") from error
    texts = [body] if isinstance(rows, dict) else [bytes(row) for row in rows]
    return b"\n".join(text.replace(b"\n", b" ").replace(b"\r", b" ") for text in texts)


def _require_objects(body: bytes) -> None:
    """Raise UsageError at the first line that is no JSON object, which the reader would skip."""
    decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
    for number, line in enumerate((row for row in body.splitlines() if row.strip()), 1):
        try:
            decode(line)
        except msgspec.DecodeError as error:
            raise UsageError(f"row {number} is no JSON object: {_line(error)}") from error


def checked_rows(rows: pl.DataFrame, *, timezone: str | None = None) -> pl.DataFrame:
    """Return the known columns with their types: text, TIMESTAMPTZ in UTC, decimals.

    UsageError names the first row and column with a value that cannot be used. `timezone` is that
    of times without an offset.
    """
    if "model" not in rows.columns:
        raise UsageError("the rows have no column model (or model_id, router_model)")
    if MOMENT not in rows.columns:
        raise UsageError(f"the rows have no column {MOMENT}")
    if not set(QUANTITIES) & set(rows.columns):
        raise UsageError(f"the rows have no column of a quantity, like {', '.join(QUANTITIES)}")
    typed = {name: _text(rows, name) for name in NAMES if name in rows.columns}
    require_usable(rows, "model", typed["model"].is_null(), "is empty")
    typed[MOMENT] = _moments(rows, timezone)
    for name in QUANTITIES:
        if name in rows.columns:
            typed[name] = decimals(rows, name)
    for part, whole in PARTS.items():
        _require_parts(rows, typed, part, whole)
    return pl.DataFrame(typed)


def decimals(rows: pl.DataFrame, name: str) -> pl.Series:
    """Return a column of quantities as decimals, rounded to MOST_DECIMALS places.

    UsageError for what is no number, below zero, too large, or so small that it would become zero.
    """
    texts = rows[name].cast(pl.String).str.strip_chars().replace("", None)
    require_usable(rows, name, ~texts.str.contains(_NUMBER), "is no number")
    require_usable(rows, name, texts.str.starts_with("-"), "is below zero")
    short = texts.str.contains(_SHORT).fill_null(value=True)
    floats = texts.cast(pl.Float64, strict=False)
    require_usable(rows, name, floats > MOST_UNITS, f"is above {MOST_UNITS:,}")
    exact = texts.zip_with(short, pl.Series([None], dtype=pl.String).new_from_index(0, len(texts)))
    found = exact.cast(pl.Decimal(28, MOST_DECIMALS), strict=False)
    if not short.all():
        found = found.zip_with(short, floats.cast(pl.Decimal(28, MOST_DECIMALS), strict=False))
    vanished = (found == 0) & (floats != 0)
    require_usable(rows, name, vanished, f"is less than {MOST_DECIMALS} decimals can hold")
    require_usable(rows, name, found.is_null() & texts.is_not_null(), "is no number")
    return found


def _moments(rows: pl.DataFrame, timezone: str | None) -> pl.Series:
    column = rows[MOMENT]
    require_usable(rows, MOMENT, column.is_null(), "is empty")
    if isinstance(column.dtype, pl.Datetime):
        if column.dtype.time_zone:
            return column.dt.convert_time_zone("UTC").cast(pl.Datetime("us", "UTC"))
        return _in_zone(rows, column.cast(pl.Datetime("us")), timezone)
    texts = _text(rows, MOMENT)
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
    sign = shift.field("1").replace_strict({"+": 1, "-": -1}, default=0, return_dtype=pl.Int64)
    minutes = sign * (
        shift.field("2").cast(pl.Int64).fill_null(0) * 60
        + shift.field("3").cast(pl.Int64).fill_null(0)
    )
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
    try:
        found = naive.dt.replace_time_zone(timezone, ambiguous="null", non_existent="null")
    except pl.exceptions.PolarsError as error:
        raise UsageError(f"{timezone} is no time zone, like Europe/Berlin or UTC") from error
    require_usable(
        rows,
        MOMENT,
        found.is_null() & naive.is_not_null(),
        f"does not exist, or exists twice, in {timezone}: write the offset from UTC",
    )
    return found.dt.convert_time_zone("UTC")


def _require_parts(rows: pl.DataFrame, typed: dict[str, pl.Series], part: str, whole: str) -> None:
    if part not in typed:
        return
    parts = [typed[n].fill_null(0) for n, of in PARTS.items() if of == whole and n in typed]
    total = parts[0] if len(parts) == 1 else parts[0] + parts[1]
    of = typed[whole].fill_null(0) if whole in typed else total * 0
    require_usable(rows, part, total > of, f"counts a part of {whole}, and is more than it")


def _named(rows: pl.DataFrame, renames: dict[str, str]) -> pl.DataFrame:
    for name in renames:
        if name not in rows.columns:
            raise UsageError(f"the rows have no column {name}")
    names = {**SPELLINGS, **renames}
    found = {old: new for old, new in names.items() if old in rows.columns}
    for new in sorted(set(found.values())):
        sources = [old for old, to in found.items() if to == new]
        if new in rows.columns and new not in sources:
            sources.append(new)
        if len(sources) > 1:
            raise UsageError(f"the columns {' and '.join(sorted(sources))} are both {new}")
    return rows.rename(found)


def _text(rows: pl.DataFrame, name: str) -> pl.Series:
    return rows[name].cast(pl.String).str.strip_chars().replace("", None)


def require_usable(rows: pl.DataFrame, name: str, bad: pl.Series, message: str) -> None:
    """Raise UsageError with the first row of which `bad` is true."""
    wrong = bad.fill_null(value=False).arg_true()
    if len(wrong):
        value = replace_unprintable(str(rows[name][int(wrong[0])]), 80)
        raise UsageError(f"row {int(wrong[0]) + 1}, column {name}: {value} {message}")


def _line(error: Exception) -> str:
    return replace_unprintable(
        str(error).strip().splitlines()[0] if str(error).strip() else "", 200
    )
