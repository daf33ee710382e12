"""Availability and speed over time equal a walk through the hours, with gaps and earlier ids."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

import duckdb
import pytest

from marketplace.statements import SPEEDS, STATUSES, statement

NEWEST = datetime(2026, 9, 21, 10, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
TABLES = """
CREATE SCHEMA internal;
CREATE TABLE publication (observed_to TIMESTAMPTZ);
CREATE TABLE cards (offer_id VARCHAR, inference_provider VARCHAR, offer_type VARCHAR);
CREATE TABLE offer_links (old_offer_id VARCHAR, new_offer_id VARCHAR, "at" TIMESTAMPTZ);
CREATE TABLE internal._ph_seen (offer_id VARCHAR, feed VARCHAR);
CREATE TABLE internal._ph_feed_time (feed VARCHAR, observed_at TIMESTAMPTZ);
CREATE TABLE feeds (feed VARCHAR, expected_every INTERVAL);
CREATE TABLE gaps (feed VARCHAR, from_at TIMESTAMPTZ, to_at TIMESTAMPTZ);
CREATE TABLE status_history (offer_id VARCHAR, status VARCHAR, valid_from TIMESTAMPTZ,
                             valid_to TIMESTAMPTZ);
CREATE TABLE speed_history (offer_id VARCHAR, observed_at TIMESTAMPTZ, throughput_tps DOUBLE,
                            first_token_latency_ms DOUBLE, request_latency_ms DOUBLE);
