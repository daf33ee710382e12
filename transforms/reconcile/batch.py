"""What one hour is told: each feed's whole answer, and what does not come from feeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from schemas.registry import FeedRole
from transforms.gate.holds import VERDICTS
from transforms.reconcile.corrections import CORRECTION_REQUESTS
from transforms.reconcile.listings import Observation
from transforms.reconcile.selection import Precedence

UNREAD = pl.DataFrame(schema={"model_id": pl.String, "inference_provider": pl.String})


@dataclass(frozen=True)
class FeedBatch:
    """One feed's whole answer, conformed: identified statements and their claims."""

    answered: Observation
    statements: pl.DataFrame
    claims: pl.DataFrame
    models: pl.DataFrame | None = None
    """The models that a catalogue states; None for a feed that states none."""
    unread: pl.DataFrame = field(default_factory=UNREAD.clone)
    """model_id and inference_provider (null: not said) of rows that could not be read."""
    role: FeedRole = "catalog"
    """What the feed is to the others, as `pipeline/feeds.py` states it."""


@dataclass(frozen=True)
class Rules:
    """What does not come from feeds: precedence, providers as described today, decisions.

    `gone_after` maps a feed to the whole answers without an offer after which it is gone;
    `verdicts` (VERDICTS) and `orders` (ORDERS) are what operators decide in this run.
    """

    precedence: Precedence
    providers: pl.DataFrame
    details: bool
    run_id: str = ""
    gone_after: Mapping[str, int] = field(default_factory=dict)
    priced_only: frozenset[str] = frozenset()
    """Feeds that price offers and name none: they neither keep one present nor send it away."""
    verdicts: pl.DataFrame = field(default_factory=VERDICTS.clone)
    orders: pl.DataFrame = field(default_factory=CORRECTION_REQUESTS.clone)
