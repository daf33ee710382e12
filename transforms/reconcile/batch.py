"""The input of one run: each feed's whole answer, and the rules that do not come from feeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from schemas.registry import PRICED_ONLY, FeedRole
from transforms.gate.holds import VERDICTS
from transforms.gate.memory import PriceMemory
from transforms.reconcile.corrections import CORRECTION_REQUESTS
from transforms.reconcile.listings import Observation
from transforms.reconcile.selection import Precedence

NO_UNREADABLE_ROWS = pl.DataFrame(schema={"model_id": pl.String, "inference_provider": pl.String})


@dataclass(frozen=True)
class FeedBatch:
    """One feed's whole answer: its observation, its rows with offer identity, and their claims."""

    observation: Observation
    statements: pl.DataFrame
    claims: pl.DataFrame
    models: pl.DataFrame | None = None
    """The models that a catalogue states; None for a feed that states none."""
    unreadable: pl.DataFrame = field(default_factory=NO_UNREADABLE_ROWS.clone)
    """model_id and inference_provider (null: not known) of rows that could not be read."""
    absences_count: bool = True
    """Whether what the answer lacks is absent; False after unusually short pages."""
    role: FeedRole = field(kw_only=True)

    @property
    def feed(self) -> str:
        """The feed that gave the answer."""
        return self.observation.feed


@dataclass(frozen=True)
class Rules:
    """What does not come from feeds: precedence, providers as described today, decisions.

    `gone_after` maps a feed to the whole answers without an offer after which it is gone; `roles`
    has the role of every known feed, also of those that did not answer now, `sources` the source
    that each belongs to. `feed_drop_share` maps a feed to the share of its offers that may be
    absent at once, where there is such a limit. `verdicts` (VERDICTS) and `correction_requests`
    (CORRECTION_REQUESTS) are what operators decide in this run. `memory` are the prices of series
    that have none now.
    """

    precedence: Precedence
    providers: pl.DataFrame
    details: bool
    run_id: str = ""
    gone_after: Mapping[str, int] = field(default_factory=dict)
    feed_drop_share: Mapping[str, float] = field(default_factory=dict)
    roles: Mapping[str, FeedRole] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    verdicts: pl.DataFrame = field(default_factory=VERDICTS.clone)
    correction_requests: pl.DataFrame = field(default_factory=CORRECTION_REQUESTS.clone)
    memory: PriceMemory = field(default_factory=PriceMemory)

    @property
    def lists_offers(self) -> pl.Expr:
        """Whether the feed of a row lists offers."""
        return lists_offers(self.roles)

    @property
    def catalogs(self) -> list[str]:
        """The feeds that are catalogues."""
        return feeds_of_role(self.roles, "catalog")

    @property
    def routed(self) -> list[str]:
        """The feeds whose offerings attach to those of catalogues."""
        return feeds_of_role(self.roles, "routed")


def about_models(
    names: pl.Series, statements: pl.DataFrame, claims: pl.DataFrame, models: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Return the statements of an answer that are about these models, their claims, and the models
    themselves."""
    touched = pl.DataFrame({"model_id": names})
    own = statements.join(touched, on="model_id", how="semi", maintain_order="left")
    return (
        own,
        claims.join(own, on="offer_id", how="semi", maintain_order="left"),
        models.join(touched, on="model_id", how="semi", maintain_order="left"),
    )


def feeds_of_role(roles: Mapping[str, FeedRole], role: FeedRole) -> list[str]:
    """Return the feeds that have a role."""
    return [feed for feed, of_feed in roles.items() if of_feed == role]


def lists_offers(roles: Mapping[str, FeedRole]) -> pl.Expr:
    """Return whether the feed of a row lists offers; a feed without a known role does."""
    return ~pl.col("feed").is_in([feed for feed, role in roles.items() if role in PRICED_ONLY])
