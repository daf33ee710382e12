"""One moment for each event: no history has a hole or an overlap because feeds answer apart."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from tests.support.histories import Json, entry, offering, price, priced_entry
from tests.support.timed_histories import (
    LIST,
    PROVIDER,
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
OFTEN = (FIRST, *(pytest.param(order, marks=pytest.mark.slow) for order in ORDERS[1:]))
"""For tests that many answers are tried in: one order at once, the others with the slow tests."""


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
    links: list[Row],
    prices: list[Row],
    statuses: list[Row],
    claims: list[Row],
    *,
    logged: list[Row],
    returns: set[tuple[str, datetime]],
) -> None:
    """At a relabelling everything of the old name ends and everything of the new one begins.

    `logged` are all rows of the log: a decision can end a price where the new name began. At one of
    `returns` (new id, moment) the offer was gone, so that all of the old name has ended before it.
    """
    starts = {series(row, "offer_id", "unit", "tier", "valid_from") for row in logged}
    for link in links:
        old, new, at = link["old_offer_id"], link["new_offer_id"], link["at"]
        for rows in (prices, statuses, claims):
            mine = [row for row in rows if row["offer_id"] == old]
            assert not [r for r in mine if r["valid_from"] < at and (r["valid_to"] or at) > at]
            born = [row for row in rows if row["offer_id"] == new and row["valid_from"] < at]
            assert all(row["valid_to"] is not None and row["valid_to"] <= at for row in born)
        if (new, at) in returns:
            assert [r for r in statuses if r["offer_id"] == old and (r["valid_to"] or at) < at]
        else:
            assert [r for r in statuses if r["offer_id"] == old and r["valid_to"] == at]
        assert [r for r in statuses if r["offer_id"] == new and r["valid_from"] == at]
        ended = [r for r in prices if r["offer_id"] == old and r["valid_to"] == at]
        for row in (r for r in ended if r["closed_by"] == "change"):
            assert (new, row["unit"], row["tier"], at) in starts


def assert_holds_end_after_they_begin(events: list[Row]) -> None:
    """A hold of an offer, or of a single price, is not released before it was held."""
    held: dict[tuple[Any, ...], datetime] = {}
    for event in sorted(events, key=lambda event: event["change_id"]):
        offer_id, at = event["offer_id"], event["occurred_at"]
        if event["event"] == "held":
            held[offer_id, event["unit"], event["tier"]] = held[offer_id, None, None] = at
        elif event["event"] == "released":
            assert at >= held.get((offer_id, event["unit"], event["tier"]), at), event


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
            for row in rows_of(
                con, "FROM internal._ph_change WHERE event = 'gone' AND unit IS NULL"
            )
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
        events = rows_of(con, "FROM internal._ph_change")
        logged = rows_of(con, "FROM internal._ph_price_log")
    assert_tiled(prices, "offer_id", "unit", "tier")
    assert_tiled(statuses, "offer_id")
    assert_tiled(claims, "offer_id", "unit", "tier", "feed")
    for rows in (prices, statuses, claims):
        assert_within_offers(rows, offers)
    returns = {
        series(event, "offer_id", "occurred_at")
        for event in events
        if event["event"] == "back" and event["unit"] is None
    }
    assert_links_meet(links, prices, statuses, claims, logged=logged, returns=returns)
    for offer_id, offer in offers.items():
        assert all(
            row["valid_to"] <= offer["gone_at"]
            for row in statuses
            if row["offer_id"] == offer_id and offer["gone_at"]
        )
        mine = [row for row in statuses if row["offer_id"] == offer_id]
        assert min(row["valid_from"] for row in mine) == offer["first_seen_at"]
        assert [r for r in mine if r["valid_to"] == offer["gone_at"]]
    assert_holds_end_after_they_begin(events)
    for event in events:
        before = event["not_before_at"]  # a decision asks no feed: its answer may be the same one
        assert before is None or before <= event["occurred_at"], event
        if event["event"] == "new" and event["unit"] is None:
            assert event["occurred_at"] == offers[event["offer_id"]]["first_seen_at"]


@settings(max_examples=4)
@given(plan=plans)
def test_any_timing_of_feeds_leaves_no_hole_and_no_overlap(
    con: Connection, plan: list[tuple[TimedHour, int]]
) -> None:
    assert_moments(con, history_of(plan))


@pytest.mark.slow
@settings(max_examples=50, derandomize=False)
@given(plan=plans)
def test_many_timings_of_feeds_leave_no_hole_and_no_overlap(
    con: Connection, plan: list[tuple[TimedHour, int]]
) -> None:
    assert_moments(con, history_of(plan))


def run_hours(seconds: dict[str, int], *hours: dict[str, Any]) -> TimedHistory:
    """Return a history whose feeds keep their seconds."""
    history = TimedHistory()
    for hour in hours:
        history.pass_hour(TimedHour(seconds, **hour))
    return history


def named(name: str, *amounts: float) -> list[Json]:
    """Return the one entry of a Hub's mapping, with a price where amounts are given."""
    if amounts:
        return [priced_entry(*amounts, provider=PROVIDER, provider_id=name)]
    return [entry(PROVIDER, name)]


