"""Migrations run once, in order, each whole or not at all; newer files are refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import WarehouseError
from warehouse.connect import Connection, open_writer
from warehouse.internal_schema import has_schema
from warehouse.migrate import migrate, migrations
from warehouse.relations import RELATIONS

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def con(tmp_path: Path) -> Iterator[Connection]:
    with open_writer(tmp_path / "warehouse.duckdb") as con:
        yield con


def test_a_new_file_gets_every_migration_and_a_ledger_of_them(con: Connection) -> None:
    migrate(con, now=NOW)
    known = [(number, path.stem, NOW) for number, path in migrations()]
    assert len(known) >= 5
    assert _ledger(con) == known
    for relation in RELATIONS:
        assert con.execute(f"FROM {relation}").fetchall() == []


def test_running_twice_changes_nothing(con: Connection) -> None:
    migrate(con, now=NOW)
    before = _everything(con)
    migrate(con, now=LATER)
    assert _everything(con) == before


def test_a_file_that_lacks_the_last_migrations_gets_only_those(con: Connection) -> None:
    con.execute("CREATE VIEW cards AS SELECT 'in the way of the third' AS why")
    with pytest.raises(WarehouseError):
        migrate(con, now=NOW)
    con.execute("DROP VIEW cards")
    migrate(con, now=LATER)
    assert [applied_at for _, _, applied_at in _ledger(con)] == [NOW] * 2 + [LATER] * (
        len(migrations()) - 2
    )


def test_a_failed_migration_is_rolled_back_and_those_before_are_kept(
    con: Connection,
) -> None:
    # Of the third migration's views, some come before this name and some after it.
    con.execute("CREATE VIEW cards AS SELECT 'in the way' AS why")
    with pytest.raises(WarehouseError, match=r"003_create_relations.sql.*cards"):
        migrate(con, now=NOW)
    assert [number for number, _, _ in _ledger(con)] == [1, 2]
    views = con.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()
    assert views == [("cards",)]
    assert con.execute("FROM cards").fetchall() == [("in the way",)]
    assert con.execute("SELECT count(*) FROM main._ph_offer").fetchone() == (0,)


def test_a_file_from_newer_code_is_refused_with_what_to_do(con: Connection) -> None:
    migrate(con, now=NOW)
    newer = len(migrations()) + 1
    con.execute("INSERT INTO internal._ph_migration VALUES ($1, 'of_tomorrow', $2)", [newer, LATER])
    before = _everything(con)
    with pytest.raises(
        WarehouseError, match=r"written by newer code\. Update the checkout"
    ) as refused:
        migrate(con, now=LATER)
    assert f"has migration {newer}, this pricehouse knows {newer - 1}" in str(refused.value)
    assert _everything(con) == before


def test_migrations_are_numbered_from_one_without_a_hole() -> None:
    found = migrations()
    assert [number for number, _ in found] == list(range(1, len(found) + 1))
    assert [path.name[:3] for _, path in found] == [f"{number:03}" for number, _ in found]


def _ledger(con: Connection) -> list[tuple[int, str, datetime]]:
    schema = "internal" if has_schema(con) else "main"
    return con.execute(f"FROM {schema}._ph_migration ORDER BY number").fetchall()


def _everything(con: Connection) -> list[list[tuple[Any, ...]]]:
    """Return the ledger and the definition of all that the file holds, with the comments."""
    return [
        con.execute(query).fetchall()
        for query in (
            "FROM internal._ph_migration ORDER BY ALL",
            "SELECT table_name, sql, comment FROM duckdb_tables() ORDER BY ALL",
            "SELECT view_name, sql, comment FROM duckdb_views() WHERE NOT internal ORDER BY ALL",
            "SELECT table_name, column_name, comment FROM duckdb_columns() WHERE NOT internal "
            "ORDER BY ALL",
            "SELECT function_name, macro_definition, comment FROM duckdb_functions() "
            "WHERE NOT internal ORDER BY ALL",
        )
    ]
