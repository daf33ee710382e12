"""What happens to a list's price when its entry's date passes, or its text contradicts it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from samples.hub import serve
from samples.list_routes import PriceLists
from tests.support.backends import TOO_LONG_FOR_CI
from tests.support.decided_home import require_replayable
from tests.support.hours import Clock, ingest
from tests.support.list_rows import mapped
from tests.support.published import rows
from tests.support.sample_home import ingest_as_sample

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("backend"), TOO_LONG_FOR_CI]

START = datetime(2026, 11, 25, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
LISTS = ("hub", "router", "deepinfra_list")
CARD = (
    "SELECT cost_per_video_second, price_status, price_reason, rankable, held FROM cards "
    "WHERE model_id = 'acme/film'"
)
SOLD = (Decimal("0.025"), "priced", None, True, False)


def film(*, deprecated: object = None, short: str | None = None, cents: float = 2.5) -> str:
    pricing: dict[str, Any] = {"type": "output_length", "cents_per_output_sec": cents}
    texts = {"short": short, "full": None, "table": None, "discount": None}
    return json.dumps(
        {"model_name": "di/film", "deprecated": deprecated, "pricing": {**texts, **pricing}}
    )


def filmed() -> Any:
    return mapped(("acme/film", "deepinfra", "di/film", "text-to-video"))


def unix(moment: datetime) -> int:
    return int(moment.timestamp())


def test_an_entry_is_sold_until_its_date_passes_though_the_list_never_changes(
    tmp_path: Path,
) -> None:
    home, clock = tmp_path / "home", Clock(START)
    lists = PriceLists(deepinfra=[film(deprecated=unix(START + 2.5 * HOUR))])
    found, reports = [], []
    with serve(filmed(), price_lists=lists) as hub:
        for _ in range(4):
            reports.append(ingest(home, hub, clock=clock, feeds=LISTS))
            found += rows(home, CARD)
            clock.advance(HOUR)
    ended = (None, "not_published", "deprecated_in_list", False, False)
    assert found == [SOLD, SOLD, SOLD, ended]
    assert [report.held for report in reports] == [[]] * 4
    ((ended_at,),) = rows(home, "SELECT valid_to FROM price_history WHERE unit = 'second_of_video'")
    assert START + 3 * HOUR <= ended_at < START + 3 * HOUR + timedelta(minutes=5)
    require_replayable(home, tmp_path)


def test_of_an_archived_list_the_date_is_compared_with_the_day_of_the_archive(
    tmp_path: Path,
) -> None:
    catalog = filmed()
    catalog.hub_captured_at = catalog.router_captured_at = START
    lists = PriceLists(deepinfra=[film(deprecated=unix(START + HOUR))], deepinfra_captured_at=START)
    with serve(catalog, price_lists=lists) as hub:
        for _ in range(2):  # the second time nothing is parsed: not_modified
            ingest_as_sample(tmp_path, hub, LISTS)
            assert [row[:3] for row in rows(tmp_path, CARD)] == [SOLD[:3]]
        lists.deepinfra_captured_at = START + 2 * HOUR
        ingest_as_sample(tmp_path, hub, LISTS)
    assert rows(tmp_path, CARD)[0][2] == "deprecated_in_list"


def test_a_text_that_begins_to_contradict_a_price_withdraws_it_at_once(tmp_path: Path) -> None:
    clock, found = Clock(START), []
    texts = (None, "$0.025 / second", "$0.0275 / second", "$0.025 / second for 720P", None)
    lists = PriceLists(deepinfra=[])
    with serve(filmed(), price_lists=lists) as hub:
        for text in texts:
            lists.deepinfra = [film(short=text)]
            report = ingest(tmp_path, hub, clock=clock, feeds=LISTS)
            assert report.held == []
            found += rows(tmp_path, CARD)
            clock.advance(HOUR)
    refused = (None, "not_published", "stated_in_words", False, False)
    assert found == [SOLD, SOLD, refused, refused, SOLD]
    assert rows(
        tmp_path,
        "SELECT DISTINCT contains(evidence, '$0.0275 / second'), native_amount, raw_text "
        "FROM price_claims WHERE reason = 'stated_in_words'",
    ) == [(True, Decimal("0.025"), "2.5")]


def test_texts_that_contradict_most_prices_of_a_provider_at_once_are_a_coverage_drop(
    tmp_path: Path,
) -> None:
    clock = Clock(START)
    names = [f"di/film{number}" for number in range(12)]
    catalog = mapped(*[(f"acme/{n[3:]}", "deepinfra", n, "text-to-video") for n in names])
    lists = PriceLists(deepinfra=[film().replace("di/film", name) for name in names])
    with serve(catalog, price_lists=lists) as hub:
        ingest(tmp_path, hub, clock=clock, feeds=LISTS)
        odd = film(short="$0.02 / second for 720P, $0.04 / second for 1080P")
        lists.deepinfra = [odd.replace("di/film", name) for name in names]
        clock.advance(HOUR)
        report = ingest(tmp_path, hub, clock=clock, feeds=LISTS)
    assert [held.inference_provider for held in report.held] == ["deepinfra"]
    found = rows(
        tmp_path,
        "SELECT count(*), count_if(rankable) FROM cards WHERE hold_reason = 'coverage_drop'",
    )
    assert found == [(12, 0)]
