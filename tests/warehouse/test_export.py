"""An export holds what the publication holds, exactly, and the same bytes each time."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest

from samples.hub import serve
from tests.support.backends import Backend
from tests.support.hours import Clock, ingest, small_catalog
from warehouse.connect import open_reader
from warehouse.publication.export import export
from warehouse.publication.newest import newest
from warehouse.relations import RELATIONS
from warehouse.storage.home import Home

pytestmark = pytest.mark.usefixtures("backend")

CHECKOUT = Path(__file__).parents[2]
EXPORT = (
    "import sys; from pathlib import Path; from warehouse.publication.export import export\n"
    "export(Path(sys.argv[1]), Path(sys.argv[2]))"
)
DECIMAL = re.compile(r"\d+\.\d{18}")
RFC_3339_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


@pytest.fixture(scope="module")
def publication(tmp_path_factory: pytest.TempPathFactory, backend: Backend) -> Path:
    """Two hours; the second has a price that floats make a mess of, and one that is tiny."""
    root, clock = tmp_path_factory.mktemp("home"), Clock()
    with serve(small_catalog(input_price="0.05", output_price="0.003")) as hub:
        ingest(root, hub, clock=clock)
        clock.advance(timedelta(hours=2))
        hub.show(small_catalog(input_price="0.030000000000000002", output_price="0.0010"))
        ingest(root, hub, clock=clock)
    return newest(Home.at(root))


@pytest.fixture(scope="module")
def folder(publication: Path, tmp_path_factory: pytest.TempPathFactory, backend: Backend) -> Path:
    path = tmp_path_factory.mktemp("export") / "new" / "folder"
    export(publication, path)
    return path


def test_an_export_has_exactly_two_files_for_each_relation(publication: Path, folder: Path) -> None:
    expected = {f"{name}.{ending}" for name in RELATIONS for ending in ("ndjson", "parquet")}
    assert {path.name for path in folder.iterdir()} == expected
    assert {path.name for path in export(publication, folder)} == expected


def test_exporting_twice_gives_the_same_bytes_whatever_the_zone_of_the_machine(
    publication: Path, folder: Path, tmp_path: Path
) -> None:
    subprocess.run(
        [sys.executable, "-c", EXPORT, str(publication), str(tmp_path)],
        cwd=CHECKOUT,
        env={**os.environ, "TZ": "Asia/Kolkata"},
        check=True,
    )
    for path in folder.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name


@pytest.mark.parametrize("relation", RELATIONS)
def test_ndjson_has_decimals_and_times_as_text_equal_to_the_relation(
    publication: Path, folder: Path, relation: str
) -> None:
    with open_reader(publication) as con:
        view = con.view(relation)
        kinds = dict(zip(view.columns, map(str, view.types), strict=True))
        rows = view.order(", ".join(f'"{name}"' for name in RELATIONS[relation])).fetchall()
    text = _read(folder / f"{relation}.ndjson")
    assert [list(row) for row in text] == [list(kinds)] * len(rows)
    for row, line in zip(rows, text, strict=True):
        for value, (name, kind) in zip(row, kinds.items(), strict=True):
            assert _agrees(value, line[name], kind), (name, value, line[name])


@pytest.mark.parametrize("relation", RELATIONS)
def test_rows_are_in_the_order_of_the_key_which_is_unique(folder: Path, relation: str) -> None:
    keys = [
        [(row[name] is None, row[name]) for name in RELATIONS[relation]]
        for row in _read(folder / f"{relation}.ndjson")
    ]
    assert keys == sorted(keys)
    assert all(before != after for before, after in pairwise(keys))


@pytest.mark.parametrize("relation", RELATIONS)
def test_parquet_keeps_the_types_and_the_order(
    publication: Path, folder: Path, relation: str
) -> None:
    with open_reader(publication) as con:
        view = con.view(relation)
        rows = view.order(", ".join(f'"{name}"' for name in RELATIONS[relation])).fetchall()
        with duckdb.connect() as other:
            other.execute("SET TimeZone = 'UTC'")
            read = other.read_parquet(str(folder / f"{relation}.parquet"))
            assert read.columns == view.columns
            assert read.types == view.types
            assert read.fetchall() == rows


def test_a_price_that_a_float_would_spoil_is_exported_to_its_last_digit(folder: Path) -> None:
    prices = {
        row["unit"]: row
        for row in _read(folder / "prices.ndjson")
        if row["inference_provider"] == "sambanova"
    }
    noisy, tiny = prices["input_token"], prices["output_token"]
    assert noisy["raw_text"] == "0.030000000000000002"
    assert noisy["native_amount"] == "0.030000000000000002"
    assert noisy["amount"] == "0.000000030000000000"
    assert tiny["raw_text"] == "0.0010"
    assert tiny["amount"] == "0.000000001000000000"


def test_a_relation_without_rows_is_an_empty_file_with_columns_in_parquet(folder: Path) -> None:
    assert (folder / "offer_links.ndjson").read_bytes() == b""
    assert duckdb.read_parquet(str(folder / "offer_links.parquet")).columns[0] == "old_offer_id"


def _read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def _agrees(value: Any, text: Any, kind: str) -> bool:
    """Return whether NDJSON holds the value of the relation: exact decimals, times in UTC."""
    if value is None or text is None:
        return value is text
    if kind.startswith("DECIMAL"):
        return DECIMAL.fullmatch(text) is not None and Decimal(text) == value
    if kind == "TIMESTAMP WITH TIME ZONE":
        moment = datetime.fromisoformat(text)
        return RFC_3339_UTC.fullmatch(text) is not None and moment == value.astimezone(UTC)
    if kind == "INTERVAL":
        hours, minutes, seconds = map(int, text.split(":"))
        return bool(value == timedelta(hours=hours, minutes=minutes, seconds=seconds))
    if kind == "DATE":
        return bool(text == str(value))
    return bool(text == value)
