"""How one feed is processed: the shapes of a row of FEEDS and of what its functions are given."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import polars as pl

from schemas.kept_rows import FrameStore
from schemas.registry import Estimate, Feed, FeedRole
from transforms.parsing.parsed_feed import Page, ParsedFeed
from transforms.parsing.validation import ValidatedFeed
from transforms.resolve.catalog import ResolvedRows

RESOLVE_ORDER: tuple[FeedRole, ...] = (
    "catalog",
    "routed",
    "price_list",
    "cross_check",
    "estimate",
)
"""A catalogue first: the feeds of every other role are joined with its mapping offers."""


@dataclass(frozen=True)
class ResolveContext:
    """What a feed's rows are resolved with, besides the rows."""

    source: str
    """Registry key of the feed's source."""
    entry: Feed | Estimate
    mapped: Callable[[], Mapping[str, pl.DataFrame]]
    """Returns source → the mapping offers of its catalogue: of this run, else the last committed.
    A function, because reading committed ones costs a whole state."""
    names: Callable[[], pl.DataFrame]
    """Returns the names that models have today, by every name that is known of them."""
    catalog: pl.DataFrame | None
    """The identified rows of the source's catalogue, None without a whole answer in this run."""


@dataclass(frozen=True)
class PriceContext:
    """What a feed's rows are priced with, besides the rows."""

    entry: Feed | Estimate
    run_id: str
    show_account: bool
    """Whether prices that only the asking account has may reach cards and exports."""


class MappedIds(Protocol):
    """Read a provider's own ids from the landed pages of a catalogue."""

    def __call__(self, bodies: Iterable[bytes], inference_provider: str) -> list[str]:
        """Return the ids that the catalogue maps models to, each once, sorted."""


Parse = Callable[[Iterator[Page], Feed, FrameStore], ParsedFeed]
Validate = Callable[[ParsedFeed], tuple[ValidatedFeed, pl.DataFrame]]
Resolve = Callable[[ValidatedFeed | None, ResolveContext], ResolvedRows | None]
Price = Callable[[pl.DataFrame, pl.DataFrame, PriceContext], pl.DataFrame]


@dataclass(frozen=True)
class FeedSpec:
    """How one feed is processed.

    `parse` raises FeedError, and may put the rows of a catalogue aside. `validate` returns the
    accepted rows and REJECTED. `resolve` returns None when this run has nothing of the feed.
    `price` takes the resolved rows and the quotes, and returns INCOMING_CLAIMS. `parse` and
    `validate` are None for an estimate: nothing is fetched.
    """

    feed: str
    role: FeedRole
    resolve: Resolve
    price: Price
    parse: Parse | None = None
    validate: Validate | None = None
    mapped_ids: MappedIds | None = None
    """Of a catalogue: reads which of a provider's ids it maps."""
    mapped_providers: Callable[[Iterable[bytes]], list[str]] | None = None
    """Of a catalogue: reads which inference providers its landed pages name."""
    takes_token: bool = False
    """Whether requests to its base URL may carry the token of Hugging Face."""

    @property
    def parses_ahead(self) -> bool:
        """Whether pages are parsed as they land: its parser needs no time of the whole answer."""
        return self.role in {"catalog", "routed"}

    @property
    def names_offers(self) -> bool:
        """Whether its rows name offers; a feed that only prices them keeps none present."""
        return self.role in {"catalog", "routed"}


@dataclass(frozen=True)
class RunFeed:
    """One feed of a run: how it is processed, and its entry in the registry that the run landed."""

    spec: FeedSpec
    source: str
    entry: Feed | Estimate

    @property
    def name(self) -> str:
        """The key of the feed in every relation."""
        return self.spec.feed

    @property
    def gone_after(self) -> int:
        """Whole answers without an offer until it is gone; 1 for an estimate."""
        return self.entry.gone_after if isinstance(self.entry, Feed) else 1

    @property
    def feed_drop_share(self) -> float | None:
        """Share of its offers that may be absent from an answer; None: there is no limit."""
        return self.entry.feed_drop_share if isinstance(self.entry, Feed) else None


def in_resolve_order(feeds: Sequence[RunFeed]) -> list[RunFeed]:
    """Return the feeds by role, each role in registry order."""
    return sorted(feeds, key=lambda feed: RESOLVE_ORDER.index(feed.spec.role))
