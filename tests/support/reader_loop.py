"""Read the newest publication over and over until stdin closes, a JSON line for each look.

Run as `python -m tests.support.reader_loop LINK`; it opens the files as a stranger's program does.
"""

from __future__ import annotations

import json
import os
import sys
import threading

import duckdb


def main(link: str) -> None:
    """Print what each look saw; the last one begins after stdin closed."""
    stop = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
    con, opened = None, None
    while True:
        last = stop.is_set()  # read before looking, so that the last publication is looked at too
        path = os.path.realpath(link)
        if con is None or path != opened:
            if con is not None:
                con.close()
            con, opened = duckdb.connect(path, read_only=True), path
            # In what it takes for an interactive process DuckDB draws a progress bar on stdout
            # when a query takes more than two seconds: between our lines.
            con.execute("SET enable_progress_bar = false")
        print(json.dumps(_look(con, path)), flush=True)  # noqa: T201 (its output)
        if last:
            break


def _look(con: duckdb.DuckDBPyConnection, path: str) -> dict[str, object]:
    prices = con.execute(
        "SELECT DISTINCT cost_per_input_token FROM cards WHERE price_status = 'priced' "
        "UNION SELECT amount FROM price_history WHERE valid_to IS NULL "
        "AND price_status = 'priced' AND unit = 'input_token'"
    ).fetchall()
    return {
        "file": os.path.basename(path),
        "publication": con.execute("SELECT publication_id, run_id FROM publication").fetchone(),
        "newest_run": _one(con, "SELECT max(run_id) FROM runs"),
        "cards": _one(con, "SELECT count(*) FROM cards"),
        "recorded": con.execute(
            "SELECT offers + adapters, changes FROM runs ORDER BY run_id DESC LIMIT 1"
        ).fetchone(),
        "changes": _one(con, "SELECT count(*) FROM changes JOIN publication USING (run_id)"),
        "prices": [str(amount) for (amount,) in prices],
    }


def _one(con: duckdb.DuckDBPyConnection, query: str) -> object:
    row = con.execute(query).fetchone()
    return row[0] if row else None


if __name__ == "__main__":
    main(sys.argv[1])
