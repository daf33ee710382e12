"""What a run still counts of the models that it leaves as they are.

A model is settled where this run's answers state what is stored, and nothing about it waits. It
enters no step. Counts per provider and prices of peers need its rows all the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from schemas.contract import MONEY, UTC_TIME
from schemas.state import SERIES

_NAMES = ("model_id", "inference_provider", "task_group", "currency")
NO_COUNTS = pl.DataFrame(
    schema={**dict.fromkeys(("feed", "inference_provider"), pl.String), "offers": pl.Int64}
)
"""`offers` per feed and provider that are there before a run and after it."""
PEER_PRICES = pl.DataFrame(
    schema={
        **dict.fromkeys((*SERIES, *_NAMES), pl.String),
        "amount": MONEY,
        "parameters": pl.Int64,
        "is_compared": pl.Boolean,
        "is_established": pl.Boolean,
    }
)
"""Prices with which those of other models are compared; the input of `find_unlike`."""
NO_PROVIDERS = pl.DataFrame(schema=dict.fromkeys(("source", "inference_provider"), pl.String))
NO_ENDS = NO_PROVIDERS.with_columns(
    pl.lit(None, UTC_TIME).alias(name) for name in ("gone_at", "last_seen_at")
)
CARD_KINDS = pl.DataFrame(
    schema={
        **dict.fromkeys(("offer_type", "price_status"), pl.String),
        "offers": pl.Int64,
    }
)
NO_LIVE = pl.DataFrame(schema={"inference_provider": pl.String, "offers": pl.Int64})


@dataclass(frozen=True)
class Settled:
    """The settled models of a run; without any, the run looks at every model.

    `listed`, `priced` and `stated` have feed, inference_provider and `offers`: how many a feed
    lists, of how many it states the price on cards, of how many it states a price at all; none of
    these cannot be parsed. `prices` (PEER_PRICES) are what cards show of them. `providers` have a
    card of one, `models` is the number of models with a card, `cards` counts those by type and
    price status, `live` the live ones by provider. `ends` has source, inference_provider, `gone_at`
    and `last_seen_at` of the last ended offer of each provider.
    """

    listed: pl.DataFrame = field(default_factory=NO_COUNTS.clone)
    priced: pl.DataFrame = field(default_factory=NO_COUNTS.clone)
    stated: pl.DataFrame = field(default_factory=NO_COUNTS.clone)
    prices: pl.DataFrame = field(default_factory=PEER_PRICES.clone)
    price_providers: tuple[str, ...] = ()
    """The inference providers of series that have a price."""
    providers: pl.DataFrame = field(default_factory=NO_PROVIDERS.clone)
    ends: pl.DataFrame = field(default_factory=NO_ENDS.clone)
    unlike: pl.DataFrame | None = None
    """The prices of all models that are unlike their peers, where these were found before."""
    models: int = 0
    cards: pl.DataFrame = field(default_factory=CARD_KINDS.clone)
    live: pl.DataFrame = field(default_factory=NO_LIVE.clone)
