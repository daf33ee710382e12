"""An hour's promises on real input: twice is once, counts reconcile, no number is made up."""

from __future__ import annotations

import shutil
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipeline.context import RunOptions
from pipeline.pipeline import run_pipeline
from pipeline.report import Report
from pipeline.session import open_run
from pipeline.settings import Settings
from providers.registry import load_registry
from samples.catalog import STEPS, Catalog, load
from samples.hub import FEEDS, Hub, serve
from tests.support.backends import WITHOUT_S3, Backend, dependencies_of
from tests.support.hours import Clock, ingest, small_catalog
from tests.support.published import rows

pytestmark = [pytest.mark.usefixtures("backend"), WITHOUT_S3]

LOGS = ("claim_log", "price_log", "status_log", "speed_log", "change", "offer_link", "gap")
CURRENT = ("offer", "listing", "claim", "price", "card", "model", "provider")


def ingest_sample(home: Path, hub: Hub, step: int) -> Report:
    hub.show(load(step))
    base_urls = {feed.feed: hub.url for _, feed in load_registry().feeds()}
    settings = Settings(home=home, base_urls=base_urls)
    options = RunOptions(origin="sample", flow="demo", trigger="test", feeds=frozenset(FEEDS))
    with open_run(settings, options, dependencies_of(home)) as run:
        return run_pipeline(run)


@pytest.fixture(scope="module")
def sample(
    ingested_sample: tuple[Path, list[Report]],
    tmp_path_factory: pytest.TempPathFactory,
    backend: Backend,
) -> tuple[Path, list[Report]]:
    """A copy of the sample's home, which a test ingests once more, and the reports."""
    home, reports = ingested_sample
    copy = tmp_path_factory.mktemp("sample") / "home"
    return Path(shutil.copytree(home, copy, symlinks=True)), reports


