"""One simulated hour: bytes land as fetching would have landed them, then the real steps run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from time import process_time
from typing import ParamSpec, TypeVar

from bench.churn import ChangingCatalog
from pipeline.context import Dependencies, Run, RunOptions
from pipeline.pipeline import process_landed
from pipeline.report import Report
from pipeline.session import open_run
from pipeline.settings import Settings, read_settings
from pipeline.steps.publish import publish_run
from providers.registry import load_registry
from schemas.payload import Payload
from schemas.records import FeedFetch

FEEDS = frozenset({"hub", "router"})
P = ParamSpec("P")
T = TypeVar("T")


class SimulatedClock:
    """A clock that moves ten milliseconds at each look, so that no two times are the same."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def __call__(self) -> datetime:
        """Return the time, UTC."""
        self._now += timedelta(milliseconds=10)
        return self._now

    def move_to(self, moment: datetime) -> None:
        """Let time pass until a moment, unless it has passed."""
        self._now = max(self._now, moment)


class StepTimer:
    """Take the processor seconds of each step; threads of the process count."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    def __call__(self, function: Callable[P, T], /) -> Callable[P, T]:
        """Return the function, timed under its name."""

        def timed(*args: P.args, **kwargs: P.kwargs) -> T:
            started = process_time()
            try:
                return function(*args, **kwargs)
            finally:
                self.seconds[function.__name__] += process_time() - started

        return timed


def hour_settings(home: Path) -> Settings:
    """Return the settings of a home that reads every feed from its usual address."""
    return read_settings({}, load_registry(), home=home)


def play_hour(
    settings: Settings, catalog: ChangingCatalog, clock: SimulatedClock
) -> tuple[Report, dict[str, float]]:
    """Run one hour over what the catalogue lists now; return its report and seconds by step.

    `open` is all that is outside of the steps: the lock, recovery, the run record, the end mark.
    """
    timer, began = StepTimer(), process_time()
    options = RunOptions(origin="live", flow="ingest", trigger="bench", feeds=FEEDS)
    with open_run(settings, options, Dependencies(clock=clock)) as run:
        timer(land_catalog)(run, catalog)
        report = process_landed(run, run.folder.fetches(), timer)
        report = timer(publish_run)(run, report)
    seconds = dict(timer.seconds)
    seconds["open"] = process_time() - began - sum(seconds.values())
    return report, seconds


def land_catalog(run: Run, catalog: ChangingCatalog) -> None:
    """Land the answers of the Hub and the router; close every other feed as skipped."""
    bodies = {
        "hub": list(catalog.hub_pages(details=run.record.details)),
        "router": [catalog.router_answer()],
    }
    for _, feed in run.registry.feeds():
        started_at = run.clock()
        pages = [
            run.folder.land(
                Payload(
                    feed=feed.feed,
                    url=run.record.settings[feed.feed] + feed.path,
                    page=number,
                    status=200,
                    body=body,
                    fetched_at=run.clock(),
                )
            )
            for number, body in enumerate(bodies.get(feed.feed, []), start=1)
        ]
        landed = feed.feed in FEEDS
        run.folder.close_feed(
            FeedFetch(
                feed=feed.feed,
                outcome="complete" if landed else "skipped",
                started_at=started_at,
                finished_at=run.clock(),
                requests=len(pages),
                bytes=sum(page.bytes for page in pages),
                pages=pages,
                error_code=None if landed else "not_simulated",
                error=None if landed else "the simulated hour reads the Hub and the router",
            )
        )
