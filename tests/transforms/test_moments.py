"""One moment for each event: no history has a hole or an overlap because feeds answer apart."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from tests.support.timed_histories import (
    LIST,
    TimedHistory,
    TimedHour,
    history_of,
    loaded,
    plans,
    rows_of,
)
from warehouse.connect import Connection, open_writer
from warehouse.migrate import migrate

Row = dict[str, Any]
HALF_A_SECOND = timedelta(seconds=0.5)
FIRST = {"hub": 1, "router": 4, LIST: 9}
ORDERS = (FIRST, {"hub": 4, "router": 1, LIST: 2}, {"hub": 3, "router": 3, LIST: 3})


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """An empty warehouse with its real views."""
    path: Path = tmp_path_factory.mktemp("moments") / "warehouse.duckdb"
    with open_writer(path) as con:
        migrate(con, now=datetime(2026, 1, 1, tzinfo=UTC))
        yield con


def series(row: Row, *names: str) -> tuple[Any, ...]:
    return tuple(row[name] for name in names)


def overlaps(row: Row, other: Row) -> bool:
    """Return whether two intervals [valid_from, valid_to) share a moment."""
    ends = [r["valid_to"] or datetime.max.replace(tzinfo=UTC) for r in (row, other)]
    return bool(row["valid_from"] < ends[1] and other["valid_from"] < ends[0])


def assert_tiled(rows: list[Row], *key: str) -> None:
    """The intervals of each series do not overlap, and only an absence parts two of them."""
    ordered = sorted(rows, key=lambda row: (*series(row, *key), row["valid_from"]))
    for before, after in itertools.pairwise(ordered):
        if series(before, *key) != series(after, *key):
            continue
        assert before["valid_to"] is not None
        assert before["valid_to"] <= after["valid_from"]
        if before["valid_to"] < after["valid_from"]:
            assert before["ends_with_offer"] or before.get("closed_by") == "absence"


def assert_within_offers(rows: list[Row], offers: dict[str, Row]) -> None:
    """What an offer shows begins no sooner than the offer, and is over when the offer is."""
    for row in rows:
        offer = offers[row["offer_id"]]
        assert row["valid_from"] >= offer["first_seen_at"]
        if row["valid_to"] is None:
            assert offer["gone_at"] is None
        assert row["valid_to"] is None or row["valid_from"] < row["valid_to"]


def assert_links_meet(
    links: list[Row], prices: list[Row], statuses: list[Row], claims: list[Row]
) -> None:
    """At a relabelling everything of the old name ends and everything of the new one begins."""
    for link in links:
        old, new, at = link["old_offer_id"], link["new_offer_id"], link["at"]
        for rows in (prices, statuses, claims):
            mine = [row for row in rows if row["offer_id"] == old]
            assert not [r for r in mine if r["valid_from"] < at and (r["valid_to"] or at) > at]
            born = [row for row in rows if row["offer_id"] == new and row["valid_from"] < at]
            assert all(row["valid_to"] is not None and row["valid_to"] <= at for row in born)
        assert [r for r in statuses if r["offer_id"] == old and r["valid_to"] == at]
        assert [r for r in statuses if r["offer_id"] == new and r["valid_from"] == at]
        ended = [r for r in prices if r["offer_id"] == old and r["valid_to"] == at]
        for row in (r for r in ended if r["closed_by"] == "change"):
            assert [
                r
                for r in prices
                if series(r, "offer_id", "unit", "tier") == (new, row["unit"], row["tier"])
                and r["valid_from"] == at
            ]


def assert_price_as_of(con: Connection, prices: list[Row]) -> None:
    """The macro answers at every edge of an interval, and just before it, with one price each."""
    edges = {row[name] for row in prices for name in ("valid_from", "valid_to") if row[name]}
    times = sorted(edges | {edge - HALF_A_SECOND for edge in edges})
    found = rows_of(
        con,
        "SELECT t.ts, p.offer_id, p.unit, p.amount "
        "FROM (SELECT unnest(?::TIMESTAMPTZ[]) AS ts) t, LATERAL (FROM price_as_of(t.ts)) p",
        times,
    )
    wanted = [
        (at, *series(row, "offer_id", "unit", "amount"))
        for at in times
        for row in prices
        if row["valid_from"] <= at and (row["valid_to"] is None or at < row["valid_to"])
    ]
    assert sorted(wanted, key=str) == sorted((tuple(row.values()) for row in found), key=str)


def assert_moments(con: Connection, history: TimedHistory) -> None:
    """What the views show of a history."""
    with loaded(con, history):
        offers = {row["offer_id"]: row for row in rows_of(con, "FROM offers")}
        links = rows_of(con, "FROM offer_links")
        ended = {
            (row["offer_id"], row["occurred_at"])
            for row in rows_of(con, "FROM _ph_change WHERE event = 'gone' AND unit IS NULL")
        } | {(link["old_offer_id"], link["at"]) for link in links}
        prices, statuses, claims = (
            [
                row | {"ends_with_offer": series(row, "offer_id", "valid_to") in ended}
                for row in rows
            ]
            for rows in (
                rows_of(con, "FROM price_history"),
                rows_of(con, "FROM status_history"),
                rows_of(con, "FROM price_claims"),
            )
        )
        assert_price_as_of(con, prices)
        events = rows_of(con, "FROM _ph_change")
    assert_tiled(prices, "offer_id", "unit", "tier")
    assert_tiled(statuses, "offer_id")
    assert_tiled(claims, "offer_id", "unit", "tier", "feed")
    for rows in (prices, statuses, claims):
        assert_within_offers(rows, offers)
    assert_links_meet(links, prices, statuses, claims)
    for offer_id, offer in offers.items():
        assert all(
            row["valid_to"] <= offer["gone_at"]
            for row in statuses
            if row["offer_id"] == offer_id and offer["gone_at"]
        )
        mine = [row for row in statuses if row["offer_id"] == offer_id]
        assert min(row["valid_from"] for row in mine) == offer["first_seen_at"]
        assert [r for r in mine if r["valid_to"] == offer["gone_at"]]
    for event in events:
        assert event["not_before_at"] is None or event["not_before_at"] < event["occurred_at"], (
            event
        )
        if event["event"] == "new" and event["unit"] is None:
            assert event["occurred_at"] == offers[event["offer_id"]]["first_seen_at"]


@settings(max_examples=30, deadline=None)
@given(plan=plans)
def test_any_timing_of_feeds_leaves_no_hole_and_no_overlap(
    con: Connection, plan: list[tuple[TimedHour, int]]
) -> None:
    assert_moments(con, history_of(plan))
