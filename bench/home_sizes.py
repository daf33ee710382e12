"""What a home takes on disk, and what queries of its publication take."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from time import process_time

from warehouse.connect import open_reader

BLOCK = 512  # bytes of st_blocks, whatever the file system's own
ROUNDS = 5
QUERIES = {
    "cards: ten cheapest": "FROM cheapest('text')",
    "cards: all": "SELECT count(*), sum(cost_per_token) FROM cards",
    "history of one offer": (
        "FROM price_history WHERE offer_id = (SELECT min(offer_id) FROM prices) ORDER BY valid_from"
    ),
    "price_as_of now": "SELECT count(*), sum(amount) FROM price_as_of($now)",
    "price_as_of the first day": "SELECT count(*), sum(amount) FROM price_as_of($first)",
    "changes of a day": "SELECT count(*) FROM changes WHERE occurred_at >= $day",
    "checks of the last run": (
        "SELECT count(*) FROM checks WHERE run_id = (SELECT run_id FROM publication)"
    ),
    "runs of a day": "FROM runs ORDER BY started_at DESC LIMIT 24",
    "feeds": "FROM feeds",
}
"""What a reader asks; each on a connection of its own, opening included."""


def query_times(publication: Path, start: datetime, hours: int) -> dict[str, float]:
    """Return query → processor milliseconds, the least of some rounds: the first reads the file."""
    now = start + timedelta(hours=hours)
    moments = {"now": now, "day": now - timedelta(days=1), "first": start + timedelta(hours=1)}
    found: dict[str, list[float]] = {name: [] for name in QUERIES}
    for number in range(ROUNDS + 1):  # the first is not counted: it reads the file from disk
        for name, query in QUERIES.items():
            used = {key: value for key, value in moments.items() if f"${key}" in query}
            began = process_time()
            with open_reader(publication.resolve()) as con:
                con.execute(query, used).fetchall()
            if number:
                found[name].append(1000 * (process_time() - began))
    return {name: round(min(times), 1) for name, times in found.items()}


def row_counts(warehouse: Path) -> dict[str, int]:
    """Return table → rows of the writer's file."""
    with open_reader(warehouse) as con:
        tables = con.execute(
            "SELECT table_name, schema_name || '.' || table_name FROM duckdb_tables() ORDER BY ALL"
        ).fetchall()
        counts = {name: con.table(full).aggregate("count(*)").fetchone() for name, full in tables}
    return {name: row[0] for name, row in counts.items() if row}


def sizes(home: Path) -> dict[str, int]:
    """Return bytes on disk of each part of a home, and the number of files under landing."""
    landing = home / "landing"
    return {
        "warehouse": _taken([home / "warehouse.duckdb"]),
        "publications": _taken((home / "published").glob("*.duckdb")),
        "answers": _taken((landing / "objects").glob("*/*")),
        "run records": _taken([*(landing / "runs").glob("*"), *(landing / "runs").glob("*/*")]),
        "checkpoints": _taken((landing / "checkpoints").glob("*")),
        "files under landing": sum(1 for path in landing.rglob("*") if path.is_file()),
    }


def _taken(paths: Iterable[Path]) -> int:
    """Sum what files take on disk, which for small ones is more than they hold."""
    return sum(path.stat().st_blocks * BLOCK for path in paths)
