"""Set up Prefect's server before a run: the work pool, the deployments, the automations.

Import it only when Prefect's settings are in the environment: Prefect reads them once.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.objects import StateType
from prefect.events import EventTrigger
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import AutomationCore, Posture
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.workers.process import ProcessWorker

from flows.home_names import HomeNames
from flows.server.settings import PREFECT_FILE, PrefectServer
from flows.server.stale_automation import STALE, core_fields, new_stale_automation
from flows.server.stale_notification import new_stale_notification
from schemas.errors import PricehouseError

POOL, HOURLY = "pricehouse", "hourly"
ZOMBIES = "pricehouse: crash runs without a heartbeat"
UNSTARTED = "pricehouse: crash runs that did not start"
EARLIER_NAMES = {
    ZOMBIES: ("pricehouse: crash runs that fell silent",),
    STALE: ("pricehouse: no new hour for over two hours",),
}
"""Automation → the names that earlier versions gave it; servers may have it under one of them."""
_NAME = re.compile(r"^([ -]+name: )(\S+)$", re.MULTILINE)
"""Every name in prefect.yaml, of the work pool and of the deployments."""
_RUN = "prefect.flow-run."
_HEARTBEAT = f"{_RUN}heartbeat"
_RUN_ENDED = {f"{_RUN}{state}" for state in ("Completed", "Failed", "Cancelled", "Crashed")}
_TAKEN = {f"{_RUN}{state}" for state in ("Pending", "Submitting", "InfrastructurePending")}
"""A worker has taken the run, and its process has not reported yet."""
_OURS = {"prefect.resource.id": "prefect.tag.pricehouse"}
"""What the runs of prefect.yaml are related to; other flows of a server may start slowly."""


def server_answers(server: PrefectServer) -> bool:
    """Return whether a Prefect server answers; PricehouseError where pricehouse cannot use it."""
    with get_client(sync_client=True) as client:
        problem = client.api_healthcheck()
        if isinstance(problem, PrefectHTTPStatusError):
            raise PricehouseError(f"what answers at {server.api_url} is no Prefect server")
        if problem is not None:
            return False
        try:
            client.raise_for_api_version_mismatch()
        except (PrefectHTTPStatusError, RuntimeError) as error:
            if "Unauthorized" not in str(error):
                raise PricehouseError(
                    f"Prefect at {server.api_url} cannot be used: {error}"
                ) from error
        else:
            return True
    raise PricehouseError(
        f"Prefect at {server.api_url} does not take our password; PREFECT_API_AUTH_STRING "
        "must be what that server has as PREFECT_SERVER_API_AUTH_STRING"
    )


def require_pool(names: HomeNames) -> None:
    """Create the work pool of a home; an existing one of type process stays unchanged."""
    name = names.of(POOL)
    with open_client("create the work pool") as client:
        try:
            pool = client.read_work_pool(name)
        except ObjectNotFound:
            template = ProcessWorker.get_default_base_job_template()
            client.create_work_pool(
                WorkPoolCreate(name=name, type="process", base_job_template=template)
            )
        else:
            if pool.type != "process":
                raise PricehouseError(
                    f"the work pool {name} is of type {pool.type} and must be process; "
                    "delete or rename it in Prefect"
                )


def require_deployed(server: PrefectServer, names: HomeNames) -> None:
    """Raise PricehouseError unless an `up` created pool and deployments of the home there."""
    with open_client("read the deployments") as client:
        try:
            client.read_work_pool(names.of(POOL))
            client.read_deployment_by_name(f"{HOURLY}/{names.of(HOURLY)}")
        except ObjectNotFound:
            there = "start `pricehouse up --server-only` there first"
            if names.label is not None:
                there = (
                    "start `pricehouse up` without --worker-only on one machine of this home, or "
                    f"{there.removesuffix(' first')} with the same PRICEHOUSE_WAREHOUSE"
                )
            raise PricehouseError(
                f"Prefect at {server.api_url} has no work pool and deployments of "
                f"{names.of(POOL)}; {there}"
            ) from None


def deploy(environment: Mapping[str, str], names: HomeNames, *, checkout: Path) -> None:
    """Update every deployment of a home from prefect.yaml; PricehouseError has Prefect's output."""
    with tempfile.TemporaryDirectory(prefix="pricehouse-deploy-") as folder:
        file = PREFECT_FILE
        if names.label is not None:
            file = Path(folder) / PREFECT_FILE.name
            file.write_text(named_deployments(PREFECT_FILE.read_text("utf-8"), names), "utf-8")
        done = subprocess.run(  # noqa: S603 - our own command
            [
                *(sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"),
                *("--prefect-file", str(file)),
            ],
            cwd=checkout,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            start_new_session=True,  # a Ctrl-C is for this process alone
        )
    if done.returncode:
        raise PricehouseError(f"Prefect could not deploy: {done.stdout}{done.stderr}")


def named_deployments(text: str, names: HomeNames) -> str:
    """Return prefect.yaml with the deployments and the work pool by their names of a home."""
    return _NAME.sub(lambda found: f"{found[1]}{names.of(found[2])}", text)


def require_automations(names: HomeNames, *, heartbeat_s: int, stale_after: timedelta) -> None:
    """Create each automation that is missing; an existing one stays as the operator set it.

    Those about runs are for all homes of the server, those about old data for one home.

    One that an earlier version created under another name is renamed.
    """
    with open_client("create the automations") as client:
        for automation in (
            _crash_zombies(heartbeat_s),
            _crash_unstarted(heartbeat_s),
            new_stale_automation(stale_after, names),
            new_stale_notification(names),
        ):
            if not _rename_earlier(client, automation.name):
                client.create_automation(automation)


def _rename_earlier(client: SyncPrefectClient, name: str) -> bool:
    """Keep one automation of a name and its earlier names, under the name; False without any."""
    found = client.read_automations_by_name(name)
    for earlier_name in EARLIER_NAMES.get(name, ()):
        for earlier in client.read_automations_by_name(earlier_name):
            if found:
                client.delete_automation(earlier.id)
                continue
            renamed = AutomationCore(**core_fields(earlier) | {"name": name})
            client.update_automation(earlier.id, renamed)
            found = [earlier]
    return bool(found)


@contextmanager
def open_client(what: str) -> Iterator[SyncPrefectClient]:
    """Open a client; PricehouseError, in one sentence, for every failure of the server."""
    try:
        with get_client(sync_client=True) as client:
            yield client
    except PricehouseError:
        raise
    except Exception as error:
        raise PricehouseError(f"Prefect's server could not {what}: {error!r}") from error


def _crash_zombies(heartbeat_s: int) -> AutomationCore:
    return _crash(
        ZOMBIES,
        "Marks a run as Crashed when its process sends no heartbeat any more; without this it "
        "stays Running and keeps its slot.",
        trigger=_missing_heartbeat(after={_HEARTBEAT}, within_s=3 * heartbeat_s),
        message="no heartbeat: its process is gone; the next run recovers by itself",
    )


def _crash_unstarted(heartbeat_s: int) -> AutomationCore:
    return _crash(
        UNSTARTED,
        "Marks a run as Crashed when a worker took it and its process sent no first heartbeat, as "
        "after a kill of that worker. Without this it stays Pending or Submitting.",
        trigger=_missing_heartbeat(after=_TAKEN, within_s=20 * heartbeat_s, related=_OURS),
        message="no first heartbeat: its process did not start; the next run needs nothing of it",
    )


def _missing_heartbeat(
    *, after: set[str], within_s: int, related: Mapping[str, str] | None = None
) -> EventTrigger:
    return EventTrigger(
        after=after,
        expect={_HEARTBEAT, *_RUN_ENDED},
        match={"prefect.resource.id": f"{_RUN}*"},
        match_related=dict(related or {}),
        for_each={"prefect.resource.id"},
        posture=Posture.Proactive,
        threshold=1,
        within=timedelta(seconds=within_s),
    )


def _crash(name: str, description: str, *, trigger: EventTrigger, message: str) -> AutomationCore:
    action = ChangeFlowRunState(name=None, force=False, state=StateType.CRASHED, message=message)
    return AutomationCore(name=name, description=description, trigger=trigger, actions=[action])
