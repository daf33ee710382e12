"""The form of a manual run, what is deployed, and an hour that asks some feeds only."""

from __future__ import annotations

import json
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest
import yaml
from prefect import Flow
from pydantic import TypeAdapter, ValidationError

from flows.parameters import ALL_FEEDS, Feeds, LockWait
from pipeline.context import Dependencies, RunOptions
from pipeline.pipeline import run_pipeline
from pipeline.report import EXAMPLES, Report
from pipeline.run_log import error_line, report_line
from pipeline.session import open_run
from pipeline.settings import Settings
from pipeline.steps.extract import feeds_of
from providers.registry import load_registry
from samples.hub import FEEDS, Hub, serve
from schemas.errors import HomeBusy, UsageError
from tests.support.hours import Clock, ingest, small_catalog

CHECKOUT = Path(__file__).parents[2]


def run_feeds(home: Path, hub: Hub, *feeds: str, clock: Clock, dry_run: bool = False) -> Report:
    settings = Settings(home=home, base_urls=dict.fromkeys(ALL_FEEDS, hub.url))
    options = RunOptions(
        origin="live", flow="hourly", trigger="test", feeds=frozenset(feeds), dry_run=dry_run
    )
    with open_run(settings, options, Dependencies(clock=clock)) as run:
        return run_pipeline(run)


def test_the_form_offers_every_feed_of_the_registry_and_no_other() -> None:
    known = [feed.feed for _, feed in load_registry().feeds()]
    assert known == ALL_FEEDS
    schema = TypeAdapter(Feeds).json_schema()
    assert schema["items"]["enum"] == known
    assert (schema["minItems"], schema["uniqueItems"]) == (1, True)
    with pytest.raises(ValidationError):
        TypeAdapter(Feeds).validate_python(["nobody"])


@pytest.mark.parametrize("seconds", [-1, 901])
def test_the_wait_has_bounds(seconds: int) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(LockWait).validate_python(seconds)


def test_what_is_deployed_exists_and_names_no_machine() -> None:
    text = (CHECKOUT / "prefect.yaml").read_text("utf-8")
    deployments = yaml.safe_load(text)["deployments"]
    assert [d["name"] for d in deployments] == ["hourly", "replay", "maintain"]
    assert yaml.safe_load(text)["pull"] == []
    for deployment in deployments:
        module, _, flow = deployment["entrypoint"].rpartition(".")
        assert isinstance(getattr(import_module(module), flow), Flow)
        assert deployment["work_pool"]["job_variables"]["command"].startswith("python ")
        assert deployment["concurrency_limit"] == {"limit": 1, "collision_strategy": "CANCEL_NEW"}
    assert deployments[0]["schedules"][0]["cron"] == "7 * * * *"
    assert "/home" not in text
    assert "$PWD" not in text
    assert str(CHECKOUT) not in text


@pytest.mark.slow
def test_a_feed_that_is_not_selected_is_skipped_and_keeps_its_rows(tmp_path: Path) -> None:
    clock = Clock()
    with serve(small_catalog()) as hub:
        first = ingest(tmp_path, hub, clock=clock)
        clock.advance(timedelta(hours=1))
        hub.show(small_catalog(input_price="0.3"))
        report = run_feeds(tmp_path, hub, "router", clock=clock)
    assert {f.feed: f.outcome for f in report.feeds if f.error_code != "not_asked"} == {
        "router": "complete"
    }
    assert {f.feed for f in report.feeds if f.error_code == "not_asked"} > {"hub"}
    assert report.exit_status == 0
    assert report.events == {"up": 3}  # the Hub's own price stands
    assert report.counts.offers == first.counts.offers
    assert [(c.event, c.was, c.is_now) for c in report.examples] == [
        ("up", "0.2 per 1M", "0.3 per 1M")
    ] * 3


def test_nothing_is_published_before_every_required_feed_came_once(tmp_path: Path) -> None:
    with serve(small_catalog()) as hub:
        report = run_feeds(tmp_path, hub, "router", clock=Clock())
    assert (report.outcome, report.exit_status) == ("failed", 1)


@pytest.mark.slow
def test_a_dry_run_names_what_would_change_as_the_run_itself_would(tmp_path: Path) -> None:
    clock = Clock()
    with serve(small_catalog()) as hub:
        dry = run_feeds(tmp_path, hub, *FEEDS, clock=clock, dry_run=True)
        wet = run_feeds(tmp_path, hub, *FEEDS, clock=clock)
    assert dry.publication_id is None
    assert dry.examples == wet.examples
    assert 0 < len(dry.examples) == min(dry.counts.changes, EXAMPLES)


def test_a_source_s_feeds_are_those_of_the_registry() -> None:
    registry = load_registry()
    assert feeds_of(registry, None) is None
    assert feeds_of(registry, "huggingface") == {"hub", "router", "partners"}
    with pytest.raises(UsageError, match="known: huggingface"):
        feeds_of(registry, "nobody")


def test_a_run_is_one_line_of_log(tmp_path: Path) -> None:
    with serve(small_catalog()) as hub:
        report = ingest(tmp_path, hub, clock=Clock())
    line = report_line(report, trigger="schedule")
    assert "\n" not in line
    logged = json.loads(line.removeprefix("run "))
    assert logged["run_id"] == report.run_id
    assert logged["feeds"]["hub"]["accepted"] == report.feeds[0].accepted
    assert logged["changes"] == report.counts.changes
    assert logged["seconds"] > 0


def test_an_error_that_is_not_ours_is_named_without_its_text() -> None:
    line = error_line(ValueError("Bearer hf_quoted"), origin="live", trigger="manual")
    assert json.loads(line.removeprefix("run "))["error_type"] == "ValueError"
    assert "hf_quoted" not in line
    busy = error_line(HomeBusy("it is being written"), origin="live", trigger="manual")
    assert json.loads(busy.removeprefix("run "))["error"] == "it is being written"
