"""Find the interval of a price series in which a moment lies."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from warehouse.connect import Connection
from warehouse.statements import statement


def read_interval(
    con: Connection, *, offer_id: str, unit: str, tier: str, at: datetime
) -> pl.DataFrame:
    """Return the interval as it was logged, with `valid_to` and `is_open`; no row if none was."""
    return con.sql(
        statement("read_price_interval"),
        params={"offer_id": offer_id, "unit": unit, "tier": tier, "moment": at},
    ).pl()
