"""Read every row of the writer's tables: to compare two files, or to check one."""

from __future__ import annotations

from duckdb import ColumnExpression, DuckDBPyRelation, FunctionExpression

from warehouse.connect import Connection
from warehouse.statements import statement


def table_names(con: Connection) -> list[str]:
    """Return the tables by their full names, without those that describe the file itself."""
    return [name for (name,) in con.execute(statement("read_tables")).fetchall()]


def content_of(rows: DuckDBPyRelation) -> object:
    """Return the number of rows and the sum of their hashes, whatever their order."""
    columns = [ColumnExpression(column) for column in rows.columns]
    # as HUGEINT: a sum of 64-bit hashes fits, and a sum of UHUGEINT would be a float
    hashed = FunctionExpression("hash", *columns).cast("HUGEINT")
    return rows.aggregate(
        [FunctionExpression("count_star"), FunctionExpression("sum", hashed)]
    ).fetchone()


def read_every_block(con: Connection) -> None:
    """Read all rows, which compares each block with its checksum; opening a file reads few."""
    for name in table_names(con):
        content_of(con.table(name))
