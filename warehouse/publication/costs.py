"""Cost rows of usage at the prices of their time: one statement for every way to ask."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import polars as pl

from schemas.usage import RESULTS
from warehouse.connect import Connection
from warehouse.publication.export import lists_as_json
from warehouse.statements import statement
from warehouse.view_files import definition

_ROWS = "_usage_rows"
_CREATE, _CREATE_HERE = "CREATE OR REPLACE MACRO", "CREATE OR REPLACE TEMP MACRO"
_COMMENT = "COMMENT ON"


def cost_frame(
    con: Connection,
    usage: pl.DataFrame,
    *,
    known_at: datetime | None = None,
    default_route: bool = False,
    as_text: bool = False,
    flat: bool = False,
) -> pl.DataFrame:
    """Return the results of checked rows (`checked_rows`), in their order.

    `as_text` gives money as plain text and times as RFC 3339, `flat` also lists as JSON.
    """
    with registered(con, usage):
        return read_costs(
            con, known_at=known_at, default_route=default_route, as_text=as_text, flat=flat
        )


def read_costs(
    con: Connection,
    *,
    known_at: datetime | None,
    default_route: bool,
    as_text: bool,
    flat: bool,
) -> pl.DataFrame:
    """Return the results of the rows that are registered, as `cost_frame`."""
    name = "read_costs_as_text" if as_text else "read_costs"
    found = con.sql(statement(name), params=_values(known_at, default_route=default_route))
    return (lists_as_json(found) if flat else found).pl()


def with_results(rows: pl.DataFrame, results: pl.DataFrame) -> pl.DataFrame:
    """Return the rows as they were given with the results after them.

    A given column with the name of a result is renamed to `given_…`, with the prefix as often as
    it makes the name a free one.
    """
    taken = {*rows.columns, *RESULTS}
    clashes = {}
    for name in RESULTS:
        if name in rows.columns:
            free = f"given_{name}"
            while free in taken:
                free = f"given_{free}"
            clashes[name] = free
            taken.add(free)
    return pl.concat([rows.rename(clashes), results], how="horizontal")


def nested_as_json(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with structs and lists, which a CSV cell cannot hold, as JSON text."""
    nested = [name for name, kind in rows.schema.items() if kind.is_nested()]
    wrapped = (
        pl.struct(pl.col(name).alias("v"))
        .struct.json_encode()
        .str.slice(5)
        .str.head(-1)
        .alias(name)
        for name in nested
    )
    return rows.with_columns(wrapped)


def _values(known_at: datetime | None, *, default_route: bool) -> dict[str, object]:
    return {"known_at": known_at, "default_route": default_route}


@contextmanager
def registered(con: Connection, usage: pl.DataFrame) -> Iterator[None]:
    """Let the statements read the rows, by this code's own macro.

    A publication that earlier code made has none, and one of its own name comes first.
    """
    con.execute(definition("cost")[0].partition(_COMMENT)[0].replace(_CREATE, _CREATE_HERE, 1))
    con.register(_ROWS, usage.with_row_index("_row").to_arrow())
    try:
        yield
    finally:
        con.unregister(_ROWS)
