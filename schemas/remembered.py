"""The last prices of series that have none now, as a run reads them from the price log."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from schemas.contract import UTC_TIME, contract
from schemas.state import PRICE_LOG, PRICES, SERIES

REMEMBERED = contract(
    "remembered",
    key=(*SERIES, "valid_from"),
    **{name: PRICES.frame.columns[name] for name in PRICE_LOG},
    seen_at=pa.Column(UTC_TIME),
    is_last=pa.Column(pl.Boolean),
)
"""Per series the last good (priced or free) interval and the last interval of any status
(`is_last`); `seen_at` is the last answer that stated it."""

OFFER_PAIRS = contract(
    "offer_pairs", old_offer_id=pa.Column(pl.String), new_offer_id=pa.Column(pl.String)
)
"""The links between offers that are one offer under two ids."""
