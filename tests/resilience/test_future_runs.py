"""A clock that once was ahead: runs are refused with the remedy, and the repair leads back."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.decisions import CorrectionRequest, correct
from pipeline.doctor import diagnose
from pipeline.maintenance import maintain
from pipeline.repair import repair
from pipeline.replay import replay
from pipeline.status import read_status
from samples.hub import serve
from samples.routes import error
from schemas.clock import utc_now
from schemas.errors import HomeError
from schemas.records import EndMark
from tests.support.command import answered, pricehouse
from tests.support.hours import START, Clock, ingest, small_catalog
from tests.support.published import copy_landing, exported, rows
from tests.support.serving import serving
from warehouse.publication.publish import publications, published_id
from warehouse.storage.home import Home
from warehouse.storage.landing import Landing

pytestmark = pytest.mark.slow

HOUR, YEAR = timedelta(hours=1), timedelta(days=365)


class StepKilled(BaseException):
    """Raised in the place of a kill."""


def home_with_a_future_run(home: Path) -> tuple[dict[str, bytes], str]:
    """Make a home of two runs and one of a clock a year ahead; return what it was before that."""
    clock = Clock()
    with serve(small_catalog()) as hub:
        ingest(home, hub, clock=clock)
        clock.advance(HOUR)
        hub.show(small_catalog(input_price="0.3"))
        before_id = ingest(home, hub, clock=clock).run_id
        before = exported(home)
        hub.show(small_catalog(input_price="0.4"))
        ingest(home, hub, clock=Clock(START + YEAR))
    assert published_id(Home(home)) != before_id
    return before, before_id


def right_clock() -> Clock:
    return Clock(START + 2 * HOUR)


def failed(home: Path) -> dict[str, Any]:
    findings = diagnose(home, {}, clock=right_clock()).findings
    return {f.check: f for f in findings if not f.ok}


def test_a_run_is_refused_with_the_remedy_and_status_is_red(tmp_path: Path) -> None:
    home_with_a_future_run(tmp_path)
    with serve(small_catalog()) as hub, pytest.raises(HomeError, match="doctor --repair") as caught:
        ingest(tmp_path, hub, clock=right_clock())
    assert "yet to come" in str(caught.value)
    assert len(Landing(tmp_path / "landing").runs()) == 3
    for refused in (
        lambda: maintain(tmp_path, clock=right_clock()),
        lambda: correct(tmp_path, a_correction(tmp_path), clock=right_clock()),
    ):
        with pytest.raises(HomeError, match="doctor --repair"):
            refused()
    status = read_status(Home(tmp_path), now=right_clock()())
    assert status.age_s is None
    assert status.problem is not None
    assert "doctor --repair" in status.problem
    (finding,) = failed(tmp_path).values()
    assert finding.check == "clock"
    assert Landing(tmp_path / "landing").runs()[-1].run_id in finding.message
    assert "pricehouse doctor --repair" in str(finding.remedy)


def a_correction(home: Path) -> CorrectionRequest:
    [(offer_id,)] = rows(home, "SELECT offer_id FROM prices WHERE amount > 0 LIMIT 1")
    return CorrectionRequest(offer_id, "input_token", None, 1_000_000, "ada", "wrong")


def test_a_repair_leads_back_to_the_home_as_it_was(tmp_path: Path) -> None:
    home = tmp_path / "home"
    before, before_id = home_with_a_future_run(home)
    future = Landing(home / "landing").runs()[-1].run_id
    done = repair(home, clock=right_clock())
    assert (done.set_aside, done.rebuilt, done.publication_id) == ([future], True, before_id)
    assert exported(home) == before
    assert [run.run_id for run in Landing(home / "landing").set_aside_runs()] == [future]
    reason = json.loads((home / "landing/set-aside" / f"{future}.json").read_text("utf-8"))
    assert reason["run_id"] == future
    assert future not in {publication_id for _, publication_id in publications(Home(home))}
    assert failed(home) == {}
    again = repair(home, clock=right_clock())
    assert (again.set_aside, again.rebuilt, again.publication_id) == ([], False, before_id)
    clock = right_clock()
    with serve(small_catalog(input_price="0.5")) as hub:
        assert ingest(home, hub, clock=clock).outcome == "published"
    status = read_status(Home(home), now=clock())
    assert status.problem is None
    assert status.age_s is not None
    assert 0 <= status.age_s < 60
    copy = copy_landing(home, tmp_path / "copy")
    replay(copy)
    assert exported(copy) == exported(home)


def test_a_repair_killed_before_any_step_is_completed_by_the_next(tmp_path: Path) -> None:
    home = tmp_path / "home"
    before, _ = home_with_a_future_run(home)
    steps = list[str]()
    killed_at = 0
    while True:
        seen = iter(range(100))

        def kill(step: str, seen: Any = seen, at: int = killed_at) -> None:
            steps.append(step)
            if next(seen) == at:
                raise StepKilled

        try:
            repair(home, clock=right_clock(), on_step=kill)
        except StepKilled:
            killed_at += 1
            continue
        break
    assert killed_at >= 3
    assert exported(home) == before
    assert failed(home) == {}


def test_a_home_whose_every_run_lies_in_the_future_begins_again(tmp_path: Path) -> None:
    with serve(small_catalog()) as hub:
        ingest(tmp_path, hub, clock=Clock(START + YEAR))
        done = repair(tmp_path, clock=right_clock())
        assert (len(done.set_aside), done.publication_id) == (1, None)
        status = read_status(Home(tmp_path), now=right_clock()())
        assert (status.publication_id, status.problem) == (None, None)
        assert ingest(tmp_path, hub, clock=right_clock()).outcome == "published"


def test_a_decision_of_the_future_is_named_and_failed_runs_go_too(tmp_path: Path) -> None:
    clock, ahead = Clock(), Clock(START + YEAR)
    with serve(small_catalog()) as hub:
        ingest(tmp_path, hub, clock=clock)
        before = exported(tmp_path)
        correct(tmp_path, a_correction(tmp_path), clock=ahead)
    with serve(small_catalog(), on_request=lambda _: error(403, "not now")) as hub:
        ingest(tmp_path, hub, clock=ahead)
    done = repair(tmp_path, clock=right_clock())
    assert len(done.set_aside) == 2
    assert len(done.decisions) == 1
    assert exported(tmp_path) == before


def test_a_killed_run_that_a_wrong_clock_marked_is_marked_again(tmp_path: Path) -> None:
    home_with_a_future_run(tmp_path)
    landing = Landing(tmp_path / "landing")
    first = landing.runs()[0]
    killed = landing.begin(
        type(first.record)(
            **{
                **{f: getattr(first.record, f) for f in first.record.__struct_fields__},
                "run_id": "20260301T133000000000Z-killed",
            }
        )
    )
    killed.end(EndMark(outcome="interrupted", finished_at=START + YEAR, error="interrupted"))
    repair(tmp_path, clock=right_clock())
    assert killed.mark is None
    clock = right_clock()
    with serve(small_catalog()) as hub:
        started = ingest(tmp_path, hub, clock=clock).started_at
    assert started < START + timedelta(days=1)
    assert killed.mark is not None
    assert killed.mark.finished_at < START + timedelta(days=1)


@pytest.mark.parametrize("ahead", [timedelta(seconds=3), timedelta(minutes=90)])
def test_a_small_skew_is_no_error_and_no_negative_age(tmp_path: Path, ahead: timedelta) -> None:
    with serve(small_catalog()) as hub:
        ingest(tmp_path, hub, clock=Clock(START + ahead))
        status = read_status(Home(tmp_path), now=START)
        assert (status.age_s, status.problem) == (0.0, None)
        assert ingest(tmp_path, hub, clock=Clock(START)).outcome == "unchanged"


def test_a_clock_that_is_behind_now_sets_nothing_aside(tmp_path: Path) -> None:
    """The servers dated the answers as the runs did: not the runs are wrong, but the clock."""
    with serve(small_catalog()) as hub:
        start = utc_now()
        ingest(tmp_path, hub, clock=Clock(start))
        with pytest.raises(HomeError, match="clock is behind"):
            repair(tmp_path, clock=Clock(start - YEAR))
    assert len(Landing(tmp_path / "landing").runs()) == 1


def test_commands_and_the_marketplace_are_red_until_the_repair(tmp_path: Path) -> None:
    with serve(small_catalog()) as hub:
        ingest(tmp_path, hub, clock=Clock(utc_now() + YEAR))
        with serving(tmp_path) as site:
            ready = site.get("/readyz")
            assert ready.status_code == 503
            assert "dated in the future" in ready.json()["detail"]
            assert ready.json()["verdict"]["state"] == "failing"
            assert site.get("/healthz").status_code == 200
            assert site.get_json("/v1/status")["age_s"] is None
        refused = pricehouse("ingest", home=tmp_path, url=hub.url)
        assert refused.returncode == 1
        assert "doctor --repair" in refused.stderr
        assert "Traceback" not in refused.stderr
        red = pricehouse("status", "--json", home=tmp_path)
        assert red.returncode == 1
        facts = json.loads(red.stdout)
        assert facts["age_s"] is None
        assert "doctor --repair" in facts["problem"]
        assert pricehouse("doctor", home=tmp_path).returncode == 1
        assert (
            len(answered(pricehouse("doctor", "--repair", "--json", home=tmp_path))["set_aside"])
            == 1
        )
        assert answered(pricehouse("status", "--json", home=tmp_path))["problem"] is None
