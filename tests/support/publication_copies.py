"""A copy of a published file with values changed by a test.

For values that no real response can have: names that the contract refuses, and prices that no feed
states yet. Tests use it only to check how pages show them.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from warehouse.connect import open_writer
from warehouse.publication.newest import newest
from warehouse.storage.home import Home


def altered(home: Path, copy: Path, *statements: tuple[str, list[object]]) -> Path:
    """Copy a home's newest publication into a new home, run the statements on it, return it."""
    original, target = Home(home), Home(copy)
    source = newest(original)
    target.published.mkdir(parents=True)
    shutil.copy(home / "home.json", copy)
    shutil.copy(source, target.published)
    with open_writer(target.published / source.name) as con:
        for statement, values in statements:
            con.execute(statement, values)
        con.execute("CHECKPOINT")
    target.link.symlink_to(Path("published") / source.name)
    return copy
