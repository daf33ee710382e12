"""What a person sees of a run in Prefect is what happened: states of tasks and of the run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from flows.events import COMMITTED
from tests.support.command import answered, pricehouse
from tests.support.running_server import Gate, Up, wait_for
from tests.support.scheduled_hours import events
from warehouse.storage.landing import Landing

pytestmark = [pytest.mark.server, pytest.mark.slow]


def task_states(running: Up, run_id: str) -> dict[str, tuple[str, str]]:
    """Return step → type and message of its state; the last one may still be on its way."""

    def ended() -> dict[str, tuple[str, str]] | None:
        tasks = running.read("/task_runs/filter", flow_runs={"id": {"any_": [run_id]}})
        found = {
            task["name"].rsplit("-", 1)[0]: (task["state"]["type"], task["state"]["message"])
            for task in tasks
        }
        done = all(state in {"COMPLETED", "FAILED"} for state, _ in found.values())
        return found if done and "publish_run" in found else None

    return wait_for(ended, 60, running)


@contextmanager
def refusing(gate: Gate, *paths: str) -> Iterator[None]:
    gate.refused |= set(paths)
    try:
        yield
    finally:
        gate.refused.clear()


def test_the_states_of_tasks_and_run_have_what_came_of_them(running: Up) -> None:
    run_id = running.start_run()
    run = running.wait_for_state(run_id, "COMPLETED")
    # the sample's server has no lists of other sources
    assert re.search(r"^(published|unchanged) \| (ok|degraded): ", run["state"]["message"])
    states = task_states(running, run_id)
    assert {state for state, _ in states.values()} == {"COMPLETED"}
    assert all(message for _, message in states.values()), states
    assert "feeds" in states["extract_feeds"][1]
    assert "changes" in states["load_run"][1]
    assert re.match("# (ok|degraded)\n", running.artifacts(run_id)["health"]["data"])


def test_the_tasks_of_a_failed_hour_look_failed(running: Up, gate: Gate) -> None:
    running.wait_for_state(running.start_run(), "COMPLETED")
    with refusing(gate, "/api/models", "/v1/models"):
        run_id = running.start_run(feeds=["hub", "router"])
        run = running.wait_for_state(run_id, "FAILED")
    assert "hub: " in run["state"]["message"]
    assert " | degraded: the last run failed" in run["state"]["message"]
    states = task_states(running, run_id)
    failed = {name for name, (state, _) in states.items() if state == "FAILED"}
    assert failed == {"extract_feeds", "fail_run", "publish_run"}
    assert states["publish_run"][1].startswith("nothing was published: ")
    assert running.artifacts(run_id)["health"]["data"].startswith("# degraded")
    with refusing(gate, "/api/models"):
        partial = running.start_run(feeds=["hub", "router"])
        running.wait_for_state(partial, "FAILED")
    run = next(Landing(running.home / "landing").newest_first())
    assert run.is_committed

    def reported() -> bool | None:
        """The event of an hour that readers see, though one of its feeds failed."""
        return (
            run.run_id in {payload["run_id"] for _, _, payload in events(running, COMMITTED)}
            or None
        )

    wait_for(reported, 120, running)
    states = task_states(running, partial)
    failed = {name for name, (state, _) in states.items() if state == "FAILED"}
    assert failed == {"extract_feeds"}, "the rows of the router were published"
    running.wait_for_state(running.start_run(), "COMPLETED")


def test_a_run_that_a_person_cancels_is_cancelled_everywhere(running: Up, gate: Gate) -> None:
    running.wait_for_state(running.start_run(), "COMPLETED")
    with gate.shut():
        run_id = running.start_run()
        running.wait_for_state(run_id, "RUNNING")
        wait_for(lambda: gate.waiting or None, 240, running)
        answer = running.request(
            "POST", f"/flow_runs/{run_id}/set_state", {"state": {"type": "CANCELLING"}}
        )
        assert answer.status_code in {200, 201}, answer.text
        running.wait_for_state(run_id, "CANCELLED")

        def status() -> Any:
            found = answered(pricehouse("status", "--json", home=running.home))
            return found if found["last_run"]["outcome"] != "running or interrupted" else None

        found = wait_for(status, 60, running)
    assert found["last_run"]["outcome"] == "cancelled"
    assert found["last_run"]["error"].startswith("cancelled: ")
    assert "cancelled" not in found["verdict"]["reason"]
    running.wait_for_state(running.start_run(), "COMPLETED")
    query = "SELECT outcome, error FROM runs WHERE error LIKE 'cancelled:%'"
    rows = answered(pricehouse("sql", query, "--json", home=running.home))
    assert rows


@pytest.mark.parametrize("name", ["hourly", "maintain", "replay"])
def test_a_parameter_that_the_form_does_not_have_fails_the_run(running: Up, name: str) -> None:
    run = running.wait_for_state(running.start_run(name, unknown=1), "FAILED")
    assert "the form has no parameter unknown; it has " in run["state"]["message"]
