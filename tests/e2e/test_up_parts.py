"""Prefect's server on PostgreSQL here, workers there: `up --server-only`, `up --worker-only`."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest

from flows.events import COMMITTED
from flows.server.stale_automation import STALE
from flows.throttle import BLOCK_S
from samples.hub import Hub, serve
from samples.routes import ServerReply, ServerRequest
from tests.support.command import environment, pricehouse
from tests.support.hours import small_catalog
from tests.support.lakes import SharedPlace, lake_in_folder
from tests.support.postgres import Postgres, postgres
from tests.support.published import rows
from tests.support.running_server import (
    FINAL,
    START_S,
    Gate,
    Only,
    Up,
    processes,
    up,
    wait_for,
)
from tests.support.scheduled_hours import events
from warehouse.publication.publish import published_id
from warehouse.storage.home import Home

pytestmark = [pytest.mark.server, pytest.mark.slow]
AUTH = "operator:canary-of-the-server"
LIMIT = "pricehouse:hub"
SLOTS, DECAY = 16, 1.0
"""A small limit, so that two hours of the sample have to wait."""
HUB_PATHS = ("/api/models", "/api/partners")


class RequestTimes:
    """A hook for the sample's server: it keeps when the Hub was asked, and has a gate."""

    def __init__(self) -> None:
        self.gate = Gate()
        self._times: list[float] = []
        self._lock = threading.Lock()

    def __call__(self, request: ServerRequest) -> ServerReply | None:
        """Record a request of the Hub when it comes out of the gate."""
        reply = self.gate(request)
        if request.path.startswith(HUB_PATHS):
            with self._lock:
                self._times.append(time.monotonic())
        return reply

    def begin(self) -> None:
        """Forget what was recorded."""
        with self._lock:
            self._times = []

    @property
    def count(self) -> int:
        """How many requests came."""
        with self._lock:
            return len(self._times)

    def most_in(self, seconds: float) -> int:
        """Return the most requests in any time of so many seconds."""
        with self._lock:
            times = sorted(self._times)
        return max(bisect_left(times, at + seconds) - i for i, at in enumerate(times))


@pytest.fixture(scope="module")
def hub_log() -> RequestTimes:
    return RequestTimes()


@pytest.fixture(scope="module")
def shared_hub(hub_log: RequestTimes) -> Iterator[Hub]:
    with serve(small_catalog(), on_request=hub_log) as running:
        yield running


@pytest.fixture(scope="module")
def database() -> Iterator[Postgres]:
    with postgres() as running:
        running.create_database("prefect")
        yield running


@pytest.fixture(scope="module")
def server(
    database: Postgres, shared_hub: Hub, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Up]:
    home = tmp_path_factory.mktemp("server") / "home"
    settings = {
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": database.url("postgresql+asyncpg", "prefect"),
        "PREFECT_SERVER_API_AUTH_STRING": AUTH,
    }
    with up(home, shared_hub.url, only="server", **settings) as running:
        yield running


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("worker") / "home"


# Six parameters: the server, what the worker reads, and of which home it is.
@contextmanager
def worker(
    server: Up,
    hub: Hub,
    home: Path,
    *,
    serve: bool = False,
    only: Only = "worker",
    place: SharedPlace | None = None,
) -> Iterator[Up]:
    """Run a worker for a server, of a home that is alone or a shared warehouse."""
    more = {"PREFECT_API_AUTH_STRING": AUTH, **(place.environment if place else {})}
    with up(home, hub.url, port=server.port, serve=serve, only=only, **more) as running:
        yield running


@pytest.fixture(scope="module")
def first(server: Up, shared_hub: Hub, home: Path) -> Iterator[Up]:
    with worker(server, shared_hub, home, serve=True) as running:
        running.wait_for_first_hour()
        yield running


def limits_of(server: Up) -> dict[str, Any]:
    """Return the limits of a server by name."""
    return {limit["name"]: limit for limit in server.read("/v2/concurrency_limits/filter")}


def test_the_server_alone_schedules_and_starts_no_worker(server: Up, database: Postgres) -> None:
    lines = list(server.descendants().values())
    assert [line for line in lines if "server start" in line]
    assert not [line for line in lines if "worker start" in line or "cli.main serve" in line]
    assert not (server.home / "home.json").exists()
    assert server.deployment("hourly")["schedules"][0]["active"]
    assert len(server.read("/automations/filter")) == 4
    limit = limits_of(server)[LIMIT]
    assert (limit["limit"], limit["slot_decay_per_second"]) == (250, 0.8)
    assert database.run("SELECT count(*) FROM deployment", database="prefect") == "3"


