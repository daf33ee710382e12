"""Hours of the schedule that a real server keeps, and the processes that run them."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any

from flows.events import COMMITTED, NOTIFIED
from flows.server.stale_automation import STALE
from tests.support.running_server import FINAL, Up, wait_for
from warehouse.storage.landing import Landing

PROGRAMS = {
    "flow": "flows.engine",
    "worker": "worker start",
    "server": "server start",
    "marketplace": "cli.main serve",
}
"""What is killed → a part of its command line."""
FIRED = "prefect.automation.triggered"
LATE_S = 600.0
UNSTARTED_AFTER = timedelta(minutes=11)
"""By then an automation ended a run whose process never started."""


def pid_of(running: Up, name: str) -> int | None:
    """Return the process of one of `PROGRAMS` that `up` started; None while there is none."""
    lines = running.descendants().items()
    return next((pid for pid, line in lines if PROGRAMS[name] in line), None)


def runs_until(running: Up, at: datetime) -> list[Any]:
    """Return the runs of the schedule in the seven hours up to an hour, and that hour's."""
    return [r for r in _scheduled(running, at) if r["expected_start_time"][:19] <= _second(at)]


def wait_for_hour(running: Up, at: datetime) -> list[str]:
    """Wait until every run of the schedule up to an hour has ended; return the new states.

    `MISSED`: the machine woke up so shortly before the hour that Prefect's scheduler, which looks
    ahead only, made the runs of later hours; a late run of the hours before took its place.
    """

    def ended() -> list[str] | None:
        known = _scheduled(running, at)
        runs = [r for r in known if r["expected_start_time"][:19] <= _second(at)]
        is_here = any(r["expected_start_time"][:16] == _second(at)[:16] for r in runs)
        missed = not is_here and len(known) > len(runs)
        if not (is_here or missed) or any(r["state_type"] not in FINAL for r in runs):
            return None
        since = f"{at - timedelta(minutes=1):%Y-%m-%dT%H:%M:%S}"
        states = [r["state_type"] for r in runs if r["expected_start_time"] >= since]
        return [*states, "MISSED"] if missed else states

    return wait_for(ended, LATE_S, running)


def wait_for_turns(running: Up) -> None:
    """Wait until what prevents a message of Prefect came after the automation about old data fired.

    A clock that is moved on before takes its minute from the watcher, and its time from the run.
    """

    def came() -> bool | None:
        fired = [at for name, at, _ in events(running, FIRED) if name == STALE]
        prevented = [at for _, at, _ in events(running, COMMITTED, NOTIFIED)]
        return not fired or max(prevented, default="") > max(fired) or None

    wait_for(came, LATE_S, running)


def wait_for_events(running: Up, at: datetime) -> None:
    """Wait until the runs up to an hour are gone, and the server has the event of each commit.

    A run that was killed may have emitted none; one that Prefect counts as ended by itself has.
    """
    wait_for(lambda: pid_of(running, "flow") is None or None, LATE_S, running)
    ended = {r["id"] for r in runs_until(running, at) if r["state_type"] in {"COMPLETED", "FAILED"}}

    def known() -> bool | None:
        runs = itertools.islice(Landing(running.home / "landing").newest_first(), 20)
        wanted = {r.run_id for r in runs if r.is_committed and r.record.prefect_run_id in ended}
        return (
            wanted <= {payload.get("run_id") for _, _, payload in events(running, COMMITTED)}
            or None
        )

    wait_for(known, LATE_S, running)


def events(running: Up, *names: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Return the newest events of these names: the name of its resource, when, and its payload."""
    wanted = {"event": {"name": list(names)}, "order": "DESC"}
    found = running.read("/events/filter", filter=wanted, limit=50)["events"]
    named = "prefect.resource.name"
    return [(e["resource"].get(named, ""), e["occurred"], e["payload"]) for e in found]


def _scheduled(running: Up, at: datetime) -> list[Any]:
    """Return the runs that the schedule of the hours made, from seven hours before one on."""
    wanted = {"expected_start_time": {"after_": f"{at - timedelta(hours=7):%Y-%m-%dT%H:%M:%SZ}"}}
    found = running.read("/flow_runs/filter", flow_runs=wanted)
    flow = running.deployment("hourly")["id"]
    return [r for r in found if r["auto_scheduled"] and r["deployment_id"] == flow]


def _second(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}"
