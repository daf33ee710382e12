"""Files of code before the schema `internal` are read as before, and migrated whole or not."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from schemas.errors import WarehouseError
from tests.support.definitions import definitions
from tests.support.earlier_schema import BEFORE_SCHEMA, define_in_main, earlier_file
from warehouse.connect import Connection, open_reader, open_writer
from warehouse.internal_schema import SCHEMA, has_schema, in_main
from warehouse.migrate import migrate, migrations, require_known
from warehouse.relations import RELATIONS
from warehouse.statements import statement
from warehouse.tables import TABLES

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RUN = (
    "INSERT INTO _ph_run BY NAME SELECT 1 AS sequence, 'run' AS run_id, 'hourly' AS flow, "
    "'t' AS trigger, 'live' AS origin, TIMESTAMPTZ '2026-03-01 00:00:00+00' AS started_at, "
    "started_at AS finished_at, 'published' AS outcome, true AS published, 'x' AS code_version"
)


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    """A file of code before the schema, with one run."""
    path = tmp_path / 'odd "name" of a file.duckdb'
    with earlier_file(path, BEFORE_SCHEMA) as con:
        con.execute(RUN)
        define_in_main(con)
    return path


def listed(con: Connection) -> set[str]:
    return {name for (name,) in con.execute("SELECT name FROM (SHOW TABLES)").fetchall()}


def test_statements_and_relations_read_a_file_of_earlier_code(earlier: Path) -> None:
    with open_reader(earlier) as con:
        assert not has_schema(con)
        assert con.execute(statement("read_last_run")).fetchall()[0][:2] == ("run", 1)
        assert con.execute(statement("read_feed_status")).fetchall() == []
        assert con.execute("FROM cheapest('text')").fetchall() == []
        assert con.execute("SELECT publication_id FROM publication").fetchall() == [("run",)]
        assert require_known(con) == BEFORE_SCHEMA
        with pytest.raises(duckdb.Error, match="read-only"):
            con.execute("CREATE TABLE t (a INT)")


def test_a_file_of_earlier_code_becomes_what_a_new_file_is(earlier: Path, tmp_path: Path) -> None:
    with open_writer(earlier) as con, open_writer(tmp_path / "new.duckdb") as new:
        migrate(con, now=NOW)
        migrate(new, now=NOW)
        assert listed(con) == set(RELATIONS)
        assert definitions(con) == definitions(new)
        assert con.execute("SELECT publication_id FROM publication").fetchall() == [("run",)]
    with open_writer(earlier) as con:
        migrate(con, now=NOW)
        assert listed(con) == set(RELATIONS)


def test_a_migration_that_is_interrupted_leaves_the_file_to_earlier_code(earlier: Path) -> None:
    with open_writer(earlier) as con:
        con.execute("DROP VIEW _ph_cards; CREATE TABLE _ph_cards AS SELECT 'in the way' AS why")
        with pytest.raises(WarehouseError, match=r"015_.*_ph_cards.*as it was"):
            migrate(con, now=NOW)
        assert not has_schema(con)
        last = con.execute(in_main(statement("read_last_migration"))).fetchall()
        assert last == [(BEFORE_SCHEMA,)]
        assert con.execute(in_main(statement("read_last_run"))).fetchall()[0][:2] == ("run", 1)
        con.execute("DROP TABLE _ph_cards")
        migrate(con, now=NOW)
        assert listed(con) == set(RELATIONS)


def test_what_earlier_code_began_in_a_migrated_file_is_removed(earlier: Path) -> None:
    with open_writer(earlier) as con:
        migrate(con, now=NOW)
        con.execute("CREATE TABLE _ph_opened AS SELECT now() AS opened_at")
        con.execute(in_main(statement("create_migration_ledger")))
        for _, path in migrations()[:2]:
            con.execute(path.read_text("utf-8"))
        with pytest.raises(duckdb.CatalogException, match="already exists"):
            con.execute(f"BEGIN; {migrations()[2][1].read_text('utf-8')}")
        con.execute("ROLLBACK")
        migrate(con, now=NOW)
        assert listed(con) == set(RELATIONS)
        assert con.execute("SELECT publication_id FROM publication").fetchall() == [("run",)]


def test_a_migrated_file_is_soon_rewritten(earlier: Path) -> None:
    with open_writer(earlier) as con:
        migrate(con, now=NOW)
        con.execute(statement("create_compaction_table"))
        assert con.execute(statement("read_runs_since_compaction")).fetchall() == [(1,)]


def test_every_table_has_the_schema() -> None:
    assert {table.name.partition(".")[0] for table in TABLES} == {SCHEMA}
