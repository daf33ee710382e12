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


CONNECTING = "IO Error: Unable to connect to Postgres at \"connect_timeout='10' host='h'\": "
SERVER = f'{CONNECTING}connection to server at "h", port 5432 failed: '
QUERY = 'Failed to initialize DuckLake: Failed to execute query "CREATE SCHEMA": ERROR:  '


@pytest.mark.parametrize(
    ("reported", "message"),
    [
        (f'{SERVER}FATAL:  password authentication failed for user "w"\n', "PGPASSFILE, PGPASSW"),
        (f"{SERVER}fe_sendauth: no password supplied\n", "or Vault (postgres/api_key)"),
        (f'{SERVER}FATAL:  database "prices" does not exist\n', "make that database, or set db"),
        (f"{SERVER}server does not support SSL, but SSL was required\n", "set sslmode= and ssl"),
        (f'{SERVER}FATAL:  no pg_hba.conf entry for host "h", user "w"\n', "let pg_hba.conf of"),
        (f"{SERVER}Connection refused\n\tIs the server running on that host?\n", "host= and port="),
        (f'{CONNECTING}could not translate host name "h" to address\n', "host= and port= in PRI"),
        (f"{QUERY}permission denied for database prices\n", "grant this user CREATE on the"),
        (f"{QUERY}permission denied for table ducklake_snapshot\n", "what docs/lake.md names"),
        (f'{CONNECTING}invalid require_auth value: "x"\n', "set that parameter in PRICEHOUSE_W"),
        (f"{SERVER}SSL SYSCALL error: Connection reset by peer\n", "check that PostgreSQL runs"),
        (f"{SERVER}server closed the connection unexpectedly\n", "check that PostgreSQL runs"),
    ],
)
def test_what_postgresql_refuses_has_its_remedy(
    tmp_path: Path, reported: str, message: str
) -> None:
    warehouse = "ducklake:postgres:dbname=prices host=db.example"
    place = SharedPlace({"PRICEHOUSE_WAREHOUSE": warehouse, "PRICEHOUSE_STORE": str(tmp_path)})
    with pytest.raises(WarehouseError) as raised, lake_errors(place.settings):
        raise duckdb.IOException(reported)
    assert str(raised.value).startswith(POSTGRES)
    assert message in str(raised.value)
    for sign in ("Unable to connect", "Is the server", "connect_timeout"):
        assert sign not in str(raised.value)


SESSION = 'Failed to execute query "COMMIT": '


@pytest.mark.parametrize(
    "reported",
    [
        "SSL connection has been closed unexpectedly",
        "SSL SYSCALL error: EOF detected",
        "FATAL:  terminating connection due to administrator command",
        "ERROR:  cannot execute INSERT in a read-only transaction",
        'ERROR:  could not open file "base/1/2": No such file or directory',
    ],
)
def test_what_ends_a_session_is_no_question_of_settings(tmp_path: Path, reported: str) -> None:
    warehouse = "ducklake:postgres:dbname=prices host=db.example"
    place = SharedPlace({"PRICEHOUSE_WAREHOUSE": warehouse, "PRICEHOUSE_STORE": str(tmp_path)})
    with pytest.raises(WarehouseError) as raised, lake_errors(place.settings):
        raise duckdb.IOException(f"{SESSION}{reported}\n")
    assert str(raised.value).startswith(POSTGRES)
    assert " ".join(reported.split()) in str(raised.value)
    for advice in ("PRICEHOUSE_WAREHOUSE", "sslmode", "host=", "grant"):
        assert advice not in str(raised.value)


GLOB = "LINE 1: SELECT file FROM glob($pattern);\n                         ^"


@pytest.mark.parametrize(
    ("reported", "message"),
    [
        ("(HTTP 404 Not Found)\n\nNoSuchBucket: It does not exist", "there is no bucket prices; m"),
        ("(HTTP 403 Forbidden)\n\nSignatureDoesNotMatch: Check your key", "refuses this key; set"),
        ("Could not connect to server error for HTTP GET to 'http://h/x'", "check that it runs, a"),
        ("(HTTP 500 Internal Server Error)", "HTTP 500"),
    ],
)
def test_what_an_object_store_refuses_is_one_plain_sentence(reported: str, message: str) -> None:
    place = SharedPlace(
        {
            "PRICEHOUSE_WAREHOUSE": "ducklake:postgres:dbname=prices host=db.example",
            "PRICEHOUSE_STORE": "s3://prices/home",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "CanaryOfTheStore0123",
        }
    )
    with pytest.raises(WarehouseError) as raised, lake_errors(place.settings):
        raise duckdb.HTTPException(f"HTTP GET error reading 's3://prices/x' {reported}\n\n{GLOB}")
    assert str(raised.value).startswith("the data of the shared warehouse (s3://prices/home/lake/")
    assert message in str(raised.value)
    assert "LINE" not in str(raised.value)
    assert "glob" not in str(raised.value)
