"""Open and close one run: the lock, recovery, the run record and its end mark."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from importlib.metadata import version
from typing import NamedTuple

from msgspec import structs
from polars.exceptions import PanicException

from pipeline.context import Dependencies, Run, RunOptions
from pipeline.failed_runs import failed_since_commit
from pipeline.following import follow
from pipeline.recovery import read_committed, recover, require_whole
from pipeline.settings import AlertRules, Settings
from pipeline.source_versions import rules_version
from pipeline.store import stored_home
from pipeline.torn_warehouse import read_warehouse
from providers.registry import claims_bytes, load_claims, load_registry, registry_bytes
from schemas.clock import Clock, utc_now
from schemas.decisions import decisions_bytes
from schemas.errors import PricehouseError, StoreError, UsageError
from schemas.records import SCHEDULED, AlertRecord, EndMark, RunRecord
from warehouse.alert_rows import known_deliveries
from warehouse.connect import Connection
from warehouse.lake.shared_home import Lake, hold_home, require_origin
from warehouse.migrate import migrate
from warehouse.storage.deliveries import read_deliveries
from warehouse.storage.future_runs import require_no_future_run
from warehouse.storage.home import Home
from warehouse.storage.landing import Landing
from warehouse.writer.state import (
    LastRun,
    read_details_time,
    read_feed_times,
    read_last_run,
)

CANCELLED = (
    "cancelled: a person or the system asked the process to stop (Cancel in Prefect, Ctrl-C or "
    "SIGTERM); nothing of the run was committed"
)
DAILY = timedelta(hours=23)  # an hourly rhythm: after 24 it would be an hour later each day


@contextmanager
def open_run(
    settings: Settings, options: RunOptions, dependencies: Dependencies | None = None
) -> Iterator[Run]:
    """Hold the home, recover what a killed run left, write the run record; mark how the run ended.

    An error leaves a `failed` mark and is raised again; a kill leaves none, and the next run finds
    it. HomeKindError when the home holds the other kind of data. With a store, StoreError leaves a
    `failed` mark too, unless the run is committed: then the next run pushes what the store lacks.
    """
    dependencies = dependencies or Dependencies()
    if dependencies.lake is not None and not Home(settings.home).has_stamp:
        require_origin(options.origin, settings.home, dependencies.lake)  # before it becomes one
    home = Home.open(settings.home, origin=options.origin)
    with hold_home(home, dependencies.lake, wait_s=options.lock_wait_s) as lake:
        stored = stored_home(home, dependencies.store, is_shared=lake is not None)
        if lake is not None:
            # not the run's clock: each look at it is a time of the run
            follow(lake, home, stored, now=utc_now())
        elif stored and next(stored.landing.newest_first(), None) is None:
            stored.begin(0)  # before the first record: a store that is another's has to be pulled
        run = _begin(home, settings, options, dependencies, lake)
        run.stored = stored
        try:
            if stored:
                stored.begin(run.last_sequence)
            yield run
        except BaseException as error:
            if run.folder.mark is None and not run.committing:
                run.folder.end(_end_mark(error, run.clock(), trigger=options.trigger))
            if lake is not None and stored is not None:
                with suppress(StoreError):  # so that the next run, wherever, records the failure
                    stored.complete()
            raise
        if stored:
            stored.finish()


def _end_mark(error: BaseException, now: datetime, *, trigger: str) -> EndMark:
    """Return the mark of a run that an error ended: what is no Exception is a request to stop.

    Wrong usage is no failure of the home where a person gave the command, and sees the error.
    """
    if not isinstance(error, Exception | PanicException):
        return EndMark(outcome="cancelled", finished_at=now, error=CANCELLED)
    if isinstance(error, UsageError) and trigger != SCHEDULED:
        return EndMark(outcome="refused", finished_at=now, error=str(error))
    message = str(error) if isinstance(error, PricehouseError) else f"{error!r} (internal error)"
    return EndMark(outcome="failed", finished_at=now, error=message)


def _begin(
    home: Home,
    settings: Settings,
    options: RunOptions,
    dependencies: Dependencies,
    lake: Lake | None,
) -> Run:
    """Recover the home, write the run record and return the run."""
    registry, claims = load_registry(), load_claims().claims
    landing = Landing(home.landing)
    clock = monotonic_clock(dependencies.clock, landing)
    started_at = clock()
    read = partial(_read_stored, landing=landing, lake=lake, now=started_at)
    stored = read_warehouse(home, landing, read)
    last = stored.last
    recover(home, landing, last, stored.committed, now=started_at)
    require_whole(landing, last)
    decisions = options.decisions
    alerts = _alert_record(landing, settings, stored.deliveries)
    failed = failed_since_commit(landing.newest_first())
    folder = landing.begin(
        RunRecord(
            run_id=f"{started_at:%Y%m%dT%H%M%S%f}Z-{dependencies.run_id_tail()}",
            flow=options.flow,
            trigger=options.trigger,
            origin=options.origin,
            started_at=started_at,
            scheduled_at=options.scheduled_at,
            prefect_run_id=options.prefect_run_id,
            code_version=version("pricehouse"),
            rules_version=rules_version(),
            settings=settings.recorded(),
            registry_hash=landing.put(registry_bytes()),
            claims_hash=landing.put(claims_bytes()),
            details=stored.details_at is None or started_at - stored.details_at >= DAILY,
            decisions_hash=landing.put(decisions_bytes(decisions)) if decisions else None,
            alerts=alerts,
        )
    )
    return Run(
        home=home,
        folder=folder,
        registry=registry,
        claims=claims,
        last=last,
        failed=failed,
        observed=stored.observed,
        options=options,
        dependencies=replace(dependencies, clock=clock),
        lake=lake,
    )


class _Stored(NamedTuple):
    """What a run reads of the warehouse before it begins."""

    last: LastRun | None
    details_at: datetime | None
    observed: dict[str, datetime]
    deliveries: Collection[str]
    committed: dict[str, EndMark]


def _read_stored(con: Connection, *, landing: Landing, lake: Lake | None, now: datetime) -> _Stored:
    migrate(con, now=now)
    if lake is not None:
        lake.prepare(con)
    return _Stored(
        read_last_run(con),
        read_details_time(con),
        read_feed_times(con),
        known_deliveries(con),
        read_committed(con, landing),
    )


def _alert_record(landing: Landing, settings: Settings, known: Collection[str]) -> AlertRecord:
    """Return by what the run opens alerts, and the deliveries that the warehouse does not know.

    A run without settings of its own, like a decision, keeps those of the run before.
    """
    deliveries = [each for each in read_deliveries(landing) if each.alert_id not in known]
    rules, newest = settings.alert_rules, next(landing.newest_first(), None)
    if rules is None and newest is not None and newest.record.alerts is not None:
        return structs.replace(newest.record.alerts, deliveries=deliveries)
    rules = rules or AlertRules()
    return AlertRecord(
        stale_after_s=rules.stale_after.total_seconds(),
        move_pct=rules.move_pct,
        deliveries=deliveries,
    )


def monotonic_clock(clock: Clock, landing: Landing) -> Clock:
    """Return a clock that is always ahead of every time that this home has recorded.

    Run ids, intervals and the order of replay depend on increasing times. HomeError when the home's
    last run is two hours or more ahead: then one of the two clocks was wrong.
    """
    require_no_future_run(landing, clock())
    newest = next(landing.newest_first(), None)
    seen = [newest.record.started_at] if newest else []
    if newest and (mark := newest.mark) and mark.outcome != "interrupted":
        seen.append(mark.finished_at)  # an interrupted run was marked when somebody found it
    last = max(seen, default=None)

    def increasing() -> datetime:
        nonlocal last
        now = clock()
        last = now if last is None or now > last else last + timedelta(microseconds=1)
        return last

    return increasing
