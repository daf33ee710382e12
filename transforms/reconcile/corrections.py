"""Corrections: a person says that a price which cards showed was wrong, and what it should be.

A correction takes the place of one interval. Where that interval still stands, the corrected price
stays as long as the source goes on stating the value that was overruled.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

import polars as pl

from schemas.contract import MONEY, UTC_TIME
from schemas.delta import EVENTS
from schemas.state import CLAIMS, CORRECTIONS, PRICES, SERIES
from transforms.gate.price_rules import OUTSIDE_BOUNDS
from transforms.money import read_amount

CORRECTED = "corrected"
FORMULA = "round_12_digits(native_amount) / native_quantity"
_LOG_ONLY = ("kind", "not_before_at")
CORRECTION_REQUESTS = pl.DataFrame(
    schema={name: dtype for name, dtype in PRICES.dtypes.items() if name != "changed_at"}
    | {
        "not_before_at": UTC_TIME,
        "is_open": pl.Boolean,
        "new_text": pl.String,
        "new_quantity": pl.Int64,
        "evidence": pl.String,
        "order_hash": pl.String,
        "order_path": pl.String,
        "order_run": pl.String,
    }
)
"""The interval that each correction of a run speaks of, and what it says; `is_open`: it stands."""


class Corrected(NamedTuple):
    """What corrections change: current prices, log rows, events, and what is overruled now."""

    prices: pl.DataFrame
    price_log: pl.DataFrame
    claim_log: pl.DataFrame
    changes: pl.DataFrame
    corrections: pl.DataFrame


def overruled(corrections: pl.DataFrame, candidates: pl.DataFrame) -> pl.DataFrame:
    """Return the corrections that still stand: their source states what was overruled."""
    return CORRECTIONS.shape(
        corrections.join(candidates, on=list(SERIES)).filter(
            pl.col("amount").eq_missing(pl.col("overruled_amount"))
            & (pl.col("price_status") == pl.col("overruled_status"))
            & (pl.col("currency") == pl.col("overruled_currency"))
        )
    )


def correct(
    orders: pl.DataFrame, prices: pl.DataFrame, standing: pl.DataFrame, candidates: pl.DataFrame
) -> Corrected:
    """Carry out the corrections of a run (ORDERS) on the prices (PRICES) after it.

    `standing` are the corrections that still stand (CORRECTIONS), `candidates` the chosen claims. A
    price that is known becomes `priced`, one of which only the error is known becomes `suspect` and
    shows no number.
    """
    told = orders.with_columns(_told(orders))
    known = pl.col("new_amount").is_not_null()
    log = told.with_columns(
        old_amount="amount",
        old_status="price_status",
        amount="new_amount",
        native_amount="new_native",
        raw_text="new_text",
        price_status=pl.when(known).then(pl.lit("priced")).otherwise(pl.lit("suspect")),
        native_quantity=pl.col("new_quantity").cast(MONEY),
        formula=pl.lit(FORMULA),
        reason=pl.lit(CORRECTED),
        payload_hash="order_hash",
        json_path="order_path",
        run_id="order_run",
        kind=pl.lit(CORRECTED),
    )
    open_now = log.filter("is_open")
    fresh = open_now.join(_overruled_now(prices, candidates), on=list(SERIES))
    still = standing.select(*SERIES, *(n for n in CORRECTIONS.dtypes if n.startswith("overruled")))
    remembered = fresh.join(still, on=list(SERIES), how="left").with_columns(
        overruled_amount=pl.when(pl.col("overruled_status").is_null())
        .then("_amount")
        .otherwise("overruled_amount"),
        overruled_status=pl.coalesce("overruled_status", "_status"),
        overruled_currency=pl.coalesce("overruled_currency", "_currency"),
    )
    rest = prices.join(open_now, on=list(SERIES), how="anti")
    logged = [name for name in PRICES.dtypes if name != "changed_at"]
    return Corrected(
        prices=pl.concat([rest, PRICES.shape(fresh)]),
        price_log=log.select(*logged, *_LOG_ONLY),
        claim_log=log.select(*CLAIMS.dtypes, "kind", "valid_from", "not_before_at", "evidence"),
        changes=_events(log),
        corrections=pl.concat(
            [
                standing.join(open_now, on=list(SERIES), how="anti"),
                CORRECTIONS.shape(remembered),
            ]
        ),
    )


def _overruled_now(prices: pl.DataFrame, candidates: pl.DataFrame) -> pl.DataFrame:
    """Return per series `changed_at` and what a correction overrules: what cards show.

    Of a number that was not shown because of its bounds, what its source states.
    """
    stated = candidates.select(*SERIES, _said="amount", _said_status="price_status")
    doubted = (pl.col("reason") == OUTSIDE_BOUNDS).fill_null(value=False)
    return prices.join(stated, on=list(SERIES), how="left").select(
        *SERIES,
        "changed_at",
        _amount=pl.when(doubted).then("_said").otherwise("amount"),
        _status=pl.when(doubted).then("_said_status").otherwise("price_status"),
        _currency="currency",
    )


def _told(orders: pl.DataFrame) -> list[pl.Series]:
    """Read what each correction says the price is: `new_native` and `new_amount` per one unit."""
    read = [
        read_amount(text, reciprocal=Decimal(1) / quantity) if text is not None else None
        for text, quantity in orders.select("new_text", "new_quantity").iter_rows()
    ]
    return [
        pl.Series("new_native", [money.native if money else None for money in read], MONEY),
        pl.Series("new_amount", [money.amount if money else None for money in read], MONEY),
    ]


def _events(log: pl.DataFrame) -> pl.DataFrame:
    return EVENTS.shape(
        log.with_columns(
            event=pl.lit(CORRECTED),
            new_amount="amount",
            old_value="old_status",
            new_value="price_status",
            occurred_at="valid_from",
        )
    )
