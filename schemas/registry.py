"""Types of `providers/provider_registry.json`: the one place where a source or feed is named."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, model_validator

Fact = Literal["price", "status", "speed", "context", "capabilities"]
FeedRole = Literal["catalog", "routed", "price_list", "estimate", "cross_check"]
"""What a feed does in a run: a `catalog` lists models and offers; a `routed` feed names models
itself, and its rows attach to offers of the catalogue; a `price_list` and an `estimate` only price
offers that other feeds list; a `cross_check` names no offer and prices none: its rows are compared
with those of a catalogue."""
PRICED_ONLY: frozenset[FeedRole] = frozenset({"price_list", "estimate"})
"""The roles of feeds that list no offers: such a feed neither keeps an offer present nor ends
it."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FeedDetails(_Strict):
    """Where a feed answers about single ids, besides its list."""

    setting: str = Field(
        pattern=r"^PRICEHOUSE_[A-Z]+_DETAIL_URL$",
        description="Environment setting of its base URL; without it, the feed's own setting where "
        "that is set, because a gateway serves both",
    )
    base_url: HttpUrl
    path: str = Field(pattern=r"^/", description="Path below the base URL; the id follows it")
    every_s: int = Field(gt=0, description="Seconds for which an answer about an id is used again")
    keep_s: int = Field(
        gt=0, description="Seconds for which it is used while the source gives no newer answer"
    )
    at_most: int = Field(gt=0, description="Requests about single ids in one run")


class RateWindow(_Strict):
    """How many requests an upstream takes from one caller in a time."""

    requests: int = Field(gt=0, description="Requests in a window")
    seconds: int = Field(gt=0, description="Seconds of a window")


class Feed(_Strict):
    """One kind of answer that states facts."""

    feed: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="Key of the feed in every relation")
    title: str
    kind: Literal["catalog", "price_list"]
    setting: str = Field(
        pattern=r"^PRICEHOUSE_[A-Z]+_URL$", description="Environment setting of its base URL"
    )
    base_url: HttpUrl
    path: str = Field(pattern=r"^/", description="Path below the base URL")
    details: FeedDetails | None = Field(
        default=None, description="Where it answers about single ids; null: nowhere"
    )
    terms_url: HttpUrl
    required: bool = Field(description="A run whose required feed fails leaves with status 1")
    enabled: bool
    off_because: str | None = Field(
        default=None, description="Why it is not read unless an operator switches it on"
    )
    inference_provider: str | None = Field(
        default=None,
        description="Whose own list this is: it joins on that provider's providerId. null: the "
        "feed names models itself",
    )
    secret: str | None = Field(
        default=None, description="Name of the key without which it is skipped"
    )
    shape: Literal["recorded", "documented"] = Field(
        default="recorded",
        description="recorded: a real answer was seen; documented: only its description was",
    )
    rate_window: RateWindow | None = Field(
        default=None,
        description="What the host of base_url takes from a caller without a token, for all feeds "
        "that are read there; null: it documents nothing",
    )
    expected_every_s: int = Field(gt=0, description="Seconds between two whole fetches")
    deadline_s: int = Field(gt=0, description="Seconds after which a fetch is given up")
    gone_after: int = Field(ge=1, description="Whole fetches without an offer until it is gone")
    feed_drop_share: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="Share of its offers above which their absence from one answer is held; null, "
        "as in the registries of earlier runs: there is no such limit",
    )
    compares: str | None = Field(
        default=None,
        description="Catalogue of the same source whose mapping this feed states once more: its "
        "rows name no offer and price none, they are only compared. null: no such feed",
    )
    differences_allowed: int = Field(
        default=2,
        ge=0,
        description="Of a feed that compares: mappings of one provider that only one of the two "
        "answers may state before the difference is a finding",
    )
    difference_share: float = Field(
        default=0.01,
        ge=0,
        lt=1,
        description="The same limit as a share of the provider's mappings; the larger of the two "
        "counts",
    )
    memory_days: int = Field(
        default=90,
        ge=1,
        description="Days for which the gate remembers a price, and what was decided about it, "
        "after the feed no longer states it",
    )

    @property
    def settings(self) -> tuple[str, ...]:
        """The environment settings of its base URLs."""
        return (self.setting, self.details.setting) if self.details else (self.setting,)

    @property
    def details_key(self) -> str:
        """The key of the address of `details` among the base URLs of a run."""
        return f"{self.feed}.details"

    @model_validator(mode="after")
    def _off_for_a_reason(self) -> Feed:
        if self.enabled == (self.off_because is not None):
            raise ValueError(f"{self.feed}: give off_because if it is not enabled, and only then")
        if self.inference_provider is not None and self.kind != "price_list":
            raise ValueError(f"{self.feed}: only a price_list joins on a provider's own ids")
        if self.compares is not None and self.kind != "catalog":
            raise ValueError(f"{self.feed}: only a catalog compares its rows with a catalogue")
        return self


class Estimate(_Strict):
    """A price that we estimate where a provider publishes only a rate; nothing is fetched."""

    feed: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="Key of the feed in every relation")
    title: str
    source: str = Field(description="Registry key of the source whose measurements it takes")
    inference_provider: str
    rate: Decimal = Field(gt=0, description="Money per second of compute, written as text")
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    rate_url: HttpUrl = Field(description="The page that states the rate")
    expected_every_s: int = Field(gt=0)


