"""The stored ends of price intervals, kept run by run, are those that follow from the whole log."""

from __future__ import annotations

from datetime import datetime
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.cost_examples import random_log
from tests.support.cost_history import PriceLog, hour
from warehouse.connect import Connection
from warehouse.statements import statement
from warehouse.writer.price_ends import store_price_ends

_INTERVALS = """
CREATE OR REPLACE TEMP VIEW expected AS
WITH latest AS (
    SELECT * FROM internal._ph_price_log
    QUALIFY row_number() OVER (
        PARTITION BY offer_id, unit, tier, valid_from ORDER BY log_id DESC) = 1
)
SELECT *, lead(valid_from) OVER series AS valid_to, lead(kind) OVER series AS next_kind,
       lead(not_before_at) OVER series AS last_shown_at
FROM latest WHERE kind <> 'void'
WINDOW series AS (PARTITION BY offer_id, unit, tier ORDER BY valid_from)
"""
_TOUCHED = """
CREATE OR REPLACE TEMP TABLE touched_offer AS
SELECT DISTINCT offer_id FROM internal._ph_price_log WHERE hash(offer_id) % 3 > 0
"""
_REMEMBERED = """
SELECT log_id, seen_at, is_last FROM (
    SELECT *, row_number() OVER (
        PARTITION BY offer_id, unit, tier ORDER BY valid_from DESC) = 1 AS is_last
    FROM (SELECT *, coalesce(last_shown_at, valid_to, valid_from) AS seen_at FROM expected)
    WHERE kind IN ('seen', 'corrected') AND offer_id IN (FROM touched_offer)
)
WHERE seen_at >= $oldest
QUALIFY is_last OR (price_status IN ('priced', 'free') AND row_number() OVER (
    PARTITION BY offer_id, unit, tier, price_status IN ('priced', 'free')
    ORDER BY valid_from DESC) = 1)
"""


def run_by_run(con: Connection) -> None:
    """Log the prices of each run after those of the run before, as loads do."""
    con.execute("CREATE OR REPLACE TEMP TABLE logged AS FROM internal._ph_price_log")
    con.execute("DELETE FROM internal._ph_price_log")
    runs = "SELECT run_id FROM logged GROUP BY run_id ORDER BY min(log_id)"
    for (run_id,) in con.execute(runs).fetchall():
        con.execute("INSERT INTO internal._ph_price_log FROM logged WHERE run_id = ?", [run_id])
        store_price_ends(con, run_id)


def differing(con: Connection, one: str, other: str) -> list[tuple[object, ...]]:
    return con.execute(
        f"(FROM {one} EXCEPT ALL FROM {other}) UNION ALL (FROM {other} EXCEPT ALL FROM {one})"
    ).fetchall()


def remembered(con: Connection, oldest: datetime) -> tuple[list[object], list[object]]:
    """Return what the statement reads, and what a search through all intervals finds."""
    con.execute(_TOUCHED)
    found = con.execute(statement("read_remembered_prices"), {"oldest": oldest})
    names = [column[0] for column in found.description or ()]
    rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    searched = con.execute(_REMEMBERED, {"oldest": oldest}).fetchall()
    ids = {f"hash-{log_id}": (seen_at, is_last) for log_id, seen_at, is_last in searched}
    return (
        sorted((row["payload_hash"], row["seen_at"], row["is_last"]) for row in rows),
        sorted((name, *values) for name, values in ids.items()),
    )


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10**9))
def test_ends_that_loads_keep_are_those_of_the_whole_log(con: Connection, seed: int) -> None:
    random = Random(seed)  # noqa: S311 - the seed is hypothesis's
    with random_log(random).loaded(con):
        con.execute(_INTERVALS)
        run_by_run(con)
        assert differing(con, "internal._ph_price_end", "internal._ph_price_end_computed") == []
        assert differing(con, "internal._ph_price_interval", "expected") == []
        for oldest in (0.0, 3.5, 8.0):
            read, searched = remembered(con, hour(oldest))
            assert read == searched


def test_a_replaced_and_a_void_start_have_no_interval_of_their_own(con: Connection) -> None:
    log = PriceLog()
    offer = log.offer("org/a", "novita")
    log.price(offer, "input_token", "1", 0)
    log.price(offer, "input_token", "2", 5)
    log.price(offer, "input_token", "3", 5, kind="corrected", recorded_at=6)
    log.price(offer, "input_token", "4", 8)
    log.price(offer, "input_token", "4", 8, kind="void", recorded_at=9)
    with log.loaded(con):
        run_by_run(con)
        found = con.execute(
            "SELECT amount, valid_from, valid_to FROM price_history ORDER BY valid_from"
        ).fetchall()
    assert [(int(amount), *times) for amount, *times in found] == [
        (1, hour(0), hour(5)),
        (3, hour(5), None),
    ]
