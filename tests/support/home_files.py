"""Look through the files of a home, and check the publication that readers see."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import zstandard


def contents(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Yield every file below a folder with its bytes, and a packed one unpacked too."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            packed = path.read_bytes()
            yield path, packed
            if path.suffix == ".zst":
                yield path, zstandard.ZstdDecompressor().decompressobj().decompress(packed)


def publication_is_consistent(home: Path) -> bool:
    """Compare the parts of the publication that readers see; False before there is any."""
    link = home / "marketplace.duckdb"
    if not link.is_symlink():
        return False
    with duckdb.connect(str(link.resolve()), read_only=True) as con:
        equal = con.sql(
            "SELECT p.publication_id = r.run_id, r.offers + r.adapters = (SELECT count(*) FROM "
            "cards) FROM publication p, runs r ORDER BY r.started_at DESC LIMIT 1"
        ).fetchone()
    return equal == (True, True)
