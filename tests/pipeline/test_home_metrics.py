"""The metrics in a home follow every command that publishes, and show a run that was killed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.maintenance import Upkeep
from pipeline.watch import HomeWatch
from samples.hub import Hub, serve
from schemas.errors import UsageError
from telemetry.exposition import read_text
from tests.support.backends import WITHOUT_S3, maintain, replay
from tests.support.decided_home import DecidedHome
from tests.support.hours import chat_catalog, ingest
from tests.support.published import copy_landing

pytestmark = [pytest.mark.usefixtures("backend"), WITHOUT_S3]

CHEAP, EXTREME = chat_catalog(("0.2", "0.4")), chat_catalog(("20000", "0.4"))
STARTED, FINISHED = "run_started_timestamp_seconds", "run_finished_timestamp_seconds"
SUCCESS = "run_last_success_timestamp_seconds"


class WatchedHome(DecidedHome):
    """A home of which each hour keeps metrics."""

    def watched_hour(self, *, step=lambda function: function) -> None:
        self.clock.advance(timedelta(hours=1))
        ingest(self.home, self.hub, clock=self.clock, watch=HomeWatch(), step=step)

    def metrics(self) -> dict[tuple[str, ...], float]:
        text = (self.home / "metrics" / "pricehouse.prom").read_text("utf-8")
        return {(sample.name, *sample.labels): sample.value for sample in read_text(text)}


@pytest.fixture
def watched(tmp_path: Path):
    with serve(CHEAP) as hub:
        home = WatchedHome(tmp_path / "home", hub)
        home.watched_hour()
        yield home


def hold_a_price(home: WatchedHome) -> str:
    """Let the source state an extreme price, and return the finding that holds it."""
    home.hub.show(EXTREME)
    home.watched_hour()
    (check,) = home.query_rows("FROM checks WHERE decision = 'pending'")
    return str(check["check_id"])


@pytest.mark.parametrize("decision", ["accepted", "rejected"])
def test_a_decision_is_in_the_metrics_at_once(watched: WatchedHome, decision: str) -> None:
    check_id = hold_a_price(watched)
    before = watched.metrics()
    assert before["held_offers",] == before["alerts_open",] == 1
    watched.decide(check_id, decision=decision)
    after = watched.metrics()
    ((held, alerts),) = [
        tuple(row.values())
        for row in watched.query_rows(
            "SELECT (SELECT count(*) FROM cards WHERE held), "
            "(SELECT count(*) FROM alerts WHERE closed_at IS NULL)"
        )
    ]
    assert (after["held_offers",], after["alerts_open",]) == (held, alerts)
    assert (held, alerts) != (1, 1)
    assert after["publication_timestamp_seconds",] > before["publication_timestamp_seconds",]
    of_run = {key for key in before if key[0].startswith("run_")}
    assert {key: after[key] for key in of_run} == {key: before[key] for key in of_run}


def test_a_correction_maintenance_and_a_replay_are_in_the_metrics(
    watched: WatchedHome, tmp_path: Path
) -> None:
    before = watched.metrics()
    watched.correct(price="0.3")
    corrected = watched.metrics()
    assert corrected["publication_timestamp_seconds",] > before["publication_timestamp_seconds",]
    maintain(watched.home, Upkeep(compact=True), clock=watched.clock)
    size = (watched.home / "warehouse.duckdb").stat().st_size
    assert watched.metrics()["warehouse_bytes",] == size
    again = copy_landing(watched.home, tmp_path / "again")
    replay(again, clock=watched.clock)
    assert not (again / "metrics").exists(), "no run of that home keeps metrics"


def test_a_dry_run_of_maintenance_leaves_the_metrics(watched: WatchedHome) -> None:
    file = watched.home / "metrics" / "pricehouse.prom"
    before = file.stat().st_ino
    maintain(watched.home, Upkeep(dry_run=True), clock=watched.clock)
    assert file.stat().st_ino == before


def test_a_run_that_is_killed_leaves_a_start_after_the_end(watched: WatchedHome) -> None:
    before = watched.metrics()
    assert before[STARTED,] < before[FINISHED,] == before[SUCCESS,]
    assert before["stale_after_seconds",] == 7200
    as_killed: list[dict[tuple[str, ...], float]] = []

    def step(function):
        if function.__name__ == "check_run":  # what a kill would leave is what lies there now
            as_killed.append(watched.metrics())
        return function

    watched.watched_hour(step=step)
    (left,) = as_killed
    assert left[STARTED,] > left[FINISHED,] == before[FINISHED,]
    assert left == before | {(STARTED,): left[STARTED,]}
    after = watched.metrics()
    assert left[STARTED,] == after[STARTED,] < after[FINISHED,] == after[SUCCESS,]


def test_a_failed_run_keeps_the_time_of_the_last_success(watched: WatchedHome) -> None:
    before = watched.metrics()

    def step(function):
        return (lambda *_: 1 / 0) if function.__name__ == "check_run" else function

    with pytest.raises(ZeroDivisionError):
        watched.watched_hour(step=step)
    after = watched.metrics()
    assert after["run_success",] == 0
    assert after[SUCCESS,] == before[SUCCESS,] < after[FINISHED,]


def test_the_first_run_ever_shows_its_start(tmp_path: Path) -> None:
    with serve(CHEAP) as hub:
        seen = first_start(tmp_path / "home", hub)
    assert set(seen) == {(STARTED,), ("stale_after_seconds",)}


def first_start(root: Path, hub: Hub) -> dict[tuple[str, ...], float]:
    home, seen = WatchedHome(root, hub), {}

    def step(function):
        seen.update(seen or home.metrics())
        return function

    home.watched_hour(step=step)
    return seen


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"unit": "tokens"}, "“tokens” is no unit; valid: input_token, output_token"),
        ({"offer_id": "0" * 16}, "there is no offer '0000000000000000'"),
    ],
)
def test_a_correction_of_an_unknown_unit_or_offer_names_it(
    watched: WatchedHome, fields: dict[str, str], problem: str
) -> None:
    with pytest.raises(UsageError, match=problem):
        watched.correct(price="0.3", **fields)
