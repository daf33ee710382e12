"""Open and close one run: the lock, the run record, what the warehouse last knew."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import Protocol

from pipeline.progress import NoProgress, Progress
from pipeline.settings import ACCOUNT_PRICES, ENABLE_FEEDS, SHOW, Settings, listed
from providers.http.client import HttpClient
from providers.registry import claims_bytes, load_claims, load_registry, registry_bytes
from providers.secrets import DEFAULT_NAME
from schemas.clock import Clock, utc_now
from schemas.compliance import ComplianceClaim
from schemas.decisions import Decisions, decisions_bytes
from schemas.delta import State
from schemas.errors import HomeError, PricehouseError, WarehouseError
from schemas.load import Failure
from schemas.records import EndMark, Origin, RunRecord
from schemas.registry import Feed, Registry
from schemas.secrets import FoundSecret
from warehouse.connect import open_writer
from warehouse.migrate import migrate
from warehouse.publication.publish import publish, published_id
from warehouse.storage.home import Home
from warehouse.storage.landing import Landing, RunFolder
from warehouse.storage.lock import hold
from warehouse.writer.checkpoint import checkpoints, write_checkpoint
from warehouse.writer.state import (
    LastRun,
    read_details_time,
    read_feed_times,
    read_last_run,
    read_state,
)

MakeClient = Callable[..., HttpClient]
LOCK_WAIT_S = 60.0
DAILY = timedelta(hours=23)  # an hourly rhythm: after 24 it would be an hour later each day


class FindToken(Protocol):
    """Find a secret by its name, without one the token of Hugging Face."""

    def __call__(self, *, name: str = DEFAULT_NAME) -> FoundSecret | None:
        """Return it, None where none is set; SecretError where Vault does not give it."""


def random_tail() -> str:
    """Return what tells two runs apart that began in the same microsecond."""
    return secrets.token_hex(3)


def anonymous(*, name: str = DEFAULT_NAME) -> None:
    """Find no secret: what the sample and its server are read with."""
    del name


class Run:
    """One run under the home's lock. Not a dataclass: an orchestrator would walk through it."""

    def __init__(
        self,
        *,
        home: Home,
        folder: RunFolder,
        registry: Registry,
        claims: Sequence[ComplianceClaim],
        last: LastRun | None,
        observed: dict[str, datetime],
        clock: Clock,
        progress: Progress | None = None,
        dry_run: bool = False,
        feeds: frozenset[str] | None = None,
        token: FindToken = anonymous,
        decisions: Decisions | None = None,
        client: MakeClient = HttpClient,
        deadline_s: float | None = None,
    ) -> None:
        self.home = home
        self.folder = folder
        self.record = folder.record
        self.registry = registry
        self.claims = claims
        self.last = last
        self.observed = observed
        self.clock = clock
        self.progress = progress or NoProgress()
        self.dry_run = dry_run
        self.feeds = feeds  # those that are asked; None asks all
        self.committing = False  # from then on only the warehouse knows how the run ended
        self.decisions = decisions  # what an operator decided; such a run asks no feed
        self.token = token  # found only when it is needed, so that no run carries it about
        self.client = client  # takes `now` and `bearer`; its other clocks and limits are its own
        self.deadline_s = deadline_s  # None: each feed's own

    @property
    def today(self) -> datetime:
        """The run's logical time: what expires, expires by this, in replay too."""
        return self.record.started_at

    def reads(self, feed: Feed) -> bool:
        """Whether this run reads the feed: by the registry, or because its settings say so."""
        return feed.enabled or feed.feed in listed(self.record.settings.get(ENABLE_FEEDS, ""))

    @property
    def shows_account_prices(self) -> bool:
        """Whether prices that only the asking account has may reach cards and exports."""
        return self.record.settings.get(ACCOUNT_PRICES) == SHOW

    @property
    def is_replay(self) -> bool:
        """Whether this run was committed before, and is told from landing now."""
        return self.folder.mark is not None

    def state(self) -> State:
        """Return the warehouse's current rows; they are large, so nobody keeps them."""
        with open_writer(self.home.warehouse) as con:
            return read_state(con)

    def failures(self) -> list[Failure]:
        """Return the runs that ended without a commit since the last one that did, oldest first."""
        return failures_before(self.folder, self.folder.landing.runs())


def failures_before(folder: RunFolder, runs: Sequence[RunFolder]) -> list[Failure]:
    """Return the runs without a commit between the one before `folder` that had one and it."""
    found: list[Failure] = []
    for run in reversed([r for r in runs if r.run_id < folder.run_id]):
        mark = run.mark
        if mark is not None and mark.outcome == "committed":
            break
        if mark is not None:
            outcome = "dry_run" if mark.outcome == "dry_run" else "failed"
            found.append(Failure(run.record, mark.finished_at, outcome, mark.error, run.fetches()))
    return found[::-1]


