"""Read the newest version of each interval from the logs: the last row about its start."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from schemas.load import CHECKS
from warehouse.connect import Connection
from warehouse.statements import statement

LOGS = ("price", "claim", "status", "speed", "link")


@dataclass(frozen=True)
class LogVersions:
    """Each log's newest rows, and the findings behind what is refused now (CHECKS)."""

    frames: dict[str, pl.DataFrame]
    """By log of LOGS."""
    checks: pl.DataFrame


def read_log_versions(con: Connection) -> LogVersions:
    """Return the newest versions of all logs of a warehouse."""
    frames = {log: con.sql(statement(f"read_latest_{log}_rows")).pl() for log in LOGS}
    return LogVersions(frames, CHECKS.shape(con.sql(statement("read_refused_checks")).pl()))
