"""What Prefect's server must know before anything runs: the pool, the deployments, automations.

Import it only when Prefect's settings stand in the environment: Prefect reads them once.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.objects import StateType
from prefect.events import EventTrigger
from prefect.events.actions import ChangeFlowRunState, DoNothing
from prefect.events.schemas.automations import AutomationCore, Posture
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.workers.process import ProcessWorker

from flows.events import COMMITTED
from flows.server.settings import PREFECT_FILE, Server
from schemas.errors import PricehouseError

POOL = "pricehouse"
ZOMBIES = "pricehouse: crash runs that fell silent"
STALE = "pricehouse: no new hour for over two hours"
STALE_AFTER = timedelta(hours=2, minutes=15)
_RUN = "prefect.flow-run."
_HEARTBEAT = f"{_RUN}heartbeat"
_RUN_ENDED = {f"{_RUN}{state}" for state in ("Completed", "Failed", "Cancelled", "Crashed")}


def answers(server: Server) -> bool:
    """Return whether a Prefect server answers that takes us; PricehouseError for any other."""
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


def require_pool() -> None:
    """Create the work pool; one that is there stays as it was set, if it starts processes."""
    with _asking("make the work pool") as client:
        try:
            pool = client.read_work_pool(POOL)
        except ObjectNotFound:
            template = ProcessWorker.get_default_base_job_template()
            client.create_work_pool(
                WorkPoolCreate(name=POOL, type="process", base_job_template=template)
            )
        else:
            if pool.type != "process":
                raise PricehouseError(
                    f"the work pool {POOL} is of type {pool.type} and must be process; "
                    "delete or rename it in Prefect"
                )


def deploy(environment: Mapping[str, str], *, checkout: Path) -> None:
    """Bring every deployment to what prefect.yaml says; PricehouseError with what Prefect said."""
    done = subprocess.run(  # noqa: S603 - our own command
        [
            *(sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"),
            *("--prefect-file", str(PREFECT_FILE)),
        ],
        cwd=checkout,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,  # a Ctrl-C is ours: it ends what it began
    )
    if done.returncode:
        raise PricehouseError(f"Prefect could not deploy: {done.stdout}{done.stderr}")


def require_automations(*, heartbeat_s: int) -> None:
    """Create each automation that no automation of its name is there for; others stay as set."""
    with _asking("make the automations") as client:
        for automation in (_crash_zombies(heartbeat_s), _tell_stale()):
            if not client.read_automations_by_name(automation.name):
                client.create_automation(automation)


@contextmanager
def _asking(what: str) -> Iterator[SyncPrefectClient]:
    """Open a client; whatever goes wrong with the server is said in one sentence."""
    try:
        with get_client(sync_client=True) as client:
            yield client
    except PricehouseError:
        raise
    except Exception as error:
        raise PricehouseError(f"Prefect's server was to {what}: {error!r}") from error


def _crash_zombies(heartbeat_s: int) -> AutomationCore:
    return AutomationCore(
        name=ZOMBIES,
        description="A run whose machine, worker and process died says nothing; without this it "
        "stays Running and keeps its slot.",
        trigger=EventTrigger(
            after={_HEARTBEAT},
            expect={_HEARTBEAT, *_RUN_ENDED},
            match={"prefect.resource.id": "prefect.flow-run.*"},
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=timedelta(seconds=3 * heartbeat_s),
        ),
        actions=[
            ChangeFlowRunState(
                name=None,
                force=False,
                state=StateType.CRASHED,
                message="it fell silent: its process is gone; the next run goes on by itself",
            )
        ],
    )


def _tell_stale() -> AutomationCore:
    return AutomationCore(
        name=STALE,
        description="Shows in the event feed when no hour was committed in time. Add a "
        "notification action to hear of it.",
        trigger=EventTrigger(
            after={COMMITTED},
            expect={COMMITTED},
            match={"prefect.resource.id": "pricehouse.home.*"},
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=STALE_AFTER,
        ),
        actions=[DoNothing()],
    )
