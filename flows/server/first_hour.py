"""The hour that `pricehouse up` runs at once, and when the next one is.

Import it only when Prefect's settings are in the environment, as `flows.server.deployments`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.states import Scheduled

from flows.server.deployments import HOURLY, open_client
from pipeline.status import read_status
from schemas.elapsed import elapsed
from schemas.errors import PricehouseError
from warehouse.storage.home import Home

HOUR_S = 3600.0
LOOK_S = 2.0
_UNFINISHED = [StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING]


def why_now(home: Home, now: datetime) -> str | None:
    """Return why an hour should run at once; None where the newest one is fresh or unknown."""
    try:
        status = read_status(home, now=now)
    except PricehouseError:
        return None  # a home that cannot be read is the run's to report
    if status.publication_id is None:
        return "nothing is published yet"
    if status.age_s is not None and status.age_s > HOUR_S:
        age = elapsed(timedelta(seconds=status.age_s))
        return f"an hour was missed: the newest answer is {age} old"
    return None


def due_run(runs: Sequence[FlowRun], now: datetime) -> FlowRun | None:
    """Return the first of the unfinished runs that is under way or late; None without any."""
    return next((run for run in runs if not _is_ahead(run, now)), None)


def next_start(runs: Sequence[FlowRun], now: datetime) -> datetime | None:
    """Return when the first of the unfinished runs that lies ahead begins."""
    return min((_expected_at(run) for run in runs if _is_ahead(run, now)), default=None)


class FirstHour:
    """Start an hour if one is wanted now; report how it ended, and when the next one is.

    `look` is called again and again, and asks the server every other second until all is reported.
    """

    def __init__(
        self,
        home: Home,
        *,
        deployment: str,
        published_at: str | None,
        report: Callable[[str], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`deployment` is what runs the hours of the home; `published_at` is the address of the
        marketplace, None without one."""
        self._home = home
        self._deployment = f"{HOURLY}/{deployment}"
        self._where = f"; look at {published_at}" if published_at else ""
        self._report = report
        self._monotonic = monotonic
        self._look_at = monotonic()
        self._run_id: UUID | None = None
        self._is_ours = False
        self._is_started = self._is_next_reported = False

    def look(self) -> None:
        """Do and report what is due; a server that does not answer is asked again later."""
        is_done = self._is_started and self._is_next_reported and self._run_id is None
        if is_done or self._monotonic() < self._look_at:
            return
        self._look_at = self._monotonic() + LOOK_S
        try:
            with open_client("read the runs of hourly") as client:
                self._read(client, datetime.now(UTC))
        except PricehouseError:
            return

    def _read(self, client: SyncPrefectClient, now: datetime) -> None:
        deployment = client.read_deployment_by_name(self._deployment)
        runs = _unfinished_runs(client, deployment.id)
        if not self._is_started:
            self._start(client, deployment.id, due_run(runs, now), now)
            self._is_started = True
        if not self._is_next_reported:
            is_on = not deployment.paused and any(s.active for s in deployment.schedules)
            self._report_next(next_start(runs, now), is_on=is_on)
        if self._run_id is not None:
            self._report_end(client, deployment.id, client.read_flow_run(self._run_id), now)

    def _start(
        self, client: SyncPrefectClient, deployment_id: UUID, due: FlowRun | None, now: datetime
    ) -> None:
        why = why_now(self._home, now)
        if why is None:
            return
        if due is None:
            due = client.create_flow_run_from_deployment(deployment_id, state=Scheduled())
            self._is_ours = True
        self._run_id = due.id
        self._report(f"{why}; an hour runs now")

    def _report_next(self, at: datetime | None, *, is_on: bool) -> None:
        if at is not None:
            self._report(f"the next hour begins at {at:%Y-%m-%d %H:%M} UTC")
        elif not is_on:
            self._report("the schedule of hourly is switched off in Prefect; no hour is scheduled")
        self._is_next_reported = at is not None or not is_on

    def _report_end(
        self, client: SyncPrefectClient, deployment_id: UUID, run: FlowRun, now: datetime
    ) -> None:
        if run.state is None or not run.state.is_final():
            return
        self._run_id = None
        if run.state.is_completed():
            self._report(f"the hour is done{self._where}")
        elif run.state.is_crashed() and not self._is_ours:  # one of before, whose process is gone
            self._start(client, deployment_id, None, now)
        else:
            self._report(
                f"the hour ended as {run.state.name}: {run.state.message or 'without a message'}"
            )


def _unfinished_runs(client: SyncPrefectClient, deployment_id: UUID) -> list[FlowRun]:
    return client.read_flow_runs(
        deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[deployment_id])),
        flow_run_filter=FlowRunFilter(
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=_UNFINISHED))
        ),
        sort=FlowRunSort.EXPECTED_START_TIME_ASC,
    )


def _expected_at(run: FlowRun) -> datetime:
    at = run.expected_start_time
    return datetime.fromtimestamp(at.timestamp(), UTC) if at else datetime.max.replace(tzinfo=UTC)


def _is_ahead(run: FlowRun, now: datetime) -> bool:
    return run.state_type == StateType.SCHEDULED and _expected_at(run) > now
