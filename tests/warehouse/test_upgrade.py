"""A warehouse of every earlier schema opens with this code and its rows; a newer one does not.

The files are made by the migrations, which are never edited, with rows of real hours.
"""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipeline.replay import replay
from samples.hub import serve
from schemas.errors import WarehouseError
from tests.support.definitions import definitions
from tests.support.earlier_schema import BEFORE_SCHEMA, define_in_main, earlier_file
from tests.support.home_files import publication_is_consistent
from tests.support.hours import START, Clock, ingest, small_catalog
from tests.support.published import copy_landing, exported
from warehouse.internal_schema import in_its_schema
from warehouse.migrate import migrations

pytestmark = pytest.mark.slow

KNOWN = migrations()
FIRST_WITH_ALL_TABLES = 2
"""Before it, no release existed that could commit an hour: it wrote no logs."""

SINCE = {
    key: next(number for number, path in KNOWN if path.stem == name)
    for key, name in (("short_pages", "010_add_short_pages"), ("alerts", "016_create_alerts"))
}
"""What a landed record has → the first schema whose code wrote it."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of two hours, made by this code."""
    home, clock = tmp_path_factory.mktemp("made"), Clock(START)
    with serve(small_catalog()) as hub:
        for price in ("0.2", "0.3"):
            hub.show(small_catalog(input_price=price))
            ingest(home, hub, clock=clock)
            clock.advance(timedelta(hours=1))
    return home


def made_by(level: int, source: Path, target: Path) -> None:
    """Write the source's rows into a file that only knows the migrations up to a level."""
    target.unlink()
    with earlier_file(target, level) as con:
        con.execute(f"ATTACH '{source}' AS source (READ_ONLY)")
        for table, columns in _tables(con):
            con.execute(
                f"INSERT INTO {in_its_schema(con, f'internal.{table}')} ({columns}) "
                f"SELECT {columns} FROM source.internal.{table}"
            )
        con.execute("DETACH source")
        if level == BEFORE_SCHEMA:
            define_in_main(con)


def forget(home: Path, level: int) -> None:
    """Make the landed records those of code of a schema."""
    later = [key for key, since in SINCE.items() if level < since]
    for path in (home / "landing" / "runs").glob("*/*.json"):
        record = json.loads(path.read_bytes())
        if [key for key in later if record.pop(key, None) is not None]:
            path.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def _tables(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    return con.execute(
        "SELECT table_name, string_agg(format('\"{}\"', column_name), ', ' ORDER BY column_index) "
        "FROM duckdb_columns() c JOIN duckdb_tables() t "
        "USING (database_name, schema_name, table_name) "
        "WHERE database_name <> 'source' AND table_name LIKE '\\_ph\\_%' ESCAPE '\\' "
        "AND table_name NOT IN ('_ph_migration', '_ph_view', '_ph_opened') "
        "GROUP BY ALL ORDER BY ALL"
    ).fetchall()


def counted(home: Path) -> list[tuple[Any, ...]]:
    with duckdb.connect((home / "marketplace.duckdb").resolve(), read_only=True) as con:
        return con.sql(
            "SELECT (SELECT count(*) FROM offers), (SELECT count(*) FROM price_history WHERE "
            "run_id IN (SELECT run_id FROM runs ORDER BY started_at LIMIT 2)), "
            "(SELECT count(*) FROM price_claims)"
        ).fetchall()


def defined(home: Path) -> list[list[tuple[Any, ...]]]:
    with duckdb.connect(home / "warehouse.duckdb", read_only=True) as con:
        return definitions(con)


@pytest.mark.parametrize("level", range(FIRST_WITH_ALL_TABLES, len(KNOWN) + 1))
def test_a_warehouse_of_each_earlier_schema_opens_with_its_rows(
    made: Path, tmp_path: Path, level: int
) -> None:
    home = tmp_path / "home"
    shutil.copytree(made, home, symlinks=True)
    before = counted(home)
    made_by(level, made / "warehouse.duckdb", home / "warehouse.duckdb")
    forget(home, level)
    with serve(small_catalog(input_price="0.3")) as hub:
        report = ingest(home, hub, clock=Clock(START + timedelta(hours=2)))
    assert report.outcome == "unchanged"  # every row of before is known
    assert counted(home) == before
    assert publication_is_consistent(home)
    assert defined(home) == defined(made)  # views, comments and macros are those of a new file
    again = copy_landing(home, tmp_path / "again")
    replay(again)
    assert exported(again) == exported(home)


def test_a_missing_warehouse_requires_a_replay(made: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(made, home, symlinks=True)
    (home / "warehouse.duckdb").unlink()
    with serve(small_catalog()) as hub, pytest.raises(WarehouseError, match="pricehouse replay"):
        ingest(home, hub, clock=Clock(START + timedelta(hours=2)))
    replay(home)
    assert publication_is_consistent(home)


def test_a_newer_warehouse_is_refused_and_left_as_it_was(made: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(made, home, symlinks=True)
    newer = len(KNOWN) + 1
    with duckdb.connect(home / "warehouse.duckdb") as con:
        con.execute("ALTER TABLE internal._ph_offer ADD COLUMN of_tomorrow VARCHAR")
        con.execute(
            "INSERT INTO internal._ph_migration VALUES ($1, 'add_of_tomorrow', now())", [newer]
        )
    before = exported(home)
    with (
        serve(small_catalog()) as hub,
        pytest.raises(WarehouseError, match=rf"has migration {newer}.*written by newer code"),
    ):
        ingest(home, hub, clock=Clock(START + timedelta(hours=2)))
    assert exported(home) == before
    with duckdb.connect(home / "warehouse.duckdb", read_only=True) as con:
        assert (
            con.sql("SELECT count(*) FROM internal._ph_offer WHERE of_tomorrow IS NULL").fetchall()
            != []
        )
