"""What DuckDB reports of a shared warehouse, as one sentence that names whose trouble it is."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from schemas.errors import WarehouseError
from tests.support.lakes import SharedPlace
from warehouse.lake.lake_errors import lake_errors

POSTGRES, DATA = "PostgreSQL of the shared warehouse (prices on db.example)", "the data of the"


@pytest.mark.parametrize(
    ("reported", "message"),
    [
        ("IO Error: Unable to connect to Postgres at host=db.example: refused", POSTGRES),
        ("Invalid Input Error: Attempting to fetch from an unsuccessful query result", POSTGRES),
        ("TransactionContext Error: current transaction is aborted (please ROLLBACK)", POSTGRES),
        ("IO Error: Failed to execute query INSERT … 'a.parquet': server closed", POSTGRES),
        ("IO Error: Could not connect to server error for HTTP GET to 'http://s3/a.parquet'", DATA),
        ("HTTP Error: HTTP PUT error reading 's3://b/x' (HTTP 404 Not Found)", DATA),
        ('IO Error: Cannot open file "/srv/prices/lake/a.parquet": No such file', DATA),
        (
            'DATA_PATH parameter "b" does not match existing data path in the catalog '
            '"s3://begun-there/lake/"',
            "was begun with its data in s3://begun-there/lake/ and not in",
        ),
    ],
)
def test_an_error_names_the_server_that_is_to_be_mended(
    tmp_path: Path, reported: str, message: str
) -> None:
    warehouse = "ducklake:postgres:dbname=prices host=db.example"
    place = SharedPlace({"PRICEHOUSE_WAREHOUSE": warehouse, "PRICEHOUSE_STORE": str(tmp_path)})
    with pytest.raises(WarehouseError) as raised, lake_errors(place.settings):
        raise duckdb.IOException(reported)
    assert message in str(raised.value)
    assert "of this run" not in str(raised.value), "pull, push and doctor have none"
