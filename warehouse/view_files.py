"""Define the views and macros of the writer's file, again whenever the text of one changes.

Each has one file under views/, with its comments; the order below is that of their dependencies.
To change one, edit its file. To remove one, delete its file and its line here, and drop it and
its row of `internal._ph_view` in a numbered migration.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path

import duckdb

from schemas.errors import WarehouseError
from warehouse.connect import Connection
from warehouse.hour_macros import READS, define_hour_macros
from warehouse.internal_schema import in_its_schema
from warehouse.statements import statement

FOLDER = Path(__file__).with_name("views")
INTERNAL = (
    "_ph_feed_time",
    "_ph_window",
    "_ph_seen",
    "_ph_price_hold",
    "_ph_price_seen",
    "_ph_present",
    "_ph_estimate",
    "_ph_price_end_computed",
    "_ph_price_end",
    "_ph_price_interval",
    "_ph_price_history",
    "_ph_price_claims",
    "_ph_status_history",
    "_ph_route",
    "_ph_feed_bit",
    "_ph_card_computed",
    "_ph_card_facts",
    "_ph_feed_set",
    "_ph_hour",
    "_ph_cards",
    "_ph_region",
)
"""Views of the schema `internal` that other views and the macros read. A macro does not resolve
through ATTACH, so its body reads only names of that schema: used that way it fails, instead of
reading a table of the reader's own. docs/sql.md has an equivalent plain query for each."""
PUBLISHED = (
    "publication",
    "offers",
    "cards",
    "prices",
    "price_history",
    "price_claims",
    "changes",
    "price_changes",
    "status_history",
    "speed_history",
    "models",
    "providers",
    "feeds",
    "sources",
    "compliance_claims",
    "runs",
    "run_feeds",
    "gaps",
    "checks",
    "rejected_rows",
    "offer_links",
    "alerts",
)
"""The published relations; their columns are a contract with readers."""
MACROS = ("price_as_of", "blended", "cheapest", "cards_in", "cost", "recommend")
ORDER = (*INTERNAL, *PUBLISHED, *MACROS)


@cache
def definition(name: str) -> tuple[str, str]:
    """Return the text of `views/<name>.sql` and its sha256 in hex."""
    data = (FOLDER / f"{name}.sql").read_bytes()
    return data.decode("utf-8"), sha256(data).hexdigest()


def apply_views(con: Connection, *, now: datetime) -> None:
    """Define the views whose text changed and all after them, in one transaction.

    Those after a changed one come too, because a view that selects `*` keeps the columns that it
    had when it was defined. The file must have the newest migration.
    """
    applied = _applied(con)
    changed = [place for place, name in enumerate(ORDER) if applied.get(name) != _checksum(name)]
    if not changed:
        return
    con.execute("BEGIN")
    for name in ORDER[changed[0] :]:
        try:
            _apply(con, name, now=now)
        except duckdb.Error as error:
            con.execute("ROLLBACK")
            raise WarehouseError(
                f"views/{name}.sql cannot be applied: {error}; the warehouse is as it was"
            ) from error
    con.execute("COMMIT")


def unknown_views(con: Connection) -> list[str]:
    """Return the views that only newer code can have defined."""
    return sorted(_applied(con).keys() - set(ORDER))


def _apply(con: Connection, name: str, *, now: datetime) -> None:
    text, checksum = definition(name)
    con.execute(text)
    if name == READS:
        define_hour_macros(con)
    con.execute(statement("delete_view"), {"name": name})
    con.execute(statement("append_view"), {"name": name, "checksum": checksum, "applied_at": now})


def _checksum(name: str) -> str:
    return definition(name)[1]


def _applied(con: Connection) -> dict[str, str]:
    """Return view → checksum of its text; nothing of a file that is older than the ledger."""
    try:
        return dict(con.execute(in_its_schema(con, statement("read_views"))).fetchall())
    except duckdb.CatalogException:
        return {}
