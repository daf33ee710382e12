"""The list of tables agrees with the database, and the statements made from it do what they say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from schemas.delta import CURRENT, Delta, State
from schemas.load import Load
from warehouse.connect import Connection, open_writer
from warehouse.migrate import migrate
from warehouse.table_statements import delete_all_rows, delete_rows, insert_rows
from warehouse.tables import TABLES, Kind, Table, tables_of
from warehouse.writer.frames import run_with_frames
from warehouse.writer.load import tables_with_shared_keys
from warehouse.writer.state import read_state

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
CORRECTIONS = next(table for table in TABLES if table.part == "corrections")
ROW = {
    "offer_id": "a",
    "unit": "image",
    "tier": "standard",
    "overruled_status": "priced",
    "overruled_currency": "USD",
}


@pytest.fixture
def con(tmp_path: Path) -> Iterator[Connection]:
    with open_writer(tmp_path / "warehouse.duckdb") as con:
        migrate(con, now=NOW)
        yield con


def test_every_table_is_listed_once_with_columns_that_it_has(con: Connection) -> None:
    names = [table.name for table in TABLES]
    found = con.execute("SELECT schema_name || '.' || table_name FROM duckdb_tables()").fetchall()
    assert sorted(names) == sorted(name for (name,) in found)
    for table in TABLES:
        columns = set(con.table(table.name).columns)
        assert {*table.order, *table.stamps} <= columns, table.name


def test_current_tables_are_those_of_the_state_in_its_columns(con: Connection) -> None:
    current = tables_of(Kind.CURRENT)
    assert [table.part for table in current] == list(CURRENT)
    for table in current:
        shape = CURRENT[table.part]
        assert table.order == shape.key
        assert set(con.table(table.name).columns) == set(shape.dtypes), table.name
    assert read_state(con).offers.equals(State.empty().offers)


def test_every_written_part_is_one_of_a_delta_or_a_load() -> None:
    in_delta, in_load = ({field.name for field in fields(kind)} for kind in (Delta, Load))
    assert {t.part for kind in (Kind.CURRENT, Kind.LOG) for t in tables_of(kind)} <= in_delta
    assert {t.part for t in tables_of(Kind.REPLACED)} <= in_load


def test_rows_enter_by_column_name_and_missing_columns_are_null(con: Connection) -> None:
    shuffled = pl.DataFrame([dict(reversed(ROW.items()))])
    run_with_frames(con, insert_rows(CORRECTIONS), fresh=shuffled)
    assert _rows(con, CORRECTIONS) == [
        ("a", "image", "standard", None, "priced", "USD", None, None)
    ]


def test_rows_are_deleted_by_their_whole_key(con: Connection) -> None:
    others = [ROW, ROW | {"unit": "request"}, ROW | {"offer_id": "b"}, ROW | {"tier": "flex"}]
    run_with_frames(con, insert_rows(CORRECTIONS), fresh=pl.DataFrame(others))
    run_with_frames(con, delete_rows(CORRECTIONS), stale=pl.DataFrame([ROW]))
    kept = [("a", "image", "flex"), ("a", "request", "standard"), ("b", "image", "standard")]
    assert [row[:3] for row in _rows(con, CORRECTIONS)] == kept
    con.execute(delete_all_rows(CORRECTIONS))
    assert _rows(con, CORRECTIONS) == []


def test_tables_with_a_shared_key_are_named(con: Connection) -> None:
    assert tables_with_shared_keys(con) == []
    run_with_frames(con, insert_rows(CORRECTIONS), fresh=pl.DataFrame([ROW, ROW]))
    assert tables_with_shared_keys(con) == ["corrections"]


def _rows(con: Connection, table: Table) -> list[tuple[object, ...]]:
    return con.table(table.name).order("offer_id, unit, tier").fetchall()
