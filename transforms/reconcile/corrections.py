"""Corrections: an operator replaces a published price that was wrong.

A correction replaces one interval. Where that interval is still open, the corrected price stays as
long as the source states the value that was overridden.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from schemas.contract import MONEY, UTC_TIME
from schemas.state import CLAIM_LOG, CORRECTIONS, PRICE_LOG, PRICES, SERIES
from schemas.unknown_keys import marked
from transforms.gate.price_rules import CORRECTED, OUTSIDE_BOUNDS, REFUSED, UNLIKE_PEERS
from transforms.history.events import fill
from transforms.money import read_amount

FORMULA = "round_12_digits(native_amount) / native_quantity"
_LOG_ONLY = ("kind", "not_before_at")
CORRECTION_REQUESTS = pl.DataFrame(
    schema={name: PRICES.dtypes[name] for name in PRICE_LOG}
    | {
        "not_before_at": UTC_TIME,
        "is_open": pl.Boolean,
        "new_text": pl.String,
        "new_quantity": pl.Int64,
        "evidence": pl.String,
        "request_hash": pl.String,
        "request_path": pl.String,
        "request_run": pl.String,
    }
)
"""Per correction of a run the interval that it replaces (`is_open`: it has no end), and the new
price."""


@dataclass(frozen=True)
class CorrectedPrices:
    """The prices after the corrections of a run, and what these add to the logs.

    `prices` (PRICES) are all current series, `corrections` (CORRECTIONS) all that are active.
    """

    prices: pl.DataFrame
    price_log: pl.DataFrame
    claim_log: pl.DataFrame
    changes: pl.DataFrame
    corrections: pl.DataFrame


def find_active(corrections: pl.DataFrame, candidates: pl.DataFrame) -> pl.DataFrame:
    """Return the corrections that are still active: their source states the overridden value."""
    return CORRECTIONS.shape(
        corrections.join(candidates, on=list(SERIES))
        .filter(
            pl.col("amount").eq_missing(pl.col("overruled_amount"))
            & (pl.col("price_status") == pl.col("overruled_status"))
            & (pl.col("currency") == pl.col("overruled_currency"))
        )
        .with_columns(absent_from=pl.lit(None))
    )


def apply_corrections(
    requests: pl.DataFrame,
    prices: pl.DataFrame,
    active_corrections: pl.DataFrame,
    candidates: pl.DataFrame,
) -> CorrectedPrices:
    """Apply the corrections of a run (CORRECTION_REQUESTS) to the prices (PRICES) after its gate.

    `active_corrections` (CORRECTIONS) are those of earlier runs, `candidates` the chosen claims. A
    price that is known becomes `priced`; one of which only the error is known becomes `suspect` and
    has no amount.
    """
    read = requests.with_columns(_read_prices(requests))
    known = pl.col("new_amount").is_not_null()
    log = read.with_columns(
        old_amount="amount",
        old_status="price_status",
        amount="new_amount",
        native_amount="new_native",
        raw_text="new_text",
        price_status=pl.when(known).then(pl.lit("priced")).otherwise(pl.lit("suspect")),
        native_quantity=pl.col("new_quantity").cast(MONEY),
        formula=pl.lit(FORMULA),
        reason=pl.lit(CORRECTED),
        payload_hash="request_hash",
        json_path="request_path",
        run_id="request_run",
        kind=pl.lit(CORRECTED),
        until=pl.lit(None, UTC_TIME),  # nobody knows until when the person's price is valid
    )
    open_now = log.filter("is_open")
    fresh = open_now.join(_overridden_values(prices, candidates), on=list(SERIES))
    active = active_corrections.select(
        *SERIES, *(n for n in CORRECTIONS.dtypes if n.startswith("overruled"))
    )
    remembered = fresh.join(active, on=list(SERIES), how="left").with_columns(
        overruled_amount=pl.when(pl.col("overruled_status").is_null())
        .then("_amount")
        .otherwise("overruled_amount"),
        overruled_status=pl.coalesce("overruled_status", "_status"),
        overruled_currency=pl.coalesce("overruled_currency", "_currency"),
        overruled_feed=pl.coalesce("overruled_feed", "feed"),
        absent_from=pl.lit(None),
    )
    rest = prices.join(open_now, on=list(SERIES), how="anti")
    return CorrectedPrices(
        prices=pl.concat([rest, PRICES.shape(fresh)]),
        price_log=log.select(*PRICE_LOG, *_LOG_ONLY),
        claim_log=log.select(*CLAIM_LOG, "kind", "valid_from", "not_before_at", "evidence"),
        changes=_events(log),
        corrections=pl.concat(
            [
                active_corrections.join(open_now, on=list(SERIES), how="anti"),
                CORRECTIONS.shape(remembered),
            ]
        ),
    )


def _overridden_values(prices: pl.DataFrame, candidates: pl.DataFrame) -> pl.DataFrame:
    """Return per series `changed_at` and the values that a correction overrides: the current ones.

    Of an amount that is withheld (outside its bounds, unlike its peers, unconfirmed), the value
    that its source states.
    """
    stated = candidates.select(*SERIES, _stated="amount", _stated_status="price_status")
    refused = pl.col("reason").is_in([OUTSIDE_BOUNDS, UNLIKE_PEERS, REFUSED])
    withheld = refused.fill_null(value=False) | marked()
    return prices.join(stated, on=list(SERIES), how="left").select(
        *SERIES,
        "changed_at",
        _amount=pl.when(withheld).then("_stated").otherwise("amount"),
        _status=pl.when(withheld).then("_stated_status").otherwise("price_status"),
        _currency="currency",
    )


def _read_prices(requests: pl.DataFrame) -> list[pl.Series]:
    """Return `new_native` and `new_amount` per one unit of each correction; null: not known."""
    read = [
        read_amount(text, reciprocal=Decimal(1) / quantity) if text is not None else None
        for text, quantity in requests.select("new_text", "new_quantity").iter_rows()
    ]
    return [
        pl.Series("new_native", [money.native if money else None for money in read], MONEY),
        pl.Series("new_amount", [money.amount if money else None for money in read], MONEY),
    ]


def _events(log: pl.DataFrame) -> pl.DataFrame:
    return fill(
        log.with_columns(
            event=pl.lit(CORRECTED),
            new_amount="amount",
            old_value="old_status",
            new_value="price_status",
            occurred_at="valid_from",
        )
    )
