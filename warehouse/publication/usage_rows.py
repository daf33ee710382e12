"""Read rows of usage from CSV, JSON, NDJSON and Parquet, and refuse what cannot be costed."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
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
    STATED_CURRENCY,
)
from warehouse.publication.usage_moments import utc_moments
from warehouse.publication.usage_values import column_texts, require_usable

FORMATS = ("csv", "ndjson", "json", "parquet")
_NUMBER = r"^[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]{1,3})?$"
_SHORT = rf"^[0-9]+(\.[0-9]{{0,{MOST_DECIMALS}}})?$"
_KNOWN = {*COLUMNS, *SPELLINGS, STATED_COST, STATED_CURRENCY}
MOST_COLUMNS = 200
_HEADER_BYTES = 100_000
_MOST_DEEP = 20


def read_rows(
    data: Path | bytes, form: str, renames: Mapping[str, str] | None = None
) -> pl.DataFrame:
    """Return the rows of a file or body, with the known columns under their own names.

    Values are as they were written. UsageError for bytes that are not of the format.
    """
    try:
        if form == "csv":
            _require_short_header(data)
            rows = pl.read_csv(_source(data), infer_schema=False, null_values=[""])
        elif form == "parquet":
            _require_few(pl.read_parquet_schema(_source(data)))
            rows = pl.read_parquet(_source(data))
        else:
            rows = _read_json(data, form, set(renames or {}))
    except RecursionError as error:
        raise UsageError(f"the rows have values within more than {_MOST_DEEP} others") from error
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
    """Raise UsageError at the first line that is no JSON object, which the reader would skip.

    Each further key is a column of all rows, also in an object within, so they are counted.
    """
    decode = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
    keys: set[str] = set()
    for number, line in enumerate((row for row in body.splitlines() if row.strip()), 1):
        try:
            row = decode(line)
            keys.update(row)
            for name, value in row.items():
                if bytes(value).startswith((b"{", b"[")):
                    keys.update(_keys_within(msgspec.json.decode(value), name))
        except msgspec.DecodeError as error:
            raise UsageError(f"row {number} is no JSON object: {_line(error)}") from error
        _require_few(keys)


def _keys_within(value: Any, place: str, depth: int = 1) -> Iterator[str]:
    """Yield the keys of the objects within a value, each with its place; RecursionError at a value
    within more than _MOST_DEEP others."""
    if depth > _MOST_DEEP:
        raise RecursionError
    if isinstance(value, dict):
        for name, inner in value.items():
            yield f"{place}.{name}"
            yield from _keys_within(inner, f"{place}.{name}", depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _keys_within(inner, place, depth + 1)


def _require_few(names: Collection[str]) -> None:
    if len(names) > MOST_COLUMNS:
        raise UsageError(
            f"the rows have more than {MOST_COLUMNS} different columns; send those of usage alone"
        )


def _require_short_header(data: Path | bytes) -> None:
    """Raise UsageError for a header of more than MOST_COLUMNS names, before all rows are read, or
    with a known name twice, of which the reader would rename one."""
    with io.BytesIO(data) if isinstance(data, bytes) else data.open("rb") as file:
        start = file.read(_HEADER_BYTES)
    try:
        names = next(csv.reader(io.StringIO(start.decode("utf-8-sig", errors="replace"))), [])
    except csv.Error as error:
        raise UsageError(f"the header cannot be read as csv: {_line(error)}") from error
    _require_few(names)
    for name in (name for name in names if name in _KNOWN and names.count(name) > 1):
        raise UsageError(f"the header names the column {name} twice")


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
    typed = {name: column_texts(rows, name) for name in NAMES if name in rows.columns}
    require_usable(rows, "model", typed["model"].is_null(), "is empty")
    typed[MOMENT] = utc_moments(rows, timezone)
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
    texts = column_texts(rows, name)
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


def _require_parts(rows: pl.DataFrame, typed: dict[str, pl.Series], part: str, whole: str) -> None:
    if part not in typed:
        return
    parts = [typed[n].fill_null(0) for n, of in PARTS.items() if of == whole and n in typed]
    total = parts[0] if len(parts) == 1 else parts[0] + parts[1]
    of = typed[whole].fill_null(0) if whole in typed else total * 0
    require_usable(rows, part, total > of, f"counts a part of {whole}, and is more than it")


def _named(rows: pl.DataFrame, renames: dict[str, str]) -> pl.DataFrame:
    for column, name in renames.items():
        if name not in _KNOWN:
            close = get_close_matches(name, sorted(_KNOWN), n=1)
            hint = f" (did you mean {close[0]}?)" if close else ""
            known = ", ".join((*COLUMNS, STATED_COST, STATED_CURRENCY))
            raise UsageError(f"{name} is no column of usage{hint}; valid: {known}")
        if column not in rows.columns:
            raise UsageError(f"the rows have no column {column}")
    names = {**SPELLINGS, **{old: SPELLINGS.get(new, new) for old, new in renames.items()}}
    found = {old: new for old, new in names.items() if old in rows.columns}
    for new in sorted(set(found.values())):
        sources = [old for old, to in found.items() if to == new]
        if new in rows.columns and new not in sources:
            sources.append(new)
        if len(sources) > 1:
            raise UsageError(f"the columns {' and '.join(sorted(sources))} are both {new}")
    return rows.rename(found)


def _line(error: Exception) -> str:
    return replace_unprintable(
        str(error).strip().splitlines()[0] if str(error).strip() else "", 200
    )
