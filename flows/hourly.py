"""The hourly run as a Prefect flow: the line of `pipeline.pipeline`, each step a task.

Tasks do not cache (frames would be hashed for seconds), do not retry (only the HTTP client does),
and the flow is async because a sync one waits a second for its heartbeat thread at the end.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from typing import ParamSpec, TypeVar

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

from flows.artifacts import PageArtifact, keep_health, keep_report
from flows.events import emit_committed
from flows.home_names import HomeNames, find_home_names
from flows.parameters import ALL_FEEDS, LOCK_WAIT, Feeds, LockWait
from flows.server.stale_notification import keep_stale_automations
from flows.step_states import step_state
from flows.throttle import shared_throttle
from pipeline.context import LOCK_WAIT_S, Dependencies, RunOptions
from pipeline.feeds import spec_of
from pipeline.lake_access import find_lake
from pipeline.live_notifier import live_notifier
from pipeline.notify import Notifier, notifying
from pipeline.pipeline import run_pipeline
from pipeline.report import Report
from pipeline.run_log import error_line, report_line
from pipeline.session import open_run
from pipeline.settings import AlertRules, Settings, read_settings
from pipeline.status import read_status
from pipeline.store import find_store
from pipeline.watch import HomeWatch
from providers.http.client import HttpClient
from providers.http.proxies import read_proxies
from providers.registry import load_registry
from providers.secrets import find_token
from schemas.clock import utc_now
from schemas.errors import PricehouseError
from schemas.records import SCHEDULED, Origin
from schemas.verdict import HealthVerdict
from warehouse.publication.publish import published_id
from warehouse.storage.home import Home

P = ParamSpec("P")
T = TypeVar("T")


def as_task(function: Callable[P, T], /) -> Callable[P, T]:
    """Make a step a Prefect task of its own name, whose state shows what came of the step.

    A task is Failed though its step returned, where a required feed failed in it or nothing could
    be published. The result stays out of the state, which would keep its frames in memory.
    """

    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        returned: list[T] = []
        raised: list[BaseException] = []

        @task(name=function.__name__, cache_policy=NO_CACHE, persist_result=False)
        def run_step() -> State[None]:
            try:
                returned.append(function(*args, **kwargs))
            except BaseException as error:
                raised.append(error)
                raise
            ended = step_state(args, returned[0])
            return (Failed if ended.has_failed else Completed)(message=ended.message)

        state = run_step(return_state=True)
        if raised:
            raise raised[0]
        if not returned:  # Prefect did not let the step run
            raise PricehouseError(f"{function.__name__} did not run: {state.message}")
        return returned.pop()

    return call


def run_name() -> str:
    """Name a run by its sources and its hour, and mark a partial or a dry run."""
    parameters = flow_run.get_parameters()
    feeds = set(parameters.get("feeds") or ALL_FEEDS)
    registry = load_registry()
    beside = {"price_list", "cross_check"}
    own = {f.feed for _, f in registry.feeds() if spec_of(f.feed).role in beside}
    named = feeds - own or feeds  # the name is the catalogue's; what is read beside it comes along
    sources = [s.source for s in registry.sources if named & {f.feed for f in s.feeds}]
    part = "" if feeds >= set(ALL_FEEDS) - own else f" ({', '.join(sorted(feeds))} only)"
    dry = ", dry run" if parameters.get("dry_run") else ""
    return f"{' + '.join(sources)} {_scheduled_at():%Y-%m-%d %H:%M}{part}{dry}"


@flow(name="hourly", flow_run_name=run_name, persist_result=False, validate_parameters=True)
async def hourly(
    *, feeds: Feeds = ALL_FEEDS, dry_run: bool = False, lock_wait_s: LockWait = LOCK_WAIT
) -> State[None]:
    """Fetch, validate, price and publish one hour.

    Args:
        feeds: What to fetch; a feed that is not fetched keeps its last answer.
        dry_run: Do everything but commit, and show what would change.
        lock_wait_s: Seconds (0 to 900) to wait while another run writes; then this one fails and
            changes nothing.
    """
    settings = read_settings(os.environ, load_registry())
    selected = None if set(feeds) == set(ALL_FEEDS) else frozenset(feeds)
    notifier = live_notifier(os.environ, get_run_logger().warning)
    names = find_home_names(os.environ)
    try:
        with (
            notifying(settings.home, notifier, dry_run=dry_run),
            _reporting_commits(Home(settings.home), names),
        ):
            report = await run_hour(
                settings,
                names,
                origin="live",
                feeds=selected,
                dry_run=dry_run,
                lock_wait_s=lock_wait_s,
            )
    except Exception:
        await keep_alert_addresses(notifier, names, dry_run=dry_run)
        with suppress(PricehouseError):
            await keep_verdict(settings, names)
        raise
    await keep_alert_addresses(notifier, names, dry_run=dry_run)
    verdict = await keep_verdict(settings, names)
    if report.exit_status:
        return Failed(message=f"{failure_text(report)} | {verdict.line}")
    return Completed(message=f"{report.outcome} | {verdict.line}")


@contextmanager
def _reporting_commits(home: Home, names: HomeNames) -> Iterator[None]:
    """Emit the event of an hour that readers see after the block and did not see before it.

    However the run of the block ended: it may have failed in one feed and published the others, or
    have completed what a killed run had committed.
    """
    before = published_id(home)
    try:
        yield
    finally:
        if published_id(home) != before:
            emit_committed(home, names)


async def keep_alert_addresses(notifier: Notifier, names: HomeNames, *, dry_run: bool) -> None:
    """Let Prefect's server have the addresses of now: one that was removed in Vault goes there too.

    What fails is a warning: no hour fails through its alerts.
    """

    def keep() -> None:
        addresses = notifier.find_addresses()
        keep_stale_automations(addresses, stale_after=notifier.rules.stale_after, names=names)

    if dry_run:
        return
    try:
        await asyncio.to_thread(keep)
    except PricehouseError as error:
        notifier.report(f"the addresses of alerts in Prefect stay as they were: {error}")


async def keep_verdict(settings: Settings, names: HomeNames) -> HealthVerdict:
    """Keep the verdict on the home as an artifact, and return it."""
    rules = settings.alert_rules or AlertRules()
    found = read_status(Home(settings.home), now=utc_now(), stale_after=rules.stale_after)
    await keep_health(found.verdict, names)
    return found.verdict


async def run_hour(
    settings: Settings,
    names: HomeNames,
    *,
    origin: Origin,
    feeds: frozenset[str] | None = None,
    dry_run: bool = False,
    lock_wait_s: float = LOCK_WAIT_S,
) -> Report:
    """Run one hour inside a flow run; keep its artifacts and its line of log."""
    trigger, logger = _trigger(), get_run_logger()
    try:
        options = RunOptions(
            origin=origin,
            flow="hourly",
            trigger=trigger,
            dry_run=dry_run,
            feeds=feeds,
            scheduled_at=_scheduled_at(),
            prefect_run_id=flow_run.get_id(),
            lock_wait_s=lock_wait_s,
        )
        watch = HomeWatch.of(os.environ)
        dependencies = Dependencies(progress=PageArtifact(names), watch=watch)
        with ExitStack() as around:
            if origin == "live":  # the sample is served on this machine, without a token
                sharing = shared_throttle(load_registry(), report=logger.warning)
                throttle = around.enter_context(sharing)
                dependencies = Dependencies(
                    progress=PageArtifact(names),
                    find_token=partial(find_token, os.environ),
                    make_client=partial(
                        HttpClient, proxies=read_proxies(os.environ), throttle=throttle
                    ),
                    store=find_store(os.environ),
                    lake=find_lake(os.environ),
                    watch=watch,
                )
            run = around.enter_context(open_run(settings, options, dependencies))
            report = run_pipeline(run, as_task)
    except Exception as error:
        logger.error(error_line(error, origin=origin, trigger=trigger))
        raise
    await keep_report(report, names)
    logger.info(report_line(report, trigger=trigger))
    return report


def require_success(report: Report) -> None:
    """Raise, so that the flow run is Failed, when the command line would exit with status 1."""
    if report.exit_status:
        raise PricehouseError(failure_text(report))


def failure_text(report: Report) -> str:
    """Return why an hour failed."""
    failures = "; ".join(why for feed in report.feeds if (why := feed.failure))
    return failures or report.error or "the hour failed"


def _scheduled_at() -> datetime:
    """Return a plain datetime: Prefect has a class of its own, which records do not keep."""
    return datetime.fromtimestamp(flow_run.get_scheduled_start_time().timestamp(), UTC)


def _trigger() -> str:
    """`schedule` for runs that Prefect's scheduler made (it tags them), else `manual`."""
    return SCHEDULED if "auto-scheduled" in flow_run.get_tags() else "manual"
