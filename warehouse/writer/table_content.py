"""What all rows of a table come to, to compare two tables without their order."""

from __future__ import annotations

from duckdb import ColumnExpression, DuckDBPyRelation, FunctionExpression


def content_of(rows: DuckDBPyRelation) -> object:
    """Return the number of rows and the sum of their hashes, whatever their order."""
    columns = [ColumnExpression(column) for column in rows.columns]
    # as HUGEINT: a sum of 64-bit hashes fits, and a sum of UHUGEINT would be a float
    hashed = FunctionExpression("hash", *columns).cast("HUGEINT")
    return rows.aggregate(
        [FunctionExpression("count_star"), FunctionExpression("sum", hashed)]
    ).fetchone()
