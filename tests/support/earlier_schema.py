"""Files as earlier code made them: with some of the migrations, and its views in `main`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from warehouse.connect import STORAGE
from warehouse.internal_schema import FIRST_MIGRATION, in_its_schema, in_main
from warehouse.migrate import migrations
from warehouse.statements import statement
from warehouse.view_files import ORDER, definition

NEWER = {"alerts", "_ph_region", "_ph_price_end_computed", "_ph_price_end"}
"""What code before the schema did not define."""
_EARLIER = {
    "_ph_price_interval": """
        CREATE OR REPLACE VIEW _ph_price_interval AS
        SELECT *, lead(valid_from) OVER series AS valid_to, lead(kind) OVER series AS next_kind,
               lead(not_before_at) OVER series AS last_shown_at
        FROM _ph_price_log
        WINDOW series AS (PARTITION BY offer_id, unit, tier ORDER BY valid_from)
    """
}
"""What it defined otherwise, without the tables that came later."""
_OF_HOUR = """
    FROM _ph_card_facts f CROSS JOIN (
        SELECT map(list(feeds), list(newest_at)) AS newest,
               map(list(feeds), list(oldest_at)) AS oldest
        FROM _ph_feed_set
    ) sets CROSS JOIN _ph_hour h;
"""
BEFORE_SCHEMA = FIRST_MIGRATION - 1
"""The last migration of code that had all tables in `main`."""


@contextmanager
def earlier_file(path: Path, level: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a new file for writing that only knows the migrations up to a level, without rows."""
    with duckdb.connect(path, config={"storage_compatibility_version": STORAGE}) as con:
        con.execute(in_main(statement("create_migration_ledger")))
        for number, migration in migrations()[:level]:
            con.execute(migration.read_text("utf-8"))
            row = {"number": number, "name": migration.stem, "applied_at": datetime.now(UTC)}
            con.execute(in_its_schema(con, statement("append_migration")), row)
        yield con


def _without_macros(text: str) -> str:
    """Return a definition as it was when cards read the tables of the hour."""
    text = re.sub(r"_ph_(newest|oldest)_at\(([\w.]+)\)", r"sets.\1[\2]", text)
    text = re.sub(r"_ph_(ranked_from|origin)\(\)", r"h.\1", text)
    return text.replace("FROM _ph_card_facts f;", _OF_HOUR)


def define_in_main(con: duckdb.DuckDBPyConnection) -> None:
    """Define the views as code before the schema did, with the tables that it kept of the file."""
    for name in (name for name in ORDER if name not in NEWER):
        text, checksum = definition(name)
        # its macros took any two letters as a region
        text = in_main(text).replace("FROM _ph_region r", "FROM (SELECT 'eu' AS code) r")
        con.execute(_EARLIER.get(name, _without_macros(text)))
        con.execute("INSERT INTO _ph_view VALUES ($1, $2, now())", [name, checksum[::-1]])
    con.execute("INSERT INTO _ph_card_facts FROM _ph_card_computed")
    for name in ("_ph_feed_set", "_ph_hour"):
        con.execute(in_main(definition(name)[0]))
    con.execute("CREATE TABLE _ph_opened AS SELECT now() AS opened_at")
    con.execute("CREATE TABLE _ph_compacted AS SELECT max(sequence) AS sequence FROM _ph_run")
