"""What a run is given: its options, what it depends on, and the run that the steps share."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from pipeline.ahead import ParseAhead
from pipeline.feed_specs import RunFeed
from pipeline.feeds import feeds_of_registry
from pipeline.progress import NoProgress, Progress
from pipeline.settings import ACCOUNT_PRICES, ENABLE_FEEDS, SHOW, listed
from pipeline.watch import NoWatch, RunWatch
from providers.http.client import HttpClient
from providers.secrets import DEFAULT_NAME
from schemas.clock import Clock, utc_now
from schemas.compliance import ComplianceClaim
from schemas.decisions import Decisions
from schemas.records import Origin
from schemas.registry import Estimate, Feed, Registry
from schemas.secrets import FoundSecret
from warehouse.lake.lake_settings import LakeSettings
from warehouse.lake.shared_home import Lake
from warehouse.storage.home import Home
from warehouse.storage.run_folder import RunFolder
from warehouse.store.objects import Store
from warehouse.store.stored_home import StoredHome
from warehouse.writer.state import LastRun

LOCK_WAIT_S = 60.0
PART_ROWS = 15_000


class FindToken(Protocol):
    """Find a secret by its name, without one the token of Hugging Face."""

    def __call__(self, *, name: str = DEFAULT_NAME) -> FoundSecret | None:
        """Return it, None where none is set; SecretError where Vault does not give it."""


def anonymous(*, name: str = DEFAULT_NAME) -> None:
    """Find no secret: the sample and its server are read without one."""
    del name


def random_tail() -> str:
    """Return what distinguishes two runs that began in the same microsecond."""
    return secrets.token_hex(3)


@dataclass(frozen=True)
class RunOptions:
    """What the caller wants of a run; the run record keeps most of it."""

    origin: Origin
    flow: str
    trigger: str
    dry_run: bool = False
    feeds: frozenset[str] | None = None
    """The feeds that the run asks; None asks all that are on."""
    scheduled_at: datetime | None = None
    prefect_run_id: str | None = None
    lock_wait_s: float = LOCK_WAIT_S
    decisions: Decisions | None = None
    """What an operator decided; such a run asks no feed."""


@dataclass(frozen=True)
class Dependencies:
    """What a run uses of the outside; tests and the sample replace single ones."""

    clock: Clock = utc_now
    progress: Progress = field(default_factory=NoProgress)
    find_token: FindToken = anonymous
    """Called only when the token is needed, so that no run carries it about."""
    make_client: Callable[..., HttpClient] = HttpClient
    """Takes `now` and `bearer`; the client's other clocks and limits are its own."""
    deadline_s: float | None = None
    """Replaces the deadline of every feed; None keeps each feed's own."""
    run_id_tail: Callable[[], str] = random_tail
    store: Store | None = None
    """Holds the home's landing and publications beside it; None: only the home does."""
    lake: LakeSettings | None = None
    """The shared warehouse that records every run first; None: the file of the home does."""
    watch: RunWatch = field(default_factory=NoWatch)
    """Called for what operators watch: metrics and spans."""
    part_rows: int = PART_ROWS
    """A first run with more statements is reconciled in parts of about so many."""


class Run:
    """One run under the home's lock. Not a dataclass: Prefect would walk through its fields."""

    # Ten parameters: a new run and a replayed one are made in two places, of different sources.
    def __init__(
        self,
        *,
        home: Home,
        folder: RunFolder,
        registry: Registry,
        claims: Sequence[ComplianceClaim],
        last: LastRun | None,
        failed: Sequence[RunFolder],
        observed: dict[str, datetime],
        options: RunOptions,
        dependencies: Dependencies,
        lake: Lake | None = None,
    ) -> None:
        self.home = home
        self.folder = folder
        self.record = folder.record
        self.registry = registry
        self.feeds: list[RunFeed] = feeds_of_registry(registry)
        self.claims = claims
        self.last = last
        self.failed = failed  # the runs without a commit since the last one, by time
        self.observed = observed  # feed → time of its last whole answer before this run
        self.options = options
        self.dependencies = dependencies
        self.lake = lake  # the shared warehouse that records the run before the file
        self.clock = dependencies.clock
        self.parsed_ahead: dict[str, ParseAhead] = {}  # feed → what is parsed since it landed
        self.stored: StoredHome | None = None  # the home's store, while a new run holds the lock
        self.committing = False  # from then on only the warehouse knows how the run ended

    @property
    def today(self) -> datetime:
        """The run's logical time: what expires, expires by this, in replay too."""
        return self.record.started_at

    def reads(self, feed: Feed) -> bool:
        """Return whether this run reads the feed: by the registry, or by its settings."""
        return feed.enabled or feed.feed in listed(self.record.settings.get(ENABLE_FEEDS, ""))

    def fetched_feeds(self) -> list[tuple[RunFeed, Feed]]:
        """Return the feeds that are fetched, with their registry entries: all but estimates."""
        return [(feed, feed.entry) for feed in self.feeds if isinstance(feed.entry, Feed)]

    def estimates(self) -> list[tuple[RunFeed, Estimate]]:
        """Return the feeds that are computed, with their registry entries."""
        return [(feed, feed.entry) for feed in self.feeds if isinstance(feed.entry, Estimate)]

    def catalogs(self) -> list[RunFeed]:
        """Return the catalogues, in registry order."""
        return [feed for feed in self.feeds if feed.spec.role == "catalog"]

    @property
    def last_sequence(self) -> int:
        """The place of the last commit in the order of replay, 0 before the first."""
        return self.last.sequence if self.last else 0

    @property
    def shows_account_prices(self) -> bool:
        """Whether prices that only the asking account has may reach cards and exports."""
        return self.record.settings.get(ACCOUNT_PRICES) == SHOW

    @property
    def is_replay(self) -> bool:
        """Whether this run was committed before, and is now processed again from landing."""
        return self.folder.mark is not None