@contextmanager
def open_run(
    settings: Settings,
    *,
    origin: Origin,
    flow: str,
    trigger: str,
    clock: Clock = utc_now,
    progress: Progress | None = None,
    dry_run: bool = False,
    feeds: frozenset[str] | None = None,
    scheduled_at: datetime | None = None,
    prefect_run_id: str | None = None,
    lock_wait_s: float = LOCK_WAIT_S,
    token: FindToken = anonymous,
    decisions: Decisions | None = None,
    client: MakeClient = HttpClient,
    deadline_s: float | None = None,
    tail: Callable[[], str] = random_tail,
) -> Iterator[Run]:
    """Hold the home, mend what a killed run left, write the run record; mark how the run ended.

    An error leaves a `failed` mark and goes on up; a kill leaves none, and the next run finds it.
    `client` makes the HTTP client, `deadline_s` stands for every feed's own deadline, `tail` ends
    the run's id. HomeKindError when the home holds the other kind of data.
    """
    registry, claims = load_registry(), load_claims().claims
    home = Home.open(settings.home, origin=origin)
    landing = Landing(home.landing)
    with hold(home.lock, wait_s=lock_wait_s):
        clock = monotonic_clock(clock, landing)
        started_at = clock()
        with open_writer(home.warehouse) as con:
            migrate(con, now=started_at)
            last, details_at = read_last_run(con), read_details_time(con)
            observed = read_feed_times(con)
        recover(home, landing, last, now=started_at)
        _require_whole(landing, last)
        folder = landing.begin(
            RunRecord(
                run_id=f"{started_at:%Y%m%dT%H%M%S%f}Z-{tail()}",
                flow=flow,
                trigger=trigger,
                origin=origin,
                started_at=started_at,
                scheduled_at=scheduled_at,
                prefect_run_id=prefect_run_id,
                code_version=version("pricehouse"),
                settings=settings.recorded(),
                registry_hash=landing.put(registry_bytes()),
                claims_hash=landing.put(claims_bytes()),
                details=details_at is None or started_at - details_at >= DAILY,
                decisions_hash=landing.put(decisions_bytes(decisions)) if decisions else None,
            )
        )
        run = Run(
            home=home,
            folder=folder,
            registry=registry,
            claims=claims,
            last=last,
            observed=observed,
            clock=clock,
            progress=progress,
            dry_run=dry_run,
            feeds=feeds,
            token=token,
            decisions=decisions,
            client=client,
            deadline_s=deadline_s,
        )
        try:
            yield run
        except Exception as error:
            if folder.mark is None and not run.committing:
                said = (
                    str(error) if isinstance(error, PricehouseError) else f"{error!r} (our fault)"
                )
                folder.end(EndMark(outcome="failed", finished_at=clock(), error=said))
            raise


def monotonic_clock(clock: Clock, landing: Landing) -> Clock:
    """Return the clock, but never at or behind a time that this home has seen.

    Run ids, intervals and the order of replay all lean on time going on. HomeError when the home's
    last run lies a day or more ahead: then one of the two clocks was wrong.
    """
    runs = landing.runs()
    seen = [runs[-1].record.started_at] if runs else []
    if runs and (mark := runs[-1].mark):
        seen.append(mark.finished_at)
    last = max(seen, default=None)
    if last is not None and last - clock() >= timedelta(days=1):
        raise HomeError(
            f"the last run of this home is of {last:%Y-%m-%d %H:%M} UTC, which is yet to come; "
            "set this machine's clock right. If it is right, the home was written with a wrong one."
        )

    def tell() -> datetime:
        nonlocal last
        now = clock()
        last = now if last is None or now > last else last + timedelta(microseconds=1)
        return last

    return tell


def _require_whole(landing: Landing, last: LastRun | None) -> None:
    """Refuse to go on from a warehouse that lacks committed runs: history would start over."""
    committed = landing.committed()
    if not committed:
        return
    newest = committed[-1].mark
    told = last.sequence if last else 0
    if newest is not None and newest.sequence is not None and newest.sequence > told:
        raise WarehouseError(
            f"warehouse.duckdb lacks runs that landing holds, up to {committed[-1].run_id}; "
            "run `pricehouse replay` first. Nothing was changed."
        )


def recover(home: Home, landing: Landing, last: LastRun | None, *, now: datetime) -> None:
    """Finish what a killed run left: its end mark, a revision's checkpoint, and a publication that
    was not linked yet.
    """
    for run in landing.unfinished():
        if last is not None and run.run_id == last.run_id:
            mark = EndMark(
                outcome="committed", finished_at=last.finished_at, sequence=last.sequence
            )
        else:
            mark = EndMark(
                outcome="interrupted",
                finished_at=now,
                error="interrupted: the process ended without a word; nothing of it was committed",
            )
        run.end(mark)
    if last is not None:
        keep_revision(home, last)
        if published_id(home) != last.run_id:
            publish(home, last.run_id)


def keep_revision(home: Home, last: LastRun) -> None:
    """Write the checkpoint of a revision, if the last run is one and has none yet.

    Replay starts there: today's code cannot say again what yesterday's said.
    """
    newest = next((checkpoint.sequence for checkpoint in checkpoints(home)), 0)
    if last.revised and newest < last.sequence:
        write_checkpoint(home, last)
