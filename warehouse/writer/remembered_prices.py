"""Read what the gate remembers of the touched offers: prices that no card shows now, and links."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from schemas.remembered import OFFER_PAIRS, REMEMBERED
from warehouse.connect import Connection
from warehouse.statements import statement


def read_remembered_prices(con: Connection, *, oldest: datetime) -> pl.DataFrame:
    """Return REMEMBERED of series without a good price now, stated at `oldest` (UTC) or later.

    Those of the touched offers, so few rows. A series that has a price is skipped before its
    intervals are built.
    """
    found = con.execute(statement("read_remembered_prices"), {"oldest": oldest})
    return REMEMBERED.shape(found.pl())


def read_offer_pairs(con: Connection) -> pl.DataFrame:
    """Return OFFER_PAIRS: every link between two ids of one offer, of the touched offers."""
    return OFFER_PAIRS.shape(con.sql(statement("read_offer_pairs")).pl())
