"""Compare stated costs of usage with the costs at the prices of their time, per route."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from schemas.errors import UsageError
from schemas.usage import STATED_COST, STATED_CURRENCY
from warehouse.connect import Connection
from warehouse.publication.costs import registered
from warehouse.publication.usage_rows import checked_rows
from warehouse.publication.usage_values import column_texts, require_usable
from warehouse.statements import statement

_AMOUNT = r"^[+-]?[0-9]{1,18}(\.[0-9]*)?([eE][+-]?[0-9]{1,3})?$"
_MOST = 10.0**15
_ORDER = pl.Enum(["contradicted", "confirmed", "not_compared", "never_seen"])


def compare_rows(
    con: Connection,
    rows: pl.DataFrame,
    *,
    timezone: str | None = None,
    known_at: datetime | None = None,
    default_route: bool = False,
) -> pl.DataFrame:
    """Return a row per given row: verdict, stated, cost, difference, and why it is not compared.

    UsageError names a row and column that cannot be used.
    """
    if STATED_COST not in rows.columns:
        raise UsageError(f"the rows have no column {STATED_COST}")
    stated = column_texts(rows, STATED_COST)
    require_usable(rows, STATED_COST, ~stated.str.contains(_AMOUNT), "is no amount, like 0.0042")
    amounts = stated.cast(pl.Float64, strict=False)
    require_usable(rows, STATED_COST, amounts.abs() > _MOST, f"is no cost: above {_MOST:,.0f}")
    nothing = pl.Series([None], dtype=pl.String).new_from_index(0, len(rows))
    named = STATED_CURRENCY in rows.columns
    currency = column_texts(rows, STATED_CURRENCY) if named else nothing
    usage = checked_rows(rows, timezone=timezone).with_columns(
        _stated=stated, _stated_currency=currency
    )
    with registered(con, usage):
        values = {"known_at": known_at, "default_route": default_route}
        return con.sql(statement("read_reconciled"), params=values).pl()


def compare_routes(compared: pl.DataFrame) -> pl.DataFrame:
    """Return a row per model and provider: its verdict, counts, and by how much and since when.

    One contradicted row contradicts a route. `stated`, `cost` and `difference` (what was stated
    above our cost) are sums: of the contradicted rows, or where there are none of the confirmed
    ones, or NULL; `since` and `until` are the first and last contradicted row.
    """
    wrong, right = pl.col("verdict") == "contradicted", pl.col("verdict") == "confirmed"
    summed = wrong | right & ~wrong.any()
    grouped = compared.group_by(
        pl.col("model").str.to_lowercase().alias("_model"),
        pl.col("provider").str.to_lowercase().alias("_provider"),
    ).agg(
        pl.col("model").first(),
        pl.col("provider").first(),
        pl.col("verdict").cast(_ORDER).min().cast(pl.String),
        rows=pl.len(),
        confirmed=right.sum(),
        contradicted=wrong.sum(),
        not_compared=(pl.col("verdict") == "not_compared").sum(),
        never_seen=(pl.col("verdict") == "never_seen").sum(),
        stated=pl.when(summed.any()).then(pl.col("stated").filter(summed).sum()),
        cost=pl.when(summed.any()).then(pl.col("cost").filter(summed).sum()),
        difference=pl.when(summed.any()).then(
            (pl.col("stated") - pl.col("cost")).filter(summed).sum()
        ),
        currency=pl.col("currency").drop_nulls().first(),
        since=pl.col("timestamp").filter(wrong).min(),
        until=pl.col("timestamp").filter(wrong).max(),
        why=pl.col("why").filter(~(wrong | right)).drop_nulls().unique().sort(),
    )
    return grouped.sort(pl.col("verdict").cast(_ORDER), "_model", "_provider").drop(
        "_model", "_provider"
    )
