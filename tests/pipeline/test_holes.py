"""Walks with a hole: what they state counts, what they lack is not absent at once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.decisions import DecisionRequest
from pipeline.report import Report
from samples.hub import Hub, serve
from tests.support.backends import WITHOUT_S3, decide, replay
from tests.support.holed_pages import HoledPages, many_models
from tests.support.hours import Clock, ingest
from tests.support.published import copy_landing, exported, rows

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("backend"), WITHOUT_S3]

HOUR = timedelta(hours=1)
MODELS = 2100
EVERY_20TH = frozenset(range(0, MODELS, 20))
PRESENT = "SELECT count(*) FROM cards"
GONE = "SELECT count(*) FROM changes WHERE event = 'gone'"
HUB_FEEDS = (
    "SELECT outcome, error_code, short_pages FROM run_feeds WHERE feed = 'hub' ORDER BY run_id"
)
HELD = (
    "SELECT feed, inference_provider, expected, observed, decision FROM checks "
    "WHERE name = 'count_drop'"
)


def hour(home: Path, hub: Hub, clock: Clock) -> Report:
    clock.advance(HOUR)
    return ingest(home, hub, clock=clock, feeds=("hub",))


def test_an_empty_page_in_the_middle_ends_nothing_and_enters_nothing(tmp_path: Path) -> None:
    clock, pages = Clock(), HoledPages(many_models(MODELS))
    with serve(pages.catalog, on_request=pages) as hub:
        hour(tmp_path, hub, clock)
        pages.catalog = many_models(MODELS, price="0.3")
        pages.faults = {2: lambda _: []}
        reports = [hour(tmp_path, hub, clock) for _ in range(2)]
        pages.faults = {}
        last = hour(tmp_path, hub, clock)
    for report in reports:
        assert (report.outcome, report.exit_status) == ("failed", 1)
        assert "is empty and has a next one" in str(report.error)
    assert last.outcome == "published"
    assert rows(tmp_path, HUB_FEEDS) == [
        ("complete", None, 0),
        ("partial", "paging_hole", 0),
        ("partial", "paging_hole", 0),
        ("complete", None, 0),
    ]
    assert rows(tmp_path, GONE) == [(0,)]
    assert rows(tmp_path, PRESENT) == [(MODELS,)]


def test_what_an_unusually_short_page_lacks_stays_and_what_it_states_enters(tmp_path: Path) -> None:
    home, clock, pages = tmp_path / "home", Clock(), HoledPages(many_models(MODELS))
    with serve(pages.catalog, on_request=pages) as hub:
        for _ in range(2):
            hour(home, hub, clock)
        pages.catalog = many_models(MODELS, price="0.3")
        pages.faults = {2: lambda page: page[:-20]}
        for _ in range(2):
            hour(home, hub, clock)
        assert rows(
            home, "SELECT count(*) FROM changes WHERE event = 'up' AND unit = 'input_token'"
        ) == [(MODELS - 20,)]
        assert rows(home, GONE) == [(0,)]
        assert rows(home, HELD) == []
        assert rows(home, "SELECT severity, feed FROM checks WHERE name = 'short_pages'") == [
            ("warn", "hub")
        ]
        # More than half of the earlier walks had such a page: then it is how the source is.
        for _ in range(4):
            hour(home, hub, clock)
    assert [short for _, _, short in rows(home, HUB_FEEDS)] == [0, 0, 1, 1, 1, 1, 1, 1]
    assert rows(home, GONE) == [(20 * 3,)]  # each offer, and its two prices
    copy = copy_landing(home, tmp_path / "copy")
    replay(copy)
    assert exported(copy) == exported(home)


def test_where_pages_are_always_short_absences_count(tmp_path: Path) -> None:
    clock, pages = Clock(), HoledPages(many_models(MODELS))
    pages.faults = {1: lambda page: page[:-3]}
    with serve(pages.catalog, on_request=pages) as hub:
        for _ in range(2):
            hour(tmp_path, hub, clock)
        pages.catalog = many_models(MODELS, without=frozenset({2050, 2051}))
        for _ in range(2):
            hour(tmp_path, hub, clock)
    assert rows(tmp_path, "SELECT count(*) FROM offers WHERE gone_at IS NOT NULL") == [(2,)]
    assert rows(tmp_path, "SELECT count(*) FROM checks WHERE name = 'short_pages'") == [(0,)]


def test_a_feed_that_lacks_a_twentieth_at_once_is_held_until_it_is_decided(tmp_path: Path) -> None:
    home, clock, pages = tmp_path / "home", Clock(), HoledPages(many_models(MODELS))
    with serve(pages.catalog, on_request=pages) as hub:
        hour(home, hub, clock)
        pages.catalog = many_models(MODELS, without=EVERY_20TH)
        for _ in range(3):
            hour(home, hub, clock)
        held = ("hub", None, f"{MODELS} offers", f"{MODELS - 105} offers")
        assert rows(home, HELD) == [(*held, "pending")]
        assert rows(home, GONE) == [(0,)]
        assert rows(
            home, "SELECT count(*) FROM cards WHERE held AND hold_reason = 'count_drop'"
        ) == [(105,)]
        [(check_id,)] = rows(home, "SELECT check_id FROM checks WHERE name = 'count_drop'")
        decide(home, DecisionRequest([check_id], "accepted", "ada", "they left"), clock=clock)
        assert rows(home, PRESENT) == [(MODELS - 105,)]
        hour(home, hub, clock)
        pages.catalog = many_models(MODELS)
        hour(home, hub, clock)
    assert rows(home, PRESENT) == [(MODELS,)]
    assert rows(home, "SELECT count(*) FROM changes WHERE event = 'back' AND unit IS NULL") == [
        (105,)
    ]
    copy = copy_landing(home, tmp_path / "copy")
    replay(copy)
    assert exported(copy) == exported(home)


def test_an_offer_that_comes_back_during_a_drop_is_simply_there(tmp_path: Path) -> None:
    clock, pages = Clock(), HoledPages(many_models(MODELS))
    with serve(pages.catalog, on_request=pages) as hub:
        hour(tmp_path, hub, clock)
        for catalog in (many_models(MODELS, without=EVERY_20TH), many_models(MODELS)):
            pages.catalog = catalog
            hour(tmp_path, hub, clock)
    assert rows(tmp_path, GONE) == [(0,)]
    assert rows(tmp_path, "SELECT count(*) FROM changes WHERE event = 'back' AND unit IS NULL") == [
        (0,)
    ]
    assert rows(tmp_path, "SELECT count(*) FROM cards WHERE held") == [(0,)]
    assert [decision for *_, decision in rows(tmp_path, HELD)] == ["expired"]
