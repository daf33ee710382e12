"""Read what the gate remembers of prices that no card shows now."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from schemas.remembered import OFFER_PAIRS, REMEMBERED
from warehouse.connect import Connection
from warehouse.statements import statement


def read_remembered_prices(con: Connection, *, oldest: datetime) -> pl.DataFrame:
    """Return REMEMBERED of the series without a good price now, stated at `oldest` (UTC) or later.

    Few rows: a series that has a price is skipped before its intervals are built.
    """
    found = con.execute(statement("read_remembered_prices"), {"oldest": oldest})
    return REMEMBERED.shape(found.pl())


def read_offer_pairs(con: Connection) -> pl.DataFrame:
    """Return OFFER_PAIRS: every link between two ids of one offer."""
    return OFFER_PAIRS.shape(con.sql(statement("read_offer_pairs")).pl())
