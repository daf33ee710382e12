"""Hours that went wrong in a way that once broke a promise; each is told by its own name."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.replay import replay
from samples.catalog import Catalog
from samples.hub import serve
from samples.routes import ServerReply, ServerRequest, error
from schemas.errors import HomeBusy, HomeError, UsageError, WarehouseError
from tests.support.decided_home import require_replayable
from tests.support.hours import (
    START,
    Clock,
    ingest,
    mapped_model,
    mapping,
    offering,
    routed_model,
    small_catalog,
)
from tests.support.published import exported, rows
from warehouse.connect import open_writer
from warehouse.publication.newest import newest
from warehouse.publication.query import query_json
from warehouse.storage.home import Home

HOUR = timedelta(hours=1)


def two_models(*, priced: bool) -> Catalog:
    price = ("0.2", "0.6") if priced else None
    return Catalog(
        [mapped_model("a/one", mapping("novita")), mapped_model("a/two", mapping("groq"))],
        router=[
            routed_model("a/one", offering("novita", price=price)),
            routed_model("a/two", offering("groq", price=("1", "2"))),
        ],
    )


@pytest.mark.slow
def test_a_home_of_two_models_takes_changes_like_any_other(tmp_path: Path) -> None:
    clock = Clock()
    with serve(two_models(priced=True)) as hub:
        for priced in (True, False, True, False):
            hub.show(two_models(priced=priced))
            assert ingest(tmp_path, hub, clock=clock).outcome == "published"
            clock.advance(HOUR)
    assert rows(tmp_path, "SELECT count(*) FROM prices") == [(2,)]


@pytest.mark.slow
def test_an_answer_that_never_entered_confirms_nothing(tmp_path: Path) -> None:
    clock, down = Clock(), set[str]()

    def refuse(request: ServerRequest) -> ServerReply | None:
        return error(403, "not now") if request.path in down else None

    with serve(small_catalog(), on_request=refuse) as hub:
        ingest(tmp_path, hub, clock=clock)
        confirmed = rows(tmp_path, "SELECT max(observed_at) FROM prices WHERE feed = 'hub'")
        clock.advance(HOUR)
        # An answer that lands whole and cannot be read: the feed failed, nothing of it entered.
        hub.show(Catalog([], router=[]))
        ingest(tmp_path, hub, clock=clock)
        clock.advance(HOUR)
        down.add("/api/models")
        hub.show(small_catalog(input_price="0.3"))
        ingest(tmp_path, hub, clock=clock)
    assert rows(tmp_path, "SELECT max(observed_at) FROM prices WHERE feed = 'hub'") == confirmed
    assert rows(
        tmp_path, "SELECT feed, failures_in_a_row FROM feeds WHERE failures_in_a_row > 0"
    ) == [("hub", 2)]
    require_replayable(tmp_path, tmp_path)


@pytest.mark.slow
def test_a_home_without_its_warehouse_requires_a_replay(
    tmp_path: Path,
) -> None:
    clock = Clock()
    with serve(small_catalog()) as hub:
        ingest(tmp_path, hub, clock=clock)
        before = exported(tmp_path)
        (tmp_path / "warehouse.duckdb").unlink()
        with pytest.raises(WarehouseError, match="run `pricehouse replay` first"):
            ingest(tmp_path, hub, clock=clock)
        assert exported(tmp_path) == before
        replay(tmp_path)
        assert exported(tmp_path) == before
        assert ingest(tmp_path, hub, clock=clock).outcome == "unchanged"


@pytest.mark.slow
def test_a_clock_that_steps_back_neither_overlaps_intervals_nor_breaks_replay(
    tmp_path: Path,
) -> None:
    home, clock = tmp_path / "home", Clock()
    with serve(small_catalog()) as hub:
        for price, step in [("0.2", 1.0), ("0.3", -0.7), ("0.2", -0.5), ("0.5", 1.0)]:
            hub.show(small_catalog(input_price=price))
            ingest(home, hub, clock=clock)
            clock.advance(step * HOUR)
    overlaps = (
        "SELECT count(*) FROM price_history a JOIN price_history b USING (offer_id, unit, tier) "
        "WHERE a.valid_from < b.valid_from AND (a.valid_to IS NULL OR a.valid_to > b.valid_from)"
    )
    assert rows(home, overlaps) == [(0,)]
    assert rows(home, "SELECT count(DISTINCT run_id), count(*) FROM runs") == [(4, 4)]
    require_replayable(home, tmp_path)


def test_a_clock_a_day_behind_its_home_is_refused(tmp_path: Path) -> None:
    with serve(small_catalog()) as hub:
        ingest(tmp_path, hub, clock=Clock())
        with pytest.raises(HomeError, match="yet to come"):
            ingest(tmp_path, hub, clock=Clock(START - timedelta(days=2)))


@pytest.mark.slow
def test_a_feed_of_which_nothing_is_accepted_failed_and_sends_no_offer_away(
    tmp_path: Path,
) -> None:
    clock = Clock()
    renamed: dict[str, Any] = {"inferenceProvider": "novita"}
    unusable = Catalog(
        [
            mapped_model(
                "acme/chat",
                {k: v for k, v in mapping("novita", **renamed).items() if k != "provider"},
                mapping("No Such Name"),
            )
        ],
        router=[routed_model("acme/chat", offering("novita", price=("0.2", "0.6")))],
    )
    with serve(small_catalog()) as hub:
        ingest(tmp_path, hub, clock=clock)
        before = rows(tmp_path, "SELECT offer_id FROM cards WHERE task <> 'conversational'")
        for _ in range(2):
            clock.advance(HOUR)
            hub.show(unusable)
            report = ingest(tmp_path, hub, clock=clock)
            outcomes = {f.feed: f.error_code for f in report.feeds}
            assert (outcomes["hub"], outcomes["router"]) == ("nothing_accepted", None)
            assert report.exit_status == 1
    assert rows(tmp_path, "SELECT offer_id FROM cards WHERE task <> 'conversational'") == before
    assert "inference_provider:not_nullable" in report.rejected
    assert rows(tmp_path, "SELECT count(*) FROM checks WHERE severity = 'fail'") == [(0,)]


@pytest.mark.slow
def test_an_offer_whose_row_is_rejected_is_not_missing(tmp_path: Path) -> None:
    clock = Clock()

    def catalog(task: str) -> Catalog:
        return Catalog(
            [
                mapped_model("a/art", mapping("fal-ai", task=task)),
                mapped_model("a/one", mapping("novita")),
            ],
            router=[routed_model("a/one", offering("novita", price=("1", "2")))],
        )

    with serve(catalog("text-to-image")) as hub:
        ingest(tmp_path, hub, clock=clock)
        seen = rows(tmp_path, "SELECT observed_at FROM cards WHERE model_id = 'a/art'")
        hub.show(catalog("Text To Image"))
        for _ in range(2):
            clock.advance(HOUR)
            assert "gone" not in ingest(tmp_path, hub, clock=clock).events
        assert rows(tmp_path, "SELECT observed_at FROM cards WHERE model_id = 'a/art'") == seen
        hub.show(catalog("text-to-image"))
        assert ingest(tmp_path, hub, clock=clock).events == {}


@pytest.mark.slow
def test_one_router_offering_is_on_one_card(tmp_path: Path) -> None:
    clock = Clock()

    def catalog(first: str) -> Catalog:
        return Catalog(
            [
                mapped_model(
                    "a/one",
                    mapping("novita", _id="1", providerId="p1", status=first),
                    mapping("novita", _id="2", providerId="p2"),
                )
            ],
            router=[routed_model("a/one", offering("novita", price=("1", "2")))],
        )

    with serve(catalog("live")) as hub:
        for status, priced in (("live", "p1"), ("error", "p2"), ("live", "p1")):
            hub.show(catalog(status))
            ingest(tmp_path, hub, clock=clock)
            clock.advance(HOUR)
            assert rows(
                tmp_path, "SELECT provider_model_id FROM cards WHERE price_status = 'priced'"
            ) == [(priced,)]


@pytest.mark.slow
def test_a_dry_run_is_listed_in_runs_and_changes_nothing_else(tmp_path: Path) -> None:
    from flows.parameters import ALL_FEEDS
    from pipeline.context import Dependencies, RunOptions
    from pipeline.pipeline import run_pipeline
    from pipeline.session import open_run
    from pipeline.settings import Settings

    clock = Clock()
    with serve(small_catalog()) as hub:
        ingest(tmp_path, hub, clock=clock)
        settings = Settings(home=tmp_path, base_urls=dict.fromkeys(ALL_FEEDS, hub.url))
        options = RunOptions(
            origin="live",
            flow="ingest",
            trigger="test",
            dry_run=True,
            feeds=frozenset({"hub", "router"}),
        )
        with open_run(settings, options, Dependencies(clock=clock)) as run:
            run_pipeline(run)
        ingest(tmp_path, hub, clock=clock)
    assert rows(tmp_path, "SELECT outcome FROM runs ORDER BY started_at") == [
        ("published",),
        ("dry_run",),
        ("unchanged",),
    ]
    require_replayable(tmp_path, tmp_path)


def test_every_disagreement_of_two_feeds_is_a_check(tmp_path: Path) -> None:
    model = mapped_model(
        "a/one",
        mapping(
            "novita",
            status="staging",
            price=("0.2", "0.6"),
            features={"toolCalling": True, "structuredOutput": True},
        ),
    )
    routed = routed_model(
        "a/one", offering("novita", price=("0", "0"), supports_tools=False, status="live")
    )
    with serve(Catalog([model], router=[routed])) as hub:
        ingest(tmp_path, hub, clock=Clock())
    found = rows(
        tmp_path, "SELECT name, observed, expected FROM checks WHERE severity = 'warn' ORDER BY ALL"
    )
    assert found == [
        ("feeds_agree_on_price", "suspect", "0.0000002"),
        ("feeds_agree_on_price", "suspect", "0.0000006"),
        ("feeds_agree_on_status", "live", "staging"),
        ("feeds_agree_on_supports_tools", "false", "true"),
    ]


def test_without_a_publication_a_damaged_warehouse_is_named_with_replay(tmp_path: Path) -> None:
    clock = Clock()
    with serve(small_catalog()) as hub:
        ingest(tmp_path, hub, clock=clock)
        path = tmp_path / "warehouse.duckdb"
        whole = path.read_bytes()
        path.write_bytes(whole[:12288] + bytes(len(whole) - 12288))
        (tmp_path / "marketplace.duckdb").unlink()  # what it would be restored from
        with pytest.raises(WarehouseError, match="replay"):
            ingest(tmp_path, hub, clock=clock)
    (publication,) = (tmp_path / "published").glob("*.duckdb")
    shutil.copy(publication, tmp_path / "other.duckdb")
    with open_writer(tmp_path / "other.duckdb"), pytest.raises((HomeBusy, WarehouseError)):
        query_json(tmp_path / "other.duckdb", "SELECT 1")


def test_a_query_whose_columns_share_a_name_is_refused_as_json(tmp_path: Path) -> None:
    with serve(small_catalog()) as hub:
        ingest(tmp_path, hub, clock=Clock())
    publication = newest(Home.at(tmp_path))
    with pytest.raises(UsageError, match="share a name"):
        query_json(publication, "SELECT 1 AS a, 2 AS a")
    assert query_json(publication, "SELECT 'x'::BLOB AS b") == '[{"b":"x"}]'
    with pytest.raises(UsageError, match="query"):
        query_json(publication, "FROM query")
