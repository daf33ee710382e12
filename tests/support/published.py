"""Look at a home as its readers do, and compare homes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import zstandard

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


def whole(home: Path) -> bool:
    """Compare the parts of the publication with each other; False before there is any."""
    link = home / "marketplace.duckdb"
    if not link.is_symlink():
        return False
    with duckdb.connect(str(link.resolve()), read_only=True) as con:
        agreeing = con.sql(
            "SELECT p.publication_id = r.run_id, r.offers + r.adapters = (SELECT count(*) FROM "
            "cards) FROM publication p, runs r ORDER BY r.started_at DESC LIMIT 1"
        ).fetchone()
    assert agreeing == (True, True)
    return True


def files(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Yield every file, landed bytes unpacked too."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            held = path.read_bytes()
            yield path, held
            if path.suffix == ".zst":
                yield path, zstandard.ZstdDecompressor().decompressobj().decompress(held)
