"""The operator's first day, on a real Prefect server: scheduled, triggered, cut off, killed."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest

from flows.server.deployments import EARLIER_NAMES, ZOMBIES
from flows.server.stale_automation import (
    EARLIER_BODY,
    EARLIER_DESCRIPTION,
    EARLIER_SUBJECT,
    STALE,
)
from flows.server.stale_notification import BLOCK, NOTIFY
from samples.hub import Hub
from tests.support.command import pricehouse
from tests.support.hours import small_catalog
from tests.support.running_server import Gate, Up, processes, up, wait_for
from warehouse.storage.lock import hold

pytestmark = [pytest.mark.server, pytest.mark.slow]
AUTOMATION_FIELDS = {"name", "description", "enabled", "tags", "trigger", "actions"}
CRASHED_WITHIN_S = 400
"""How long a run may stay Running after its process and its worker died, on a slow machine."""


def counts(running: Up) -> dict[str, Any]:
    """Return what a second `up` could make a second time."""
    deployments = running.read("/deployments/filter")
    return {
        "deployments": sorted(d["name"] for d in deployments),
        "schedules": sorted(s["schedule"]["cron"] for d in deployments for s in d["schedules"]),
        "automations": sorted(a["name"] for a in running.read("/automations/filter")),
        "pools": [p["name"] for p in running.read("/work_pools/filter")],
    }


def test_up_on_an_empty_home_publishes_an_hour_and_serves_it(running: Up) -> None:
    assert running.wait_for_first_hour().endswith(f"the hour is done; look at {running.serve_url}")
    assert "nothing is published yet; an hour runs now" in running.output
    named = running.wait_for_line("the next hour begins at")
    assert re.search(r"at \d{4}-\d\d-\d\d \d\d:07 UTC", named)
    assert f"serving the marketplace at {running.serve_url}" in running.output
    assert httpx.get(f"{running.serve_url}/readyz", trust_env=False).status_code == 200
    assert httpx.get(f"{running.serve_url}/v1/offers", trust_env=False).json()["total"] > 0
    assert "database is locked" not in running.output


def test_after_up_the_hour_is_scheduled(running: Up) -> None:
    deployment = running.deployment("hourly")
    (schedule,) = deployment["schedules"]
    assert (schedule["schedule"]["cron"], schedule["schedule"]["timezone"]) == ("7 * * * *", "UTC")
    assert deployment["global_concurrency_limit"]["limit"] == 1
    assert deployment["concurrency_options"]["collision_strategy"] == "CANCEL_NEW"

    def scheduled() -> Any:
        wanted = {"state": {"type": {"any_": ["SCHEDULED"]}}}
        return running.read("/flow_runs/filter", flow_runs=wanted) or None

    runs = [r for r in wait_for(scheduled, 120, running) if r["deployment_id"] == deployment["id"]]
    assert len(runs) > 2
    assert {run["expected_start_time"][14:16] for run in runs} == {"07"}


def test_a_run_triggered_with_the_form_completes_and_leaves_what_people_read(
    running: Up,
) -> None:
    run_id = running.start_run(feeds=["hub", "router"], dry_run=False)
    run = running.wait_for_state(run_id, "COMPLETED")
    hour = run["expected_start_time"][:16].replace("T", " ")
    assert run["name"] == f"huggingface {hour}"
    artifacts = running.artifacts(run_id)
    assert {key: artifact["type"] for key, artifact in artifacts.items()} == {
        "pages-hub": "progress",
        "pages-router": "progress",
        "feeds": "table",
        "changes": "table",
        "report": "markdown",
        "health": "markdown",
    }
    assert artifacts["pages-hub"]["data"] == 100
    assert "## Rejected" in artifacts["report"]["data"]
    assert (running.home / "marketplace.duckdb").is_symlink()

    def line() -> str | None:
        logs = running.read("/logs/filter", logs={"flow_run_id": {"any_": [run_id]}})
        found = [log["message"] for log in logs if log["message"].startswith("run {")]
        assert len(found) < 2
        return found[0] if found else None

    logged = wait_for(line, 30, running)
    assert '"outcome":' in logged
    assert '"trigger":"manual"' in logged
    assert '"hub":{"outcome":"complete"' in logged


def test_a_dry_run_of_one_feed_shows_what_would_change_and_commits_nothing(
    running: Up, hub: Hub
) -> None:
    running.wait_for_state(running.start_run(), "COMPLETED")
    link = os.readlink(running.home / "marketplace.duckdb")
    hub.show(small_catalog(input_price="0.3"))
    try:
        run_id = running.start_run(feeds=["router"], dry_run=True)
        run = running.wait_for_state(run_id, "COMPLETED")
    finally:
        hub.show(small_catalog())
    assert run["name"].endswith("(router only), dry run")
    artifacts = running.artifacts(run_id)
    assert '"up"' in artifacts["changes"]["data"]
    assert '"0.3 per 1M"' in artifacts["changes"]["data"]
    assert '"skipped"' in artifacts["feeds"]["data"]
    assert "## What would change" in artifacts["report"]["data"]
    assert os.readlink(running.home / "marketplace.duckdb") == link


@pytest.mark.parametrize(
    "parameters",
    [
        {"feeds": ["nobody"]},
        {"feeds": []},
        {"feeds": ["hub", "hub"]},
        {"dry_run": "perhaps"},
        {"lock_wait_s": -1},
        {"lock_wait_s": 901},
    ],
    ids=str,
)
def test_a_parameter_that_does_not_fit_is_refused_before_any_run(
    running: Up, parameters: dict[str, Any]
) -> None:
    answer = running.trigger(**parameters)
    assert answer.status_code in {409, 422}, answer.text


def test_a_run_that_overlaps_is_cancelled_and_the_first_one_completes(
    running: Up, gate: Gate
) -> None:
    with gate.shut():
        first = running.start_run()
        running.wait_for_state(first, "RUNNING")
        wait_for(lambda: gate.waiting or None, 240, running)
        second = running.start_run()
        running.wait_for_state(second, "CANCELLED")
    running.wait_for_state(first, "COMPLETED")


def test_a_run_that_cannot_get_the_lock_fails_with_a_clear_error(running: Up) -> None:
    running.wait_for_state(running.start_run(), "COMPLETED")
    with hold(running.home / ".lock", wait_s=0):
        run = running.wait_for_state(running.start_run(lock_wait_s=0), "FAILED")
    assert "is being written by process" in run["state"]["message"]
    assert "run again when it is done" in run["state"]["message"]


def test_replay_and_maintain_run_from_their_forms(running: Up) -> None:
    running.wait_for_state(running.start_run(), "COMPLETED")
    replayed = running.start_run("replay")
    running.wait_for_state(replayed, "COMPLETED")
    assert "held every run already" in running.artifacts(replayed)["replay"]["data"]
    maintained = running.start_run("maintain", dry_run=True)
    running.wait_for_state(maintained, "COMPLETED")
    assert running.artifacts(maintained)["maintained"]["type"] == "markdown"


def test_a_second_up_creates_nothing_twice_and_keeps_the_running_server(
    running: Up, hub: Hub
) -> None:
    before = counts(running)
    assert len(before["automations"]) == 4
    assert before["schedules"] == ["37 3 * * *", "7 * * * *"]
    with up(running.home, hub.url, port=running.port) as again:
        assert "using the Prefect server" in again.output
        assert counts(running) == before
    assert again.process.returncode == 0
    assert running.request("GET", "/health").json() is True


def test_a_schedule_that_is_switched_off_stays_off_and_up_prints_it(running: Up, hub: Hub) -> None:
    deployment = running.deployment("hourly")
    (schedule,) = deployment["schedules"]
    path = f"/deployments/{deployment['id']}/schedules/{schedule['id']}"
    running.request("PATCH", path, {"active": False})
    try:
        with up(running.home, hub.url, port=running.port, serve=False) as again:
            again.wait_for_line("the schedule of hourly is switched off in Prefect")
        assert running.deployment("hourly")["schedules"][0]["active"] is False
    finally:
        running.request("PATCH", path, {"active": True})


def test_up_renames_an_automation_of_an_earlier_version_and_keeps_its_settings(
    running: Up, hub: Hub
) -> None:
    before = counts(running)
    (found,) = [a for a in running.read("/automations/filter") if a["name"] == ZOMBIES]
    earlier = {key: value for key, value in found.items() if key in AUTOMATION_FIELDS}
    earlier |= {"name": EARLIER_NAMES[ZOMBIES][0], "enabled": False, "description": "ours"}
    running.request("PUT", f"/automations/{found['id']}", earlier)
    with up(running.home, hub.url, port=running.port):
        assert counts(running) == before
    (renamed,) = [a for a in running.read("/automations/filter") if a["id"] == found["id"]]
    assert (renamed["name"], renamed["enabled"], renamed["description"]) == (ZOMBIES, False, "ours")
    assert renamed["trigger"]["within"] == found["trigger"]["within"]
    assert renamed["actions"] == found["actions"]
    running.request("POST", "/automations/", earlier)
    running.request(
        "PUT", f"/automations/{found['id']}", earlier | {"name": ZOMBIES, "enabled": True}
    )
    with up(running.home, hub.url, port=running.port):
        assert counts(running) == before, "the one of the earlier name is deleted"


def automation(running: Up, name: str) -> Any:
    """Return the one automation of a name or its earlier names; fail where there is another one."""
    every = running.read("/automations/filter")
    (found,) = [a for a in every if a["name"] in {name, *EARLIER_NAMES.get(name, ())}]
    return found


def alert_blocks(running: Up) -> list[Any]:
    every = running.read("/block_documents/filter", include_secrets=True)
    return [block["data"]["url"] for block in every if block["name"] == BLOCK]


def test_the_automations_about_old_data_follow_setting_and_addresses_of_today(
    running: Up, hub: Hub
) -> None:
    found = automation(running, STALE)
    assert found["trigger"]["within"] == 8100
    assert automation(running, NOTIFY)["actions"] == [{"type": "do-nothing"}]
    earlier = {key: value for key, value in found.items() if key in AUTOMATION_FIELDS}
    earlier |= {"name": EARLIER_NAMES[STALE][0], "description": EARLIER_DESCRIPTION}
    running.request("PUT", f"/automations/{found['id']}", earlier)
    settings = {
        "PRICEHOUSE_STALE_AFTER": "6h",
        "PRICEHOUSE_ALERT_URLS": "json://127.0.0.1:9/one json://127.0.0.1:9/two",
    }
    with up(running.home, hub.url, port=running.port, serve=False, **settings):
        stale, notifying = automation(running, STALE), automation(running, NOTIFY)
        assert (stale["id"], stale["name"]) == (found["id"], STALE)
        assert stale["trigger"]["within"] == 6 * 3600 + 900
        assert "6h15m" in stale["description"]
        assert stale["actions"] == [{"type": "do-nothing"}]
        (action,) = notifying["actions"]
        assert action["type"] == "send-notification"
        assert alert_blocks(running) == [settings["PRICEHOUSE_ALERT_URLS"]]
    # as an earlier version left it: the first one notifies by itself, and there is no second one
    own = action | {"subject": EARLIER_SUBJECT, "body": EARLIER_BODY}
    earlier = {key: value for key, value in stale.items() if key in AUTOMATION_FIELDS}
    running.request("PUT", f"/automations/{stale['id']}", earlier | {"actions": [own]})
    running.request("DELETE", f"/automations/{notifying['id']}")
    settings["PRICEHOUSE_ALERT_URLS"] = "json://127.0.0.1:9/two"
    with up(running.home, hub.url, port=running.port, serve=False, **settings):
        assert alert_blocks(running) == ["json://127.0.0.1:9/two"]
        assert automation(running, STALE)["actions"] == [{"type": "do-nothing"}]
        assert automation(running, NOTIFY)["actions"] == [action]
    running.wait_for_state(running.start_run(), "COMPLETED")  # its worker has no address
    assert alert_blocks(running) == []
    assert automation(running, NOTIFY)["actions"] == [{"type": "do-nothing"}]
    assert automation(running, STALE)["trigger"]["within"] == 8100


def test_a_killed_run_is_marked_crashed_and_the_next_run_completes(running: Up, gate: Gate) -> None:
    with gate.shut():
        run_id = running.start_run()
        running.wait_for_state(run_id, "RUNNING")
        wait_for(lambda: gate.waiting or None, 240, running)
        doomed = {
            pid
            for pid, line in running.descendants().items()
            if "worker start" in line or "flows.engine" in line
        }
        assert len(doomed) == 2
        for pid in doomed:
            os.kill(pid, signal.SIGKILL)
    run = running.wait_for_state(run_id, "CRASHED", timeout_s=CRASHED_WITHIN_S)
    assert "no heartbeat" in run["state"]["message"]
    running.wait_for_state(running.start_run(), "COMPLETED")


def test_sigterm_during_a_run_ends_every_process_and_prints_stopped(
    hub: Hub, gate: Gate, tmp_path: Path
) -> None:
    password = {"PREFECT_SERVER_API_AUTH_STRING": "operator:a-long-password"}
    with up(tmp_path / "home", hub.url, serve=False, **password) as ours:
        assert "marketplace" not in ours.output
        assert httpx.post(f"{ours.ui_url}/api/flow_runs/filter", json={}).status_code == 401
        wrong = {"PREFECT_API_URL": f"{ours.ui_url}/api", "PREFECT_API_AUTH_STRING": "operator:no"}
        refused = pricehouse("up", home=ours.home, url=hub.url, **wrong)
        assert refused.returncode == 1
        assert "does not take our password" in refused.stderr
        ours.wait_for_first_hour()
        with gate.shut():
            run_id = ours.start_run()
            ours.wait_for_state(run_id, "RUNNING")
            wait_for(lambda: gate.waiting or None, 240, ours)
            started = ours.descendants()
            assert len(started) == 3
            assert ours.stop() == 0
        assert not set(started) & set(processes())
    assert ours.output.rstrip().endswith("stopped")
    assert "Traceback" not in ours.output
    assert "a-long-password" not in ours.output + "".join(started.values())
