"""A reader's own queries: whatever DuckDB answers comes out as a table and as JSON."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import UsageError
from tests.support.command import pricehouse
from warehouse.connect import open_writer
from warehouse.migrate import migrate
from warehouse.publication.query import MAX_TABLE_ROWS, query_json, query_text
from warehouse.relations import RELATIONS


@pytest.fixture(scope="module")
def publication(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("query") / "empty.duckdb"
    with open_writer(path) as con:
        migrate(con, now=datetime(2026, 3, 1, tzinfo=UTC))
        con.execute("CHECKPOINT")
    return path


def answer(publication: Path, expression: str) -> Any:
    """Return what the JSON of a query of one value holds."""
    return json.loads(query_json(publication, f"SELECT {expression} AS it"))[0]["it"]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("0.000000400000000000::DECIMAL(38,18)", "0.000000400000000000"),
        ("[1.10, 2.00]", ["1.10", "2.00"]),
        ("{'price': 1.50, 'free': false}", {"price": "1.50", "free": False}),
        ("MAP {'a': 1.5}", {"a": "1.5"}),
        ("MAP {1.5: 1}", {"1.5": 1}),
        ("row(1, 2)", [1, 2]),
        ("union_value(a := 1)", 1),
        ("[TIMESTAMPTZ '2026-01-01 00:00:00+00']", ["2026-01-01T00:00:00.000000Z"]),
        ("TIMESTAMPTZ '2026-01-01 00:00:00+00'", "2026-01-01T00:00:00.000000Z"),
        ("[TIMESTAMP '2026-01-01']", ["2026-01-01T00:00:00.000000Z"]),
        ("[DATE '2026-01-01']", ["2026-01-01"]),
        ("INTERVAL 3 MONTH", "3 months"),
        ("(SELECT sum(n) FROM range(3) AS t(n))", 3),
        ("170141183460469231731687303715884105727::HUGEINT", 2**127 - 1),
        ("'nan'::DOUBLE", None),
        ("['inf'::DOUBLE, 0.5::DOUBLE]", [None, 0.5]),
        ("NULL", None),
        ("['x'::BLOB]", ["x"]),
        ("'ä€'", "ä€"),
    ],
)
def test_every_value_has_a_json_form(publication: Path, expression: str, expected: Any) -> None:
    assert answer(publication, expression) == expected


def test_a_table_shows_every_relation_and_every_column_of_the_widest(publication: Path) -> None:
    listed = query_text(publication, "SHOW TABLES")
    assert all(f" {name} " in listed for name in RELATIONS)
    described = query_text(publication, "DESCRIBE cards")
    columns = json.loads(query_json(publication, "DESCRIBE cards"))
    assert len(columns) > 50
    assert all(f" {column['column_name']} " in described for column in columns)


def test_a_long_table_is_cut_and_marked(publication: Path) -> None:
    many = f"FROM range({2 * MAX_TABLE_ROWS})"
    assert f"{MAX_TABLE_ROWS} shown" in query_text(publication, many)
    assert len(json.loads(query_json(publication, many))) == 2 * MAX_TABLE_ROWS


@pytest.mark.parametrize("run_query", [query_text, query_json])
@pytest.mark.parametrize("query", ["", " \n", "SELECT '\udcff'"])
def test_an_invalid_query_text_is_refused(publication: Path, run_query: Any, query: str) -> None:
    with pytest.raises(UsageError, match=r"empty|UTF-8"):
        run_query(publication, query)


def test_bytes_that_are_no_utf8_are_wrong_usage_on_the_command_line(
    tmp_path: Path, publication: Path
) -> None:
    (tmp_path / "home.json").write_text('{"origin": "live", "format": 1}')
    (tmp_path / "marketplace.duckdb").symlink_to(publication)
    done = pricehouse("sql", "SELECT '\udcff'", home=tmp_path)
    assert done.returncode == 2
    assert "UTF-8" in done.stderr
    assert "Traceback" not in done.stderr
