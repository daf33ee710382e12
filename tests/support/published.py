"""Look at a home as its readers do, and compare homes."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import duckdb

from warehouse.publication.export import export
from warehouse.publication.newest import newest
from warehouse.storage.home import Home


def rows(home: Path, query: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query on the newest publication; times are UTC."""
    with duckdb.connect(str(newest(Home.at(home))), read_only=True) as con:
        con.execute("SET TimeZone = 'UTC'")
        return con.execute(query).fetchall()


def exported(home: Path) -> dict[str, bytes]:
    """Export the newest publication into the home; return file name → bytes."""
    return {p.name: p.read_bytes() for p in export(newest(Home.at(home)), home / "exported")}


def exported_by_link(home: Path, folder: Path) -> dict[str, bytes]:
    """Export what the link leads to, as a reader does who knows nothing of homes."""
    files = export((home / "marketplace.duckdb").resolve(), folder)
    return {path.name: path.read_bytes() for path in files}


def copy_landing(home: Path, to: Path) -> Path:
    """Copy the landing of a home to another place; return that place."""
    shutil.copytree(home / "landing", to / "landing")
    return to
