"""Where the link leads: the newest publication."""

from __future__ import annotations

from pathlib import Path

from schemas.errors import HomeError, UsageError
from warehouse.home import Home


def newest(home: Home) -> Path:
    """Return the file that the link leads to; UsageError before the first publication.

    The name is resolved each time: a process that opened the link's own name twice would be given
    the file that it has open, however stale.
    """
    if not home.link.is_symlink():
        raise UsageError(f"{home.root} has no publication yet; run `pricehouse ingest`")
    path = home.link.resolve()
    if not path.exists():
        raise HomeError(
            f"{home.link} leads to {path.name}, which is gone; the next run publishes again"
        )
    return path