def test_an_hour_runs_on_a_worker_elsewhere_which_serves_it(first: Up, server: Up) -> None:
    assert "the hour is done; look at" in first.output
    limit = limits_of(server)[LIMIT]
    kept = f"/v2/concurrency_limits/{limit['id']}"
    server.request("PATCH", kept, {"slot_decay_per_second": 0.01})  # so that slots stay taken
    run = first.wait_for_state(first.start_run(), "COMPLETED")
    assert limits_of(server)[LIMIT]["active_slots"] > 0
    decay = {"slot_decay_per_second": limit["slot_decay_per_second"]}
    server.request("PATCH", kept, decay)
    assert run["work_pool_name"] == "pricehouse"
    assert not [line for line in first.descendants().values() if "server start" in line]
    assert (first.home / "marketplace.duckdb").is_symlink()
    assert httpx.get(f"{first.serve_url}/readyz", trust_env=False).status_code == 200
    assert not (server.home / "marketplace.duckdb").exists()


def test_no_password_is_in_an_output_or_a_process_list(
    first: Up, server: Up, database: Postgres
) -> None:
    lines = [line for _, line in processes().values()]
    text = first.output + server.output + "\n".join(lines)
    assert database.password not in text
    assert AUTH.partition(":")[2] not in text
    assert "Traceback" not in text


def test_two_workers_run_one_hour_at_a_time(
    first: Up, server: Up, shared_hub: Hub, hub_log: RequestTimes, home: Path
) -> None:
    with worker(server, shared_hub, home):
        ours: list[str] = []
        for _ in range(2):
            with hub_log.gate.shut():
                ours.append(first.start_run())
                first.wait_for_state(ours[-1], "RUNNING")
                second = first.start_run()
                first.wait_for_state(second, "CANCELLED")
            first.wait_for_state(ours[-1], "COMPLETED")
        both = [first.start_run(), first.start_run()]
        ended = [wait_for(lambda r=run_id: is_final(first, r), 240, first) for run_id in both]
        assert sorted(run["state_type"] for run in ended) in (
            ["CANCELLED", "COMPLETED"],
            ["COMPLETED", "COMPLETED"],  # the second one was taken after the first one
        )
    times = rows(home, "SELECT started_at, finished_at FROM runs ORDER BY started_at")
    assert len(times) >= 4
    assert all(before[1] <= after[0] for before, after in pairwise(times))


def is_final(running: Up, run_id: str) -> Any:
    """Return a run that has ended, else None."""
    run = running.run(run_id)
    return run if run["state_type"] in FINAL else None


def test_a_missing_limit_ends_a_run_before_any_request(
    first: Up, server: Up, hub_log: RequestTimes, home: Path
) -> None:
    server.request("DELETE", f"/v2/concurrency_limits/{limits_of(server)[LIMIT]['id']}")
    hub_log.begin()
    run = first.wait_for_state(first.start_run(), "FAILED")
    assert f"no rate limit {LIMIT}; `pricehouse up`" in run["state"]["message"]
    assert hub_log.count == 0
    router = limits_of(server)["pricehouse:router"]
    server.request("PATCH", f"/v2/concurrency_limits/{router['id']}", {"limit": 77})
    auth = {"PREFECT_API_URL": f"{server.ui_url}/api", "PREFECT_API_AUTH_STRING": AUTH}
    subprocess.run(
        [sys.executable, "-m", "flows.server.upstream_limits"],
        env=environment(home, **auth),
        check=True,
    )
    assert limits_of(server)[LIMIT]["limit"] == 250
    assert limits_of(server)["pricehouse:router"]["limit"] == 77, "as the operator set it"
    first.wait_for_state(first.start_run(), "COMPLETED")


def test_a_home_that_is_no_absolute_path_is_refused(first: Up, home: Path, tmp_path: Path) -> None:
    found = first.deployment("hourly")["id"]
    later = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"
    state = {"type": "SCHEDULED", "state_details": {"scheduled_time": later}}
    made = first.request("POST", f"/deployments/{found}/create_flow_run", {"state": state})
    run_id = made.json()["id"]
    settings = {
        "PREFECT_API_URL": f"{first.ui_url}/api",
        "PREFECT_API_AUTH_STRING": AUTH,
        "PREFECT__FLOW_RUN_ID": run_id,
    }
    subprocess.run(
        [sys.executable, "-m", "flows.engine"],
        env=environment(Path("data"), **settings),
        cwd=tmp_path,
        check=True,
    )
    run = first.run(run_id)
    assert run["state_type"] == "FAILED"
    assert "PRICEHOUSE_HOME" in run["state"]["message"]
    assert list(tmp_path.iterdir()) == []


