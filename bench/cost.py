"""Measure the macro `cost` against bare ASOF joins that calculate the same sums, in one run.

`python -m bench.cost` makes a warehouse of 5,000 offers with 20 intervals per price, and 1,000,000
rows of usage with input and output tokens. README.md beside this explains the figures.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from warehouse.connect import Connection, open_reader, open_writer
from warehouse.migrate import migrate
from warehouse.view_files import definition

ROWS = 1_000_000
ROUNDS = 3
MOST = 5.0
"""How many times the CPU seconds of the bare joins the macro may take."""
_OFFERS = """
INSERT INTO internal._ph_offer
SELECT substr(md5(m || '-' || p), 1, 16), 'huggingface', 'org/model-' || m, 'provider-' || p,
       'conversational', 'name-' || m, 'org/model-' || m || ':provider-' || p, 'text', 'model',
       NULL,
       TIMESTAMPTZ '2025-12-01 00:00:00+00', NULL, NULL
FROM range(1000) t(m), range(5) s(p)"""
_PRICES = """
INSERT INTO internal._ph_price_log
SELECT row_number() OVER (), o.offer_id, u.unit, 'standard', 'router',
       ((1 + hash(o.offer_id || k) % 900)::DECIMAL(12,3) * 0.000000001)::DECIMAL(38,18), 'USD',
       'priced', 'list', NULL, u.unit, '1', 1, 1000000, NULL, 'public', sha256(o.offer_id || k),
       '$.data[' || k || '].providers[2]', 'run', 'seen',
       TIMESTAMPTZ '2025-12-01 00:00:00+00' + to_hours(72 * k), NULL,
       TIMESTAMPTZ '2025-12-01 00:00:00+00' + to_hours(72 * k), '4', 'run-' || k
FROM internal._ph_offer o, range(20) t(k), (VALUES ('input_token'), ('output_token')) u(unit)"""
_ANSWER = """
INSERT INTO internal._ph_run_feed (run_id, feed, outcome, requests, retries, pages, bytes, waited_s,
                          started_at, finished_at, observed_at, details)
VALUES ('r', 'router', 'complete', 1, 0, 1, 1, 0, '2026-02-10 00:00:00+00',
        '2026-02-10 00:00:00+00', '2026-02-10 00:00:00+00', false)"""
_USAGE = """
CREATE TEMP TABLE usage AS
SELECT 'org/model-' || (hash(i) % 1000) AS model, 'provider-' || (hash(i + 3) % 5) AS provider,
       TIMESTAMPTZ '2026-01-01 00:00:00+00' + to_seconds((hash(i + 7) % 2592000)::BIGINT)
           AS "timestamp",
       (1 + hash(i + 5) % 30000)::BIGINT AS input_tokens,
       (1 + hash(i + 6) % 3000)::BIGINT AS output_tokens
FROM range($rows) t(i)"""
_BARE = """
CREATE OR REPLACE TEMP TABLE bare AS
SELECT u.*, (i.amount * u.input_tokens + o.amount * u.output_tokens)::DECIMAL(38,18) AS cost
FROM usage u
ASOF LEFT JOIN (SELECT * FROM price_history WHERE unit = 'input_token' AND tier = 'standard') i
    ON u.model = i.model_id AND u.provider = i.inference_provider
   AND u."timestamp" >= i.valid_from
ASOF LEFT JOIN (SELECT * FROM price_history WHERE unit = 'output_token' AND tier = 'standard') o
    ON u.model = o.model_id AND u.provider = o.inference_provider
   AND u."timestamp" >= o.valid_from"""
_MACRO = "CREATE OR REPLACE TEMP TABLE costed AS FROM cost('usage')"
_SAME = "SELECT (SELECT sum(cost) FROM bare) = (SELECT sum(cost) FROM costed)"


def main() -> None:
    """Measure and print; with --assert exit 1 when the macro takes too long."""
    parser = argparse.ArgumentParser(prog="python -m bench.cost", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, help=f"default {ROWS}")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"default {ROUNDS}")
    parser.add_argument("--json", action="store_true", help="print JSON, for a program to read")
    parser.add_argument("--assert", dest="require", action="store_true", help=f"at most {MOST} x")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pricehouse-bench-") as folder:
        found = run(Path(folder) / "warehouse.duckdb", rows=given.rows, rounds=given.rounds)
    ratio = statistics.median(macro / bare for bare, macro in found)
    if given.json:
        result = {"rows": given.rows, "ratio": ratio, "cpu_s": [list(each) for each in found]}
        sys.stdout.write(json.dumps(result) + "\n")
    else:
        for bare, macro in found:
            sys.stdout.write(f"bare joins {bare:.2f} s, cost {macro:.2f} s of CPU\n")
        sys.stdout.write(f"{given.rows} rows: ratio {ratio:.2f}\n")
    if given.require and ratio > MOST:
        sys.exit(1)


def run(path: Path, *, rows: int, rounds: int) -> list[tuple[float, float]]:
    """Return the CPU seconds of the bare joins and of the macro, per round; both give one sum."""
    with open_writer(path) as con:
        migrate(con, now=datetime(2026, 1, 1, tzinfo=UTC))
        for statement in (_OFFERS, _PRICES, definition("_ph_price_end")[0], _ANSWER):
            con.execute(statement)
        con.execute("CHECKPOINT")
    with open_reader(path) as con:
        con.execute(_USAGE, {"rows": rows})
        found = [(_seconds(con, _BARE), _seconds(con, _MACRO)) for _ in range(rounds)]
        if con.execute(_SAME).fetchone() != (True,):
            sys.exit("error: the sums differ")
    return found


def _seconds(con: Connection, query: str) -> float:
    started = time.process_time()
    con.execute(query)
    return time.process_time() - started


if __name__ == "__main__":
    main()