def failing(name: str, *amounts: float) -> list[Json]:
    """Return the one entry of a Hub's mapping, which the Hub finds in error."""
    return [priced_entry(*amounts, provider=PROVIDER, provider_id=name, status="error")]


ROUTED = [offering(price(0.3, 0.6), PROVIDER)]
UNPRICED = [offering(None, PROVIDER)]
RELABELS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (
        {"hub": named("x", 0.2, 0.4), "router": []},
        {"hub": named("y", 0.2, 0.4), "router": []},
    ),
    ({"hub": named("x"), "router": ROUTED}, {"hub": named("y"), "router": ROUTED}),
    (
        {"hub": named("x", 0.2, 0.4), "router": UNPRICED},
        {"hub": named("y", 0.2, 0.5), "router": UNPRICED},
    ),
    (
        {"hub": named("x"), "router": [], "listed": "tokens"},
        {"hub": named("y"), "router": [], "listed": "tokens"},
    ),
    ({"hub": [], "router": ROUTED}, {"hub": named("x"), "router": ROUTED}),
    ({"hub": named("x"), "router": ROUTED}, {"hub": [], "router": ROUTED}),
    ({"hub": named("x", 0.2, 0.4), "router": ROUTED}, {"hub": named("y", 0.2, 0.4)}),
]


@pytest.mark.parametrize("seconds", OFTEN)
@pytest.mark.parametrize(("before", "after"), RELABELS)
def test_a_relabelling_is_one_moment_whatever_feed_answers_first(
    con: Connection, seconds: dict[str, int], before: dict[str, Any], after: dict[str, Any]
) -> None:
    history = run_hours(seconds, before, before, after, after)
    assert_moments(con, history)
    for link in history.deltas[2].links.to_dicts():
        log = history.deltas[2].price_log
        assert set(log["valid_from"]) == {link["at"]}
        assert log["kind"].sort().to_list() == ["change", "change", "seen", "seen"]


def test_a_relabelling_happens_at_the_last_answer_that_shows_it(con: Connection) -> None:
    hour = {"router": [], "listed": ""}
    x, y = ({"hub": named(name, 0.2, 0.4), **hour} for name in "xy")
    history = run_hours(FIRST, x, y)
    assert history.deltas[1].links["at"].to_list() == [history.at("hub", 1)]
    beside = run_hours(FIRST, x | {"router": ROUTED}, y | {"router": ROUTED})
    assert beside.deltas[1].links["at"].to_list() == [beside.at("router", 1)]
    for each in (history, beside):
        assert_moments(con, each)


