"""Answers that a source states to be unchanged: they count like the ones that they stand for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from samples.hub import Hub, serve
from tests.support.backends import current, replay
from tests.support.hours import Clock, chat_catalog, ingest
from tests.support.published import copy_landing, exported, rows
from warehouse.storage.landing import Landing
from warehouse.storage.retention import plan_thinning

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("backend")]

HOUR = timedelta(hours=1)
PRICE, DEARER = ("0.2", "0.6"), ("0.3", "0.6")
ROUTER = """
    SELECT outcome, requests, bytes, records, accepted FROM run_feeds
    WHERE feed = 'router' ORDER BY started_at
"""


def hours(home: Path, hub: Hub, clock: Clock, number: int) -> list[dict[str, str]]:
    """Run so many hours; return the outcome of each feed in each."""
    found = []
    for _ in range(number):
        clock.advance(HOUR)
        report = ingest(home, hub, clock=clock)
        found.append({feed.feed: feed.outcome for feed in report.feeds})
    return found


def seen_at(home: Path) -> list[Any]:
    return [row[0] for row in rows(home, "SELECT DISTINCT price_observed_at FROM cards")]


def test_an_unmodified_answer_is_seen_again_and_replays(tmp_path: Path) -> None:
    home, clock = tmp_path / "home", Clock()
    with serve(chat_catalog(PRICE), etags="weak") as hub:
        first, second, third = hours(home, hub, clock, 3)
        # the first hour has the daily fields, so that the Hub's address is another one
        assert [h["hub"] for h in (first, second, third)] == ["complete"] * 2 + ["not_modified"]
        assert rows(home, ROUTER) == [
            ("complete", 1, rows(home, ROUTER)[0][2], 2, 2),
            *[("not_modified", 1, 0, 2, 2)] * 2,
        ]
        assert all(clock() - seen < HOUR for seen in seen_at(home))
        hub.show(chat_catalog(DEARER))
        assert hours(home, hub, clock, 1)[0]["router"] == "complete"
    kept = exported(home)
    again = copy_landing(home, tmp_path / "again")
    replay(again)
    assert exported(again) == kept


def test_an_unmodified_capture_that_was_never_loaded_is_loaded(tmp_path: Path) -> None:
    catalog = chat_catalog(PRICE)
    catalog.hub_captured_at = catalog.router_captured_at = datetime(2026, 2, 1, tzinfo=UTC)
    clock = Clock()
    with serve(catalog, etags="strong") as hub:
        ingest(tmp_path, hub, clock=clock, dry_run=True, origin="sample")
        clock.advance(HOUR)
        report = ingest(tmp_path, hub, clock=clock, origin="sample")
        again = ingest(tmp_path, hub, clock=clock, origin="sample")
    assert (report.outcome, again.outcome) == ("published", "unchanged")
    assert rows(tmp_path, "SELECT count(*) FROM cards") != [(0,)]


def test_daily_fields_that_are_not_modified_count_as_read(tmp_path: Path) -> None:
    clock = Clock()
    with serve(chat_catalog(PRICE), etags="weak") as hub:
        # its answers are landed, and the run is not: the next one reads the daily fields too
        dry = ingest(tmp_path, hub, clock=clock, dry_run=True)
        assert {feed.outcome for feed in dry.feeds if feed.feed == "hub"} == {"complete"}
        second, third = hours(tmp_path, hub, clock, 2)
    assert (second["hub"], third["hub"]) == ("not_modified", "complete")
    details = [run.record.details for run in Landing(tmp_path / "landing").runs()]
    assert details == [True, True, False]


def test_what_an_unmodified_answer_stands_for_is_kept(tmp_path: Path) -> None:
    clock = Clock()
    with serve(chat_catalog(PRICE), etags="strong") as hub:
        hours(tmp_path, hub, clock, 2)
    landing = Landing(tmp_path / "landing")
    first, last = landing.committed()
    plan = plan_thinning(landing, before=last.record.started_at.astimezone(UTC))
    fetch = last.fetch_of("router")
    assert fetch is not None
    assert fetch.pages[0].received_at is not None
    assert first.fetch_of("router") is not None
    assert fetch.pages[0].payload_hash not in plan.objects


@pytest.mark.parametrize("loss", ["missing", "damaged", "manifest"])
def test_lost_bytes_are_pulled_or_requested_again(tmp_path: Path, loss: str) -> None:
    clock = Clock()
    with serve(chat_catalog(PRICE), etags="strong") as hub:
        hours(tmp_path, hub, clock, 1)
        first = Landing(tmp_path / "landing").committed()[0]
        fetch = first.fetch_of("router")
        assert fetch is not None
        name = fetch.pages[0].payload_hash
        path = tmp_path / "landing" / "objects" / name[:2] / f"{name}.zst"
        match loss:
            case "missing":
                path.unlink()
            case "damaged":
                path.write_bytes(path.read_bytes()[:-9])
            case "manifest":
                (first.path / "router.json").write_text("{")
        hours(tmp_path, hub, clock, 1)
    # the store of a shared warehouse has them, and what is damaged is found only when it is read
    is_pulled = current().place(tmp_path) is not None and loss != "damaged"
    wanted = ("not_modified", 1) if is_pulled else ("complete", 1 if loss == "manifest" else 2)
    assert rows(tmp_path, ROUTER)[-1][:2] == wanted
    assert Landing(tmp_path / "landing").get(name)


def test_a_day_without_bytes_ends_with_a_whole_answer(tmp_path: Path) -> None:
    clock = Clock()
    with serve(chat_catalog(PRICE), etags="strong") as hub:
        hours(tmp_path, hub, clock, 1)
        clock.advance(timedelta(hours=22))
        assert hours(tmp_path, hub, clock, 1)[0]["router"] == "not_modified"
        assert hours(tmp_path, hub, clock, 1)[0]["router"] == "complete"
