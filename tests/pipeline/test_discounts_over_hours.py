"""What becomes of a discounted price when its end comes, or moves, over hours."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cli.explain import explanation_lines
from pipeline.explain import explain
from samples.hub import Hub, serve
from samples.list_routes import PriceLists
from tests.support.backends import TOO_LONG_FOR_CI, replay
from tests.support.hours import Clock, ingest
from tests.support.list_rows import mapped
from tests.support.published import copy_landing, exported, rows
from tests.support.sample_home import ingest_as_sample
from warehouse.storage.home import Home

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("backend"), TOO_LONG_FOR_CI]

START = datetime(2026, 11, 25, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
LISTS = ("hub", "router", "deepinfra_list")
PRICE = "SELECT amount, native_amount, until FROM prices WHERE unit = 'second_of_video'"
EVENTS = (
    "SELECT event, old_amount, new_amount, occurred_at FROM changes "
    "WHERE unit = 'second_of_video' ORDER BY change_id"
)
HALF, FULL = Decimal("0.0125"), Decimal("0.025")


def film(discount: float | None, end: object) -> str:
    pricing: dict[str, Any] = {"type": "output_length", "cents_per_output_sec": 2.5}
    off = {"discount": discount, "discount_ends_at": end}
    return json.dumps({"model_name": "di/film", "pricing": {**pricing, **off}})


def filmed() -> Any:
    return mapped(("acme/film", "deepinfra", "di/film", "text-to-video"))


def unix(moment: datetime) -> int:
    return int(moment.timestamp())


def hour(home: Path, hub: Hub, clock: Clock) -> tuple[Any, ...]:
    """Ingest an hour without a hold; return the price after it."""
    report = ingest(home, hub, clock=clock, feeds=LISTS)
    assert report.held == []
    clock.advance(HOUR)
    (found,) = rows(home, PRICE)
    return found


def test_a_discount_ends_in_the_hour_of_its_end_though_the_list_never_changes(
    tmp_path: Path,
) -> None:
    home, clock, end = tmp_path / "home", Clock(START), START + 2.5 * HOUR
    lists = PriceLists(deepinfra=[film(0.5, unix(end))])
    with serve(filmed(), price_lists=lists) as hub:
        found = [hour(home, hub, clock) for _ in range(4)]
        offer = rows(home, "SELECT offer_id FROM cards WHERE model_id = 'acme/film'")[0][0]
    assert found == [(HALF, FULL, end)] * 3 + [(FULL, FULL, None)]
    (new, up) = rows(home, EVENTS)
    assert new[:3] == ("new", None, HALF)
    assert up[:3] == ("up", HALF, FULL)
    assert START + 3 * HOUR <= up[3] < START + 3 * HOUR + timedelta(minutes=5)
    history = rows(home, "SELECT amount, valid_to FROM price_history WHERE unit LIKE 'second%'")
    assert sorted(history, key=lambda row: row[0]) == [(HALF, up[3]), (FULL, None)]
    cost = "SELECT cost_per_video_second, price_basis, rankable FROM cards WHERE offer_id = $1"
    assert rows(home, cost.replace("$1", f"'{offer}'")) == [(FULL, "list", True)]
    replay(again := copy_landing(home, tmp_path / "again"))
    assert exported(again) == exported(home)


def test_another_end_of_a_discount_updates_the_price_and_is_no_event(tmp_path: Path) -> None:
    home, clock, end = tmp_path / "home", Clock(START), START + 30 * HOUR
    lists = PriceLists(deepinfra=[film(0.5, unix(end))])
    with serve(filmed(), price_lists=lists) as hub:
        first = hour(home, hub, clock)
        lists.deepinfra = [film(0.5, (end + HOUR).isoformat())]
        second = hour(home, hub, clock)
        lists.deepinfra = [film(0.5, None)]
        third = hour(home, hub, clock)
        (offer,) = rows(home, "SELECT offer_id FROM cards WHERE model_id = 'acme/film'")
        lists.deepinfra = [film(0.5, unix(end))]
        fourth = hour(home, hub, clock)
    assert [first, second, third, fourth] == [
        (HALF, FULL, end),
        (HALF, FULL, end + HOUR),
        (HALF, FULL, None),
        (HALF, FULL, end),
    ]
    assert [event for event, *_ in rows(home, EVENTS)] == ["new"]
    for log in ("price_history", "price_claims"):
        kept = rows(home, f"SELECT amount FROM {log} WHERE unit = 'second_of_video'")
        assert kept == [(HALF,)]
    assert rows(home, "SELECT chosen FROM price_claims WHERE unit = 'second_of_video'") == [(True,)]
    lines = explanation_lines(explain(Home.at(home), offer[0]))
    assert "  a discount until 2026-11-26 18:00 UTC: then the undiscounted price" in lines
    replay(again := copy_landing(home, tmp_path / "again"))
    assert exported(again) == exported(home)


def test_a_discount_that_a_list_takes_back_ends_at_once(tmp_path: Path) -> None:
    clock, end = Clock(START), START + 30 * HOUR
    lists = PriceLists(deepinfra=[film(0.5, unix(end))])
    with serve(filmed(), price_lists=lists) as hub:
        assert hour(tmp_path, hub, clock) == (HALF, FULL, end)
        lists.deepinfra = [film(None, None)]
        assert hour(tmp_path, hub, clock) == (FULL, FULL, None)
        lists.deepinfra = [film(0.2, unix(end))]
        assert hour(tmp_path, hub, clock) == (Decimal("0.02"), FULL, end)
    assert [event for event, *_ in rows(tmp_path, EVENTS)] == ["new", "up", "down"]


def test_of_an_archived_list_the_end_is_compared_with_the_day_of_the_archive(
    tmp_path: Path,
) -> None:
    catalog, end = filmed(), START + HOUR
    catalog.hub_captured_at = catalog.router_captured_at = START
    lists = PriceLists(deepinfra=[film(0.5, unix(end))], deepinfra_captured_at=START)
    with serve(catalog, price_lists=lists) as hub:
        for _ in range(2):  # the second time nothing is parsed: not_modified
            ingest_as_sample(tmp_path, hub, LISTS)
            assert rows(tmp_path, PRICE) == [(HALF, FULL, end)]
        lists.deepinfra_captured_at = START + 2 * HOUR
        ingest_as_sample(tmp_path, hub, LISTS)
    assert rows(tmp_path, PRICE) == [(FULL, FULL, None)]
