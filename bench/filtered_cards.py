"""Measure what filtered cards cost in a home of 50,000 models and in one of 1,000,000.

`python -m bench.filtered_cards` fills both, runs each query on a publication of each, and prints
the processor time, the rows that EXPLAIN ANALYZE counts as scanned, and the ratio. README.md beside
this explains the figures.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from time import process_time
from typing import Any

from bench.facts import machine_facts, write_results
from bench.market import ingest
from bench.measure import BenchFailed, serving
from bench.verdict import Promise, promise_lines
from warehouse.connect import Connection, open_reader

MODELS = (50_000, 1_000_000)
ROUNDS = 5
MAX_RATIO = 2.0
QUERIES = {
    "the cards of a model": "SELECT * FROM cards WHERE model_id = $model",
    "live cards of an author with tools": (
        "SELECT * FROM cards WHERE task_group = $task_group AND model_id >= $author || '/' "
        "AND model_id < $author || '0' AND status = 'live' AND supports_tools"
    ),
    "one card by its id and model": (
        "SELECT * FROM cards WHERE offer_id = $offer AND model_id = $model"
    ),
    "number of cards": "SELECT count(*) FROM cards",
    "ten cheapest image cards": (
        "SELECT * FROM cards WHERE task_group = 'image' AND rankable "
        "ORDER BY cost_per_image LIMIT 10"
    ),
    "ten cheapest text cards with tools": (
        "SELECT * FROM cards WHERE task_group = 'text' AND supports_tools AND rankable "
        "ORDER BY cost_per_token LIMIT 10"
    ),
}
"""What a reader filters by; the ones that name no model match twenty times as many cards of a
catalogue twenty times as large."""
OF_A_MODEL = frozenset(list(QUERIES)[:4])
_SAMPLE = (
    "SELECT offer_id AS offer, model_id AS model, author, task_group FROM cards "
    "WHERE task_group = 'text' AND supports_tools ORDER BY hash(offer_id) LIMIT 1"
)


def main() -> None:
    """Measure, print, and write the result with --write."""
    parser = argparse.ArgumentParser(prog="python -m bench.filtered_cards", description=__doc__)
    parser.add_argument(
        "--homes", nargs=2, type=Path, metavar=("SMALL", "LARGE"), help="homes that are filled"
    )
    parser.add_argument("--write", action="store_true", help="write bench/results/filters.json")
    given = parser.parse_args()
    facts = machine_facts()
    try:
        if given.homes:
            rows = compare(*given.homes)
        else:
            with tempfile.TemporaryDirectory(prefix="pricehouse-filters-") as folder:
                rows = compare(*(_fill(Path(folder), models) for models in MODELS))
    except BenchFailed as error:
        sys.exit(f"error: {error}")
    promises = filter_promises(rows)
    if given.write:
        plain = [{"promise": p.promise, "measured": p.measured, "kept": p.kept} for p in promises]
        write_results("filters", {**facts, "rows": rows, "promises": plain})
    sys.stdout.write(f"{table(rows)}\n{promise_lines(promises)}\n")


def compare(small: Path, large: Path) -> list[dict[str, Any]]:
    """Return for each query what it takes in both homes, and the ratio of the two."""
    found = [_measure(home) for home in (small, large)]
    return [
        {
            "query": name,
            "cpu_ms": [each[name]["cpu_ms"] for each in found],
            "rows_scanned": [each[name]["rows_scanned"] for each in found],
            "ratio": round(found[1][name]["cpu_ms"] / found[0][name]["cpu_ms"], 2),
        }
        for name in QUERIES
    ]


def filter_promises(rows: list[dict[str, Any]]) -> list[Promise]:
    """Compare the ratios with what is promised of filtered cards."""
    return [
        Promise(
            f"{row['query']}: at 1,000,000 models within {MAX_RATIO:g} × of 50,000",
            f"{row['ratio']:.2f} ×, {row['rows_scanned'][0]:,} and {row['rows_scanned'][1]:,} "
            "rows scanned",
            row["ratio"] <= MAX_RATIO,
        )
        for row in rows
    ]


def table(rows: list[dict[str, Any]]) -> str:
    """Return what a person reads: a line for each query."""
    lines = [f"{'':<40}{'CPU ms, both':>18}{'rows scanned, both':>26}{'ratio':>9}"]
    for row in rows:
        times = " / ".join(f"{value:.1f}" for value in row["cpu_ms"])
        scanned = " / ".join(f"{value:,}" for value in row["rows_scanned"])
        lines.append(f"{row['query']:<40}{times:>18}{scanned:>26}{row['ratio']:>7.2f} ×")
    return "\n".join(lines)


def _measure(home: Path) -> dict[str, dict[str, float]]:
    with open_reader((home / "marketplace.duckdb").resolve()) as con:
        sample = con.execute(_SAMPLE).pl().to_dicts()[0]
        return {name: _cost(con, query, sample) for name, query in QUERIES.items()}


def _cost(con: Connection, query: str, sample: dict[str, str]) -> dict[str, float]:
    """Return the least processor milliseconds of some rounds, and the rows that were scanned."""
    values = {name: value for name, value in sample.items() if f"${name}" in query}
    times = []
    for _ in range(ROUNDS + 1):  # the least counts: the first reads the file from disk
        began = process_time()
        con.execute(query, values).fetchall()
        times.append(1000 * (process_time() - began))
    row = con.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}", values).fetchone()
    profile = json.loads(row[1]) if row else {}
    # a query that is answered by the statistics of a table scans none, and states no number
    scanned = profile.get("cumulative_rows_scanned", 0)
    return {"cpu_ms": round(min(times), 2), "rows_scanned": scanned}


def _fill(folder: Path, models: int) -> Path:
    home = folder / str(models)
    with serving(models) as hub:
        ingest(home, hub.url)
    return home


if __name__ == "__main__":
    main()