def test_two_homes_are_ingested_at_once_within_the_hubs_window(
    first: Up,
    server: Up,
    shared_hub: Hub,
    hub_log: RequestTimes,
    database: Postgres,
    tmp_path: Path,
) -> None:
    """Each home has a schema of its own, and a worker of its own on another machine."""
    limit = limits_of(server)[LIMIT]
    figures = {"limit": SLOTS, "slot_decay_per_second": DECAY}
    server.request("PATCH", f"/v2/concurrency_limits/{limit['id']}", figures)
    places = [lake_in_folder(database, tmp_path / name / "shared") for name in ("one", "two")]
    homes = [tmp_path / name / "home" for name in ("one", "two")]
    schemas = [place.settings.schema for place in places]
    alone = {"PREFECT_API_URL": f"{server.ui_url}/api", "PREFECT_API_AUTH_STRING": AUTH}
    done = pricehouse(
        *("up", "--worker-only", "--no-serve"), home=homes[0], **alone, **places[0].environment
    )
    assert done.returncode == 1
    assert "start `pricehouse up` without --worker-only on one machine" in done.stderr
    with hub_log.gate.shut(), ExitStack() as stack:
        both = [
            stack.enter_context(worker(server, shared_hub, home, only="", place=place))
            for home, place in zip(homes, places, strict=True)
        ]
        for running, schema in zip(both, schemas, strict=True):
            run = wait_for(lambda s=schema: run_of(server, s, "RUNNING"), START_S, running)
            assert run["work_pool_name"] == f"pricehouse-{schema}"
        wait_for(lambda: hub_log.gate.waiting > 1 or None, START_S, both[1])
        hub_log.begin()
        hub_log.gate.open()
        for running in both:
            assert "the hour is done" in running.wait_for_first_hour()
    window_s = 5.0
    allowed = SLOTS + DECAY * (window_s + BLOCK_S)
    assert hub_log.count > allowed
    assert hub_log.most_in(window_s) <= allowed
    query = "SELECT started_at, finished_at FROM runs WHERE outcome = 'published'"
    (one,), (two,) = (rows(home, query) for home in homes)
    assert max(one[0], two[0]) < min(one[1], two[1]), "they ran at once"
    waited = "SELECT sum(waited_s) FROM run_feeds WHERE feed IN ('hub', 'partners')"
    assert any(rows(home, waited)[0][0] > 0 for home in homes)
    stale = {f"{STALE} ({schema})" for schema in schemas}
    assert {STALE, *stale} <= {each["name"] for each in server.read("/automations/filter")}
    committed = {f"pricehouse {schema}" for schema in schemas}
    assert wait_for(lambda: committed_homes(server) >= committed or None, START_S, server)
    # another machine, whose folder is empty, goes on with one of them
    elsewhere = tmp_path / "elsewhere" / "home"
    elsewhere.parent.mkdir()
    with worker(server, shared_hub, elsewhere, place=places[0]) as running:
        wait_for(lambda: published_id(Home(elsewhere)), START_S, running)
        assert "an hour runs now" not in running.output, "the other machine's hour is fresh"
        found = server.request("GET", f"/deployments/name/hourly/hourly-{schemas[0]}").json()
        state = {"state": {"type": "SCHEDULED"}}
        made = server.request("POST", f"/deployments/{found['id']}/create_flow_run", state)
        running.wait_for_state(made.json()["id"], "COMPLETED", timeout_s=400)
    assert len(rows(elsewhere, "SELECT run_id FROM runs")) == 2, "it pulled the run before"


def run_of(server: Up, schema: str, state: str) -> Any:
    """Return a run of a home's hours in a state, else None."""
    name = {"name": {"any_": [f"hourly-{schema}"]}}
    wanted = {"state": {"type": {"any_": [state]}}}
    return next(iter(server.read("/flow_runs/filter", deployments=name, flow_runs=wanted)), None)


def committed_homes(server: Up) -> set[str]:
    """Return the homes that emitted the event of a commit, by the name of its resource."""
    return {name for name, _, _ in events(server, COMMITTED)}


def test_a_worker_is_refused_with_a_wrong_password_and_without_deployments(
    server: Up, home: Path
) -> None:
    url = {"PREFECT_API_URL": f"{server.ui_url}/api"}
    done = pricehouse(
        "up", "--worker-only", "--no-serve", home=home, PREFECT_API_AUTH_STRING="a:b", **url
    )
    assert done.returncode == 1
    assert "does not take our password" in done.stderr
    server.request("DELETE", f"/deployments/{server.deployment('hourly')['id']}")
    done = pricehouse(
        "up", "--worker-only", "--no-serve", home=home, PREFECT_API_AUTH_STRING=AUTH, **url
    )
    assert done.returncode == 1
    assert "start `pricehouse up --server-only` there first" in done.stderr
