"""From statements to claims: what one feed states that one unit of an offer costs."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

import polars as pl

from schemas.amounts import MILLION, PER_MILLION
from schemas.contract import MONEY, UTC_TIME
from schemas.state import INCOMING_CLAIMS
from transforms.money import read_amount
from transforms.pricing.additional import without_doubtful
from transforms.pricing.token_tasks import without_foreign_tokens

TOKEN_UNITS = {"price_input_text": "input_token", "price_output_text": "output_token"}
ADDITIONAL_UNITS = {
    "price_cached_text": "cached_input_token",
    "price_cache_write_text": "cache_write_token",
    "price_reasoning_text": "reasoning_token",
}
TOKEN_FORMULA = "round_12_digits(native_amount) * 0.000001"  # noqa: S105 - a price per token is no password
_ZERO = Decimal(0)


class _ParsedAmount(NamedTuple):
    native_amount: Decimal | None
    amount: Decimal | None
    readable: bool


def price_tokens(rows: pl.DataFrame, *, run_id: str) -> pl.DataFrame:
    """Return one claim per stated token unit of each statement that has a price object.

    `rows` are identified statements. Prices are USD per 1,000,000 tokens. A zero that is not
    stated free is `suspect`, a price object that cannot be read is `unparsed`; neither has an
    amount. Output prices where no text comes out state nothing: only a positive one is a claim.
    A price beside an unknown key has the mark of it as its reason; one that may be under such a key
    is `unparsed`. A token price on a task without tokens is `not_published`.
    """
    priced = rows.filter("has_price").with_columns(
        is_free=pl.col("is_free").fill_null(value=False),
        until=pl.lit(None, UTC_TIME),  # neither the Hub nor the router states a discount
    )
    if priced.is_empty():
        return INCOMING_CLAIMS.empty()
    claims = [_of_unit(priced, column, unit, run_id) for column, unit in TOKEN_UNITS.items()]
    for column, unit in ADDITIONAL_UNITS.items():
        stated = priced.filter(pl.col(column).is_not_null())
        if not stated.is_empty():
            claims.append(_of_unit(stated, column, unit, run_id))
    ordered = without_doubtful(pl.concat(claims)).sort("offer_id", "unit", maintain_order=True)
    return without_foreign_tokens(ordered, priced)


def _of_unit(priced: pl.DataFrame, column: str, unit: str, run_id: str) -> pl.DataFrame:
    text = pl.col(column)
    readings = {value: _read(value) for value in priced[column].drop_nulls().unique()}
    frame = priced.filter(
        text.is_not_null()
        | pl.col("price_problem").is_not_null()
        | pl.col("price_unknown").is_not_null()
        | pl.col("is_free")
    ).with_columns(
        native_amount=_look_up(column, {k: r.native_amount for k, r in readings.items()}),
        scaled=_look_up(column, {k: r.amount for k, r in readings.items()}),
        readable=text.replace_strict(
            {k: r.readable for k, r in readings.items()}, default=True, return_dtype=pl.Boolean
        ),
    )
    if unit == "output_token":
        not_produced = (pl.col("task_group") != "text") & pl.col("scaled").eq(_ZERO)
        frame = frame.filter(~not_produced.fill_null(value=False))
    zero = pl.col("scaled").fill_null(_ZERO).eq(_ZERO)
    lacking = text.is_null() & pl.col("price_unknown").is_not_null()
    unparsed = pl.col("price_problem").is_not_null() | ~pl.col("readable") | lacking
    status = (
        pl.when(unparsed)
        .then(pl.lit("unparsed"))
        .when(pl.col("is_free") & zero)
        .then(pl.lit("free"))
        .when(pl.col("is_free") | zero)
        .then(pl.lit("suspect"))
        .otherwise(pl.lit("priced"))
    )
    reason = (
        pl.when(pl.col("price_problem").is_not_null())
        .then("price_problem")
        .when(~pl.col("readable"))
        .then(pl.lit("not_a_usable_number"))
        .when(lacking)
        .then("price_unknown")
        .when(pl.col("is_free") & ~zero)
        .then(pl.lit("stated_free_but_priced"))
        .when(zero & ~pl.col("is_free"))
        .then(pl.lit("zero_not_stated_free"))
        .otherwise("price_unknown")
    )
    has_amount = pl.col("price_status").is_in(["priced", "free"])
    return INCOMING_CLAIMS.shape(
        frame.with_columns(price_status=status, reason=reason).with_columns(
            unit=pl.lit(unit),
            tier=pl.lit("standard"),
            currency=pl.lit("USD"),
            amount=pl.when(has_amount).then(pl.col("scaled").fill_null(_ZERO)).cast(MONEY),
            basis=pl.lit("list"),
            native_unit=pl.lit(unit),
            raw_text=text,
            native_quantity=pl.lit(MILLION).cast(MONEY),
            formula=pl.lit(TOKEN_FORMULA),
            scope=pl.lit("public"),
            run_id=pl.lit(run_id),
        )
    )


def _read(text: str) -> _ParsedAmount:
    money = read_amount(text, reciprocal=PER_MILLION)
    return (
        _ParsedAmount(*money, readable=True) if money else _ParsedAmount(None, None, readable=False)
    )


def _look_up(column: str, values: dict[str, Decimal | None]) -> pl.Expr:
    return pl.col(column).replace_strict(
        pl.Series(list(values), dtype=pl.String),
        pl.Series(list(values.values()), dtype=MONEY),
        default=None,
        return_dtype=MONEY,
    )