"""
Interval = tuple[str, datetime, datetime | None]


@dataclass
class MadeHistory:
    """What is known of one offer; `before` is an earlier id, until the time of its link."""

    feeds: list[str]
    statuses: list[Interval]
    speeds: list[tuple[datetime, float | None]] = field(default_factory=list)
    link_at: datetime | None = None


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute("SET TimeZone = 'UTC'")
        opened.execute(TABLES)
        opened.execute("INSERT INTO publication VALUES (?)", [NEWEST])
        opened.execute(
            "INSERT INTO feeds VALUES ('hub', INTERVAL 1 HOUR), ('router', INTERVAL 1 HOUR)"
        )
        yield opened


def store(
    con: duckdb.DuckDBPyConnection, histories: dict[str, MadeHistory], gaps: list[Any], last: Any
) -> None:
    """Write the histories as the relations have them."""
    con.executemany("INSERT INTO internal._ph_feed_time VALUES (?, ?)", list(last.items()))
    if gaps:
        con.executemany("INSERT INTO gaps VALUES (?, ?, ?)", gaps)
    for offer, known in histories.items():
        con.execute("INSERT INTO cards VALUES (?, 'novita', 'model')", [offer])
        con.executemany(
            "INSERT INTO internal._ph_seen VALUES (?, ?)", [[offer, f] for f in known.feeds]
        )
        if known.link_at:
            con.execute(
                "INSERT INTO offer_links VALUES (?, ?, ?)", [f"{offer}-old", offer, known.link_at]
            )
        for status, begins, ends in known.statuses:
            old = known.link_at is not None and begins < known.link_at
            name = f"{offer}-old" if old else offer
            con.execute(
                "INSERT INTO status_history VALUES (?, ?, ?, ?)", [name, status, begins, ends]
            )
        for at, speed in known.speeds:
            old = known.link_at is not None and at < known.link_at
            con.execute(
                "INSERT INTO speed_history VALUES (?, ?, ?, NULL, NULL)",
                [f"{offer}-old" if old else offer, at, speed],
            )


def rows(con: duckdb.DuckDBPyConnection, *names: str, **values: object) -> list[tuple[Any, ...]]:
    """Return the rows of a statement."""
    return con.execute(statement(*names), values).fetchall()


def is_known(known: MadeHistory, gaps: list[Any], last: Any, at: datetime) -> bool:
    unanswered = [*gaps, *((f, t, None) for f, t in last.items() if t + 1.5 * HOUR < NEWEST)]
    return not any(
        feed in known.feeds and begins < at and (ends is None or at < ends)
        for feed, begins, ends in unanswered
    )


def walk(known: MadeHistory, gaps: list[Any], last: Any, days: int) -> tuple[int, ...]:
    """Return (hours, known, live, unknown) hour by hour."""
    first = min(begins for _, begins, _ in known.statuses)
    marks = [NEWEST - number * HOUR for number in range(24 * days)]
    hours = [at for at in marks if at >= first]
    seen = [at for at in hours if is_known(known, gaps, last, at)]
    live = [
        at
        for at in seen
        if any(s == "live" and b <= at and (e is None or at < e) for s, b, e in known.statuses)
    ]
    return len(hours), len(seen), len(live), len(hours) - len(seen)


def made_history(chance: random.Random) -> MadeHistory:
    """Return a history of changes at any minute, of up to 40 days, with times of absence."""
    at = NEWEST - timedelta(minutes=chance.randrange(5, 40 * 24 * 60))
    statuses: list[Interval] = []
    while True:
        ends = at + timedelta(minutes=chance.randrange(1, 6 * 24 * 60))
        is_last = ends > NEWEST
        status = chance.choice(["live", "live", "error", "staging"])
        statuses.append((status, at, None if is_last else ends))
        if is_last:
            break
        at = ends + timedelta(minutes=chance.choice([0, 0, 300]))
        if at > NEWEST:
            break
    speeds = [(begins, chance.choice([None, 10.0, 35.5, 80.0])) for _, begins, _ in statuses]
    link_at = statuses[-1][1] if len(statuses) > 1 and chance.random() < 0.5 else None
    return MadeHistory(chance.choice([["hub"], ["hub", "router"]]), statuses, speeds, link_at)


@pytest.mark.parametrize("seed", range(4))
def test_shares_and_speeds_equal_a_walk_through_the_hours(
    con: duckdb.DuckDBPyConnection, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - a seeded test, no secret
    histories = {f"offer-{number}": made_history(chance) for number in range(12)}
    gaps = []
    for feed in ("hub", "router", "router"):
        begins = NEWEST - timedelta(minutes=chance.randrange(600, 30 * 24 * 60))
        gaps.append([feed, begins, begins + timedelta(minutes=chance.randrange(91, 500))])
    last = {"hub": NEWEST - chance.choice([0, 1, 5]) * HOUR, "router": NEWEST}
    store(con, histories, gaps, last)
    names = {"offers": list(histories), "inference_provider": None}
    found = rows(con, *STATUSES, "select_availability", **names)
    assert {(offer, days): tuple(counts) for offer, days, *counts, _ in found} == {
        (offer, days): walk(known, gaps, last, days)
        for offer, known in histories.items()
        for days in (7, 30)
    }
    for *_, known_hours, live, _, share in found:
        assert share == (pytest.approx(live / known_hours, abs=6e-5) if known_hours else None)
    whole = rows(
        con, *STATUSES, "select_provider_availability", offers=None, inference_provider="novita"
    )
    for days, offers, *counts, _ in whole:
        each = [walk(known, gaps, last, days) for known in histories.values()]
        assert (offers, tuple(counts)) == (len(each), tuple(map(sum, zip(*each, strict=True))))
    speeds = rows(con, *SPEEDS, "select_speeds", **names, step=1)
    assert {(offer, day): (n, tps) for offer, day, n, tps, *_ in speeds} == walk_speeds(
        histories, gaps, last
    )


def walk_speeds(histories: dict[str, MadeHistory], gaps: list[Any], last: Any) -> dict[Any, Any]:
    """Return (offer, day) → (hours with a speed, their median)."""
    found: dict[Any, list[float]] = {}
    for offer, known in histories.items():
        for at in (NEWEST - number * HOUR for number in range(720)):
            before = [speed for begins, speed in known.speeds if begins <= at]
            if before and before[-1] is not None and is_known(known, gaps, last, at):
                day = (at - timedelta(microseconds=1)).date()
                found.setdefault((offer, day), []).append(before[-1])
    return {key: (len(speeds), round(median(speeds), 3)) for key, speeds in found.items()}


def test_an_offer_that_is_new_has_only_the_hours_since_then(con: duckdb.DuckDBPyConnection) -> None:
    new = MadeHistory(["hub"], [("live", NEWEST - 3 * HOUR, None)])
    store(con, {"a": new}, [], {"hub": NEWEST, "router": NEWEST})
    (week, month) = rows(
        con, *STATUSES, "select_availability", offers=["a"], inference_provider=None
    )
    assert week == ("a", 7, 4, 4, 4, 0, 1.0)
    assert month[2:] == week[2:]


def test_a_feed_that_does_not_answer_now_makes_its_hours_unknown(
    con: duckdb.DuckDBPyConnection,
) -> None:
    old = MadeHistory(["hub", "router"], [("live", NEWEST - 100 * HOUR, None)])
    other = MadeHistory(["router"], [("live", NEWEST - 100 * HOUR, None)])
    last = {"hub": NEWEST - 10 * HOUR, "router": NEWEST}
    store(con, {"a": old, "b": other}, [], last)
    found = rows(con, *STATUSES, "select_availability", offers=["a", "b"], inference_provider=None)
    assert found[0] == ("a", 7, 101, 91, 91, 10, 1.0)
    assert found[2] == ("b", 7, 101, 101, 101, 0, 1.0)
