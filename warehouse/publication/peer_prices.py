"""Read the current prices that another price is compared with."""

from __future__ import annotations

from decimal import Decimal

import polars as pl

from warehouse.connect import Connection
from warehouse.statements import statement


def read_peer_prices(
    con: Connection, *, offer_id: str, unit: str, tier: str, currency: str, amount: Decimal
) -> pl.DataFrame:
    """Return the rows that `transforms.gate.peers.find_unlike` takes; only the offer is compared.

    `amount` is the offer's price per ONE unit, in place of its current one.
    """
    return con.sql(
        statement("read_peer_prices"),
        params={
            "offer_id": offer_id,
            "unit": unit,
            "tier": tier,
            "currency": currency,
            "amount": format(amount, "f"),
        },
    ).pl()