def stored(home: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every current row with its place in the file, and every log row."""
    return {
        name: rows(home, f"SELECT rowid, t.* FROM internal._ph_{name} t ORDER BY rowid")
        for name in (*CURRENT, *LOGS)
    }


@pytest.mark.slow
def test_a_second_run_over_unchanged_answers_rewrites_and_adds_no_row(tmp_path: Path) -> None:
    clock = Clock()
    with serve(small_catalog()) as hub:
        ingest(tmp_path, hub, clock=clock)
        before = stored(tmp_path)
        clock.advance(timedelta(hours=1))
        report = ingest(tmp_path, hub, clock=clock)
    assert report.outcome == "unchanged"
    assert report.events == {}
    assert all(before[name] for name in ("offer", "listing", "claim", "price_log", "change"))
    assert stored(tmp_path) == before
    seen = rows(tmp_path, "SELECT DISTINCT observed_at FROM cards")
    assert seen > [(clock() - timedelta(hours=1),)]  # the age of data still moves on
    taken = [step.step for step in report.steps]
    assert taken[0] == "extract_feeds"
    assert taken[-2:] == ["load_run", "publish_run"]
    assert all(step.seconds >= 0 and step.cpu_s >= 0 and step.peak_mb > 0 for step in report.steps)


def test_the_sample_ingested_twice_is_loaded_once(sample: tuple[Path, list[Report]]) -> None:
    home, _ = sample
    before = stored(home)
    with serve(load(STEPS[0])) as hub:
        again = [ingest_sample(home, hub, step) for step in STEPS]
    assert [report.outcome for report in again] == ["unchanged", "unchanged"]
    feeds = [f for report in again for f in report.feeds if f.feed in FEEDS]
    assert {f.outcome for f in feeds} == {"not_modified"}
    assert stored(home) == before


def test_the_pair_s_real_changes_are_all_that_changed(
    sample: tuple[Path, list[Report]],
) -> None:
    _, (first, second) = sample
    assert set(first.events) == {"new"}
    assert second.events["status"] == 13
    assert second.events["held"] == 1
    assert "up" not in second.events
    assert "gone" not in second.events  # absent once is not gone
    assert [(h.inference_provider, h.unit) for h in second.held] == [
        ("together", "input_token"),
        ("together", "output_token"),
    ]


def test_a_held_offer_keeps_its_last_good_price_with_a_reason(
    sample: tuple[Path, list[Report]],
) -> None:
    home, _ = sample
    found = rows(
        home,
        "SELECT model_id, cost_per_input_token, cost_per_output_token, price_status, held, "
        "hold_reason, rankable, price_observed_at::VARCHAR FROM cards WHERE held",
    )
    assert found == [
        (
            "mistralai/Mistral-7B-Instruct-v0.2",
            Decimal("0.0000002"),
            Decimal("0.0000002"),
            "priced",
            True,
            "new_zero",
            False,
            "2026-02-26 03:08:00+00",
        )
    ]


def test_counts_reconcile_per_run_feed_and_inference_provider(
    sample: tuple[Path, list[Report]],
) -> None:
    home, reports = sample
    for report in reports:
        counted = [(f.feed, f.records, f.accepted, f.rejected) for f in report.feeds]
        assert sorted(counted) == rows(
            home,
            "SELECT feed, records, accepted, rejected FROM run_feeds "
            f"WHERE run_id = '{report.run_id}' ORDER BY feed",
        )
    stored_counts = rows(
        home,
        "SELECT run_id, feed, bool_and(passed), count(*) FILTER (inference_provider IS NOT NULL) "
        "FROM checks WHERE name = 'counts_reconcile' GROUP BY ALL ORDER BY ALL",
    )
    counted = [row for row in stored_counts if row[1] in FEEDS]
    assert [(feed, passed) for _, feed, passed, _ in counted] == [
        ("hub", True),
        ("router", True),
        ("hub", True),
        ("router", True),
    ]
    assert all(passed for _, _, passed, _ in stored_counts)
    assert all(providers >= 14 for *_, providers in counted)
    assert [report.feeds[0].records for report in reports] == [1441, 1448]
    assert [report.feeds[1].records for report in reports] == [293, 295]


def test_only_chat_is_priced_and_adapters_are_kept_apart(
    sample: tuple[Path, list[Report]],
) -> None:
    home, (_, second) = sample
    assert rows(home, "SELECT DISTINCT task FROM cards WHERE price_status = 'priced'") == [
        ("conversational",)
    ]
    assert rows(
        home, "SELECT count(*) FROM cards WHERE task_group = 'image' AND price_status = 'priced'"
    ) == [(0,)]
    assert second.counts.adapters == 592
    assert rows(home, "SELECT count(*) FROM cards WHERE offer_type = 'adapter' AND rankable") == [
        (0,)
    ]


def test_only_priced_and_stated_free_cards_have_a_number(
    sample: tuple[Path, list[Report]],
) -> None:
    home, _ = sample
    cards = rows(
        home,
        "SELECT price_status, count(*), count(cost_per_input_token), count(cost_per_token) "
        "FROM cards GROUP BY ALL ORDER BY ALL",
    )
    by_status = {status: numbers for status, *numbers in cards}
    assert set(by_status) == {"not_published", "priced", "suspect"}
    assert by_status["not_published"][1:] == [0, 0]
    assert by_status["suspect"][1:] == [0, 0]
    assert len(set(by_status["priced"])) == 1


def test_every_sample_row_is_marked_and_carries_its_capture_date(
    sample: tuple[Path, list[Report]],
) -> None:
    home, _ = sample
    assert rows(home, "SELECT DISTINCT origin FROM cards") == [("sample",)]
    assert rows(home, "SELECT DISTINCT origin FROM runs") == [("sample",)]
    days = rows(home, "SELECT DISTINCT observed_at::DATE::VARCHAR FROM cards ORDER BY 1")
    assert days == [("2026-02-26",), ("2026-09-21",)]
    assert rows(home, "SELECT count(*) FROM cards WHERE rankable AND price_feed = 'hub'") == [(0,)]
    assert rows(home, "SELECT feed, reason FROM gaps") == [
        ("hub", "no whole answer for 9 hours 19 minutes")
    ]


def test_regions_come_from_claims_and_everything_else_is_unverified(
    sample: tuple[Path, list[Report]],
) -> None:
    home, _ = sample
    found = dict(
        rows(
            home,
            "SELECT region, list_sort(list(DISTINCT inference_provider)) "
            "FROM cards GROUP BY region",
        )
    )
    assert found["eu"] == ["ovhcloud", "scaleway"]
    assert found["multi"] == ["fireworks-ai", "publicai"]
    assert set(found) == {"eu", "multi", "unverified"}


def test_an_answer_without_any_entry_is_a_failed_feed_and_sends_no_offer_away(
    tmp_path: Path,
) -> None:
    clock = Clock()
    with serve(small_catalog()) as hub:
        ingest(tmp_path, hub, clock=clock)
        before = rows(tmp_path, "SELECT offer_id FROM cards ORDER BY ALL")
        for _ in range(3):
            clock.advance(timedelta(hours=1))
            hub.show(Catalog([], router=[]))
            report = ingest(tmp_path, hub, clock=clock)
            assert {f.error_code for f in report.feeds if f.feed in FEEDS} == {"empty"}
            assert report.exit_status == 1
    assert rows(tmp_path, "SELECT offer_id FROM cards ORDER BY ALL") == before


@pytest.mark.slow
def test_price_as_of_gives_the_price_at_a_time_as_known_then(tmp_path: Path) -> None:
    clock = Clock()
    with serve(small_catalog(input_price="0.2")) as hub:
        first = ingest(tmp_path, hub, clock=clock)
        clock.advance(timedelta(hours=3))
        hub.show(small_catalog(input_price="0.3"))
        second = ingest(tmp_path, hub, clock=clock)
    between = first.finished_at + timedelta(hours=1)

    def amounts(*arguments: str) -> set[tuple[Any, ...]]:
        return set(
            rows(
                tmp_path,
                "SELECT amount * 1000000, in_gap, last_seen_at IS NULL "
                f"FROM price_as_of({', '.join(arguments)}) "
                "WHERE unit = 'input_token' AND price_status = 'priced'",
            )
        )

    at = {
        name: f"TIMESTAMPTZ '{time.isoformat()}'"
        for name, time in {"between": between, "now": second.finished_at}.items()
    }
    assert amounts(at["between"]) == {(Decimal("0.2"), True, False)}
    assert amounts(at["now"]) == {(Decimal("0.3"), False, False)}
    # At that time nobody knew of the gap, nor of the price to come.
    assert amounts(at["now"], f"known_at := {at['between']}") == {(Decimal("0.2"), False, True)}