@pytest.mark.parametrize("seconds", ORDERS)
def test_a_price_that_falls_back_begins_with_the_answer_that_lacks_the_other(
    con: Connection, seconds: dict[str, int]
) -> None:
    both = {"hub": named("x", 0.2, 0.4), "router": ROUTED}
    history = run_hours(seconds, both, {"router": []}, {"router": []})
    assert history.amounts(PROVIDER) == {"input_token": "0.2", "output_token": "0.4"}
    assert set(history.deltas[2].price_log["valid_from"]) == {history.at("router", 2)}
    assert_moments(con, history)


@pytest.mark.parametrize("seconds", ORDERS)
def test_a_price_in_another_unit_begins_where_the_other_ends(
    con: Connection, seconds: dict[str, int]
) -> None:
    hub = {"hub": named("x"), "router": ROUTED, "listed": "image"}
    history = run_hours(seconds, hub, {**hub, "router": UNPRICED})
    moments = set(history.deltas[1].price_log["valid_from"])
    assert moments == {max(history.at("router", 1), history.at(LIST, 1))}
    assert_moments(con, history)


@pytest.mark.parametrize("seconds", ORDERS)
def test_an_offer_begins_with_the_first_answer_that_lists_it(
    con: Connection, seconds: dict[str, int]
) -> None:
    hour = {"hub": named("x", 0.2, 0.4), "router": ROUTED, "listed": "tokens"}
    history = run_hours(seconds, hour)
    first = min(history.at("hub", 0), history.at("router", 0))
    card = history.card(PROVIDER)
    assert card["first_seen_at"] == card["status_since"] == card["facts_since"] == first
    assert_moments(con, history)


ABSENT: dict[str, Any] = {"hub": []}
LATE_LIST: dict[str, Any] = {"router": [], "listed": "tokens"}


@pytest.mark.parametrize("amounts", [(0.2, 0.4), ()])
def test_an_offer_priced_after_the_hub_lacked_it_ends_with_the_last_answer(
    con: Connection, amounts: tuple[float, ...]
) -> None:
    history = run_hours(FIRST, {"hub": named("y", *amounts)}, ABSENT, LATE_LIST, ABSENT)
    (gone,) = history.state.offers["gone_at"].drop_nulls()
    assert gone == history.at("hub", 3)
    assert_moments(con, history)


def test_an_offer_that_returns_under_another_name_ended_before_the_link(con: Connection) -> None:
    history = run_hours(FIRST, {"hub": named("y", 0.2, 0.4)}, ABSENT, ABSENT, {"router": ROUTED})
    (link,) = history.deltas[3].links.to_dicts()
    assert link["at"] == history.at("router", 3)
    assert_moments(con, history)


def test_a_kept_price_ends_where_that_of_the_new_name_begins(con: Connection) -> None:
    history = run_hours(
        FIRST,
        {"router": ROUTED},
        {"hub": failing("y", 3, 4), "router": []},
        {"hub": failing("x", 0.2, 0.4), "router": []},
    )
    assert set(history.deltas[2].price_log["valid_from"]) == {history.at("hub", 2)}
    assert_moments(con, history)


@pytest.mark.parametrize("decision", ["accepted", "rejected"])
def test_what_is_decided_of_a_new_name_begins_no_sooner_than_it(
    con: Connection, decision: str
) -> None:
    # the list's later answer begins the new name, so the Hub's prices are older than their offer
    input_alone = [entry(PROVIDER, "x", providerDetails={"pricing": {"input": 0.2}})]
    history = run_hours(
        FIRST, {"hub": input_alone}, {"hub": named("y", 3, 4), "listed": "input alone"}
    )
    (check_id,) = history.state.refusals["check_id"]
    history.deltas.append(history.decide(check_id, decision))
    begun = history.at(LIST, 1)
    decided = history.deltas[-1].price_log.filter(kind="seen")
    assert set(decided["valid_from"]) <= {begun}
    assert decided.is_empty() == (decision == "rejected")
    assert_moments(con, history)