class Source(_Strict):
    """A seller's catalogue, read through one adapter."""

    source: str = Field(pattern=r"^[a-z][a-z0-9_-]*$", description="Registry key")
    display_name: str
    adapter: str = Field(description="`module:class` of the ProviderInterface implementation")
    licence: str = Field(description="Under which terms the facts are passed on")
    attribution: str
    feeds: list[Feed] = Field(min_length=1)
    precedence: dict[Fact, list[str]] = Field(
        description="For each fact the feeds that state it, the one that wins first"
    )

    @model_validator(mode="after")
    def _precedence_names_feeds(self) -> Source:
        known = {feed.feed for feed in self.feeds}
        for fact, feeds in self.precedence.items():
            if missing := [feed for feed in feeds if feed not in known]:
                raise ValueError(f"precedence of {fact} names unknown feeds: {missing}")
        return self

    @model_validator(mode="after")
    def _compares_an_earlier_catalogue(self) -> Source:
        """Feeds are asked in this order, and a comparison needs the catalogue's answer."""
        catalogs: set[str] = set()
        for feed in self.feeds:
            if feed.compares is not None and feed.compares not in catalogs:
                raise ValueError(
                    f"{feed.feed} compares {feed.compares!r}, which is no catalogue before it"
                )
            if feed.kind == "catalog" and feed.compares is None:
                catalogs.add(feed.feed)
        return self


class InferenceProvider(_Strict):
    """Who serves; names, price-feed facts and dates, no claims about law or place.

    The dates are null in registries that earlier runs landed.
    """

    inference_provider: str
    display_name: str
    price_feed: str | None = Field(description="Feed whose prices it gets, if any states one")
    price_feed_reason: str | None = Field(description="Why there is none, as a short code")
    joined_on: date | None = Field(
        default=None,
        description="Day from which Hugging Face routes to it, by joined_source; null: no source "
        "that was read states it",
    )
    joined_source: HttpUrl | None = Field(default=None, description="The page that states it")
    left_on: date | None = Field(
        default=None,
        description="Day from which Hugging Face no longer routes to it, by left_source; null: it "
        "has not left. Of one that returned, joined_on is the day of the return",
    )
    left_source: HttpUrl | None = Field(default=None, description="The page that states it")

    @model_validator(mode="after")
    def _feed_or_reason(self) -> InferenceProvider:
        if (self.price_feed is None) == (self.price_feed_reason is None):
            raise ValueError(f"{self.inference_provider}: give price_feed or price_feed_reason")
        return self

    @model_validator(mode="after")
    def _dates_have_sources(self) -> InferenceProvider:
        for name, day, source in (
            ("joined", self.joined_on, self.joined_source),
            ("left", self.left_on, self.left_source),
        ):
            if (day is None) != (source is None):
                raise ValueError(
                    f"{self.inference_provider}: give {name}_on with {name}_source, or neither"
                )
        if self.joined_on and self.left_on and self.joined_on > self.left_on:
            raise ValueError(
                f"{self.inference_provider}: joined_on {self.joined_on} is after left_on "
                f"{self.left_on}"
            )
        return self

    def has_left(self, today: date) -> bool:
        """Return whether Hugging Face no longer routes to it on a day."""
        return self.left_on is not None and self.left_on <= today


class Registry(_Strict):
    """The whole registry."""

    version: Literal[1]
    claim_expires_after_days: int = Field(gt=0, description="Our policy, counted from checked_on")
    sources: list[Source] = Field(min_length=1)
    estimates: list[Estimate] = Field(default_factory=list)
    inference_providers: list[InferenceProvider]

    def lists(self) -> list[Feed]:
        """Return the providers' own price lists: feeds that name no offers, only price them."""
        return [feed for _, feed in self.feeds() if feed.inference_provider is not None]

    def precedence(self) -> dict[Fact, list[str]]:
        """Return for each fact the feeds that state it, the one that wins first.

        An offer has one source, so the orders of the sources follow one another.
        """
        return {
            fact: [feed for s in self.sources for feed in s.precedence.get(fact, [])]
            for fact in get_args(Fact)
        }

    def roles(self) -> dict[str, FeedRole]:
        """Return the role of every feed, those of estimates included, in registry order."""
        roles: dict[str, FeedRole] = {}
        for _, feed in self.feeds():
            if feed.kind == "catalog":
                roles[feed.feed] = "catalog" if feed.compares is None else "cross_check"
            else:
                roles[feed.feed] = "routed" if feed.inference_provider is None else "price_list"
        return roles | {rule.feed: "estimate" for rule in self.estimates}

    def serving_providers(self, today: date) -> list[str]:
        """Return the inference providers that Hugging Face routes to on a day, by the registry."""
        return [p.inference_provider for p in self.inference_providers if not p.has_left(today)]

    def feeds(self) -> list[tuple[Source, Feed]]:
        """Return every feed with its source, in registry order."""
        return [(source, feed) for source in self.sources for feed in source.feeds]
