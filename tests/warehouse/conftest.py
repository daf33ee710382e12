"""A warehouse for logs of made-up prices, which tests of costs fill and empty."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from warehouse.connect import Connection, open_writer
from warehouse.migrate import migrate


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    path = tmp_path_factory.mktemp("costs") / "warehouse.duckdb"
    with open_writer(path) as con:
        migrate(con, now=datetime(2026, 1, 1, tzinfo=UTC))
        yield con
