"""A command with wrong usage or settings is no failure of the home: nobody is notified of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.context import Dependencies, RunOptions
from pipeline.notify import current_alerts
from pipeline.session import open_run
from pipeline.settings import AlertRules, Settings
from pipeline.status import read_status
from samples.hub import serve
from schemas.errors import HomeError, SettingsError, UsageError
from tests.support.backends import Backend, dependencies_of
from tests.support.hours import Clock, chat_catalog, ingest
from warehouse.storage.home import Home

pytestmark = pytest.mark.usefixtures("backend")

ERRORS = [UsageError("--at is yet to come"), SettingsError("HF_TOKEN holds a space")]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, backend: Backend) -> tuple[Path, Clock]:
    home, clock = tmp_path_factory.mktemp("refused"), Clock()
    with serve(chat_catalog(("0.2", "0.6"))) as hub:
        ingest(home, hub, clock=clock)
    return home, clock


def end_with(home: Path, clock: Clock, error: Exception, *, trigger: str) -> None:
    """Begin a run that an error ends."""
    options = RunOptions(origin="live", flow="ingest", trigger=trigger)
    settings = Settings(home=home, base_urls={}, alert_rules=AlertRules())
    with (
        pytest.raises(type(error)),
        open_run(settings, options, dependencies_of(home, Dependencies(clock=clock))),
    ):
        raise error


@pytest.mark.parametrize("error", ERRORS, ids=["usage", "settings"])
@pytest.mark.parametrize("trigger", ["cli", "manual"])
def test_wrong_usage_is_no_alert_and_changes_no_verdict(
    made: tuple[Path, Clock], error: Exception, trigger: str
) -> None:
    home, clock = made
    before = read_status(Home(home), now=clock()).verdict
    end_with(home, clock, error, trigger=trigger)
    status = read_status(Home(home), now=clock())
    assert (status.last_run.outcome, status.last_run.error) == ("refused", str(error))
    assert status.last_failure == status.last_run
    assert status.verdict == before
    assert current_alerts(Home(home), AlertRules(), now=clock()) == []


@pytest.mark.parametrize(
    ("error", "trigger"), [(ERRORS[1], "schedule"), (HomeError("the disk is full"), "cli")]
)
def test_a_setting_of_the_schedule_and_an_error_of_the_home_are_alerts(
    tmp_path: Path, error: Exception, trigger: str
) -> None:
    clock = Clock()
    with serve(chat_catalog(("0.2", "0.6"))) as hub:
        ingest(tmp_path, hub, clock=clock)
    end_with(tmp_path, clock, error, trigger=trigger)
    (alert,) = current_alerts(Home(tmp_path), AlertRules(), now=clock())
    assert (alert.kind, str(error) in alert.message) == ("run_failing", True)
    assert read_status(Home(tmp_path), now=clock()).verdict.state == "failing"
