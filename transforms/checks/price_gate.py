"""Checks of the gate: held prices, drops whose absences are protected, and large moves."""

from __future__ import annotations

from functools import partial

import polars as pl

from transforms.checks.check import Check, CheckInputs
from transforms.money import amount_as_text

_PRICE_ENDS = (
    "The source states a price that passes, or none for 90 days (`memory_days`), or an operator "
    "decides."
)
_DROP_ENDS = "A whole answer states more than half again, or an operator decides."


def _find_held_prices(inputs: CheckInputs, *, name: str) -> pl.DataFrame:
    """Return one row per price that this rule holds, with the id that the gate keeps for it."""
    kept = amount_as_text("old_amount")
    return inputs.findings.held_prices.filter(pl.col("name") == name).select(
        "check_id",
        "feed",
        "inference_provider",
        "offer_id",
        "unit",
        "decision",
        expected=kept.fill_null("none"),
        observed=pl.concat_str(
            [
                pl.col("price_status"),
                pl.lit(" "),
                pl.coalesce("raw_text", "reason", pl.lit("")),
            ]
        ),
        old_amount=pl.col("old_amount"),
        candidate_amount=pl.col("amount"),
        message=pl.format(
            "{} now states {} per {} {} ({}); cards {} until this is decided",
            "feed",
            pl.coalesce("raw_text", pl.lit("no readable price")),
            pl.col("native_quantity").cast(pl.Int64),
            "native_unit",
            pl.coalesce("reason", "name"),
            pl.when(kept.is_null())
            .then(pl.lit("show no number"))
            .otherwise(
                pl.format("keep {} per one {}{}", kept.fill_null(""), "unit", _last_stated())
            ),
        ),
    )


def _last_stated() -> pl.Expr:
    """Return when the price was last stated that a price after an absence is compared with."""
    at = pl.col("remembered_at").dt.strftime("%Y-%m-%d %H:%M")
    return (
        pl.when(at.is_not_null()).then(pl.format(", last stated {} UTC,", at)).otherwise(pl.lit(""))
    )


def _find_drops(inputs: CheckInputs, *, name: str, counted: str) -> pl.DataFrame:
    """Return one row per provider of which an answer lacks too much; `counted` is what it lacks."""
    what = pl.lit(counted)
    return inputs.findings.drops.filter(pl.col("name") == name).select(
        "check_id",
        "feed",
        "inference_provider",
        "decision",
        expected=pl.format("{} {}", "was", what),
        observed=pl.format("{} {}", "is_now", what),
        message=pl.format(
            "{} states {} of {} {} of {}; the missing ones stay as they were until this is decided",
            "feed",
            "is_now",
            "was",
            what,
            pl.coalesce("inference_provider", pl.lit("its small providers together")),
        ),
    )


def _find_moves(inputs: CheckInputs) -> pl.DataFrame:
    """Return one row per price that moved far, though not so far that it is held."""
    named = inputs.after.offers.select("offer_id", "model_id")
    moves = inputs.findings.moves.join(named, on="offer_id", how="left", maintain_order="left")
    return moves.select(
        "feed",
        "inference_provider",
        "offer_id",
        "unit",
        expected=amount_as_text("old_amount"),
        observed=amount_as_text("amount"),
        old_amount=pl.col("old_amount"),
        candidate_amount=pl.col("amount"),
        message=pl.format(
            "{} at {}: {} went from {} to {} per one {}",
            "model_id",
            "inference_provider",
            "feed",
            amount_as_text("old_amount"),
            amount_as_text("amount"),
            "unit",
        ),
    )


_PRICE_RULES = {
    "new_zero": "A known price became a zero that is not stated free.",
    "unit_magnitude": "A price moved by ten times or more, up or down.",
    "unit_change": "A known price is stated in another unit or currency.",
    "price_bounds": "A first price that no offer could have; no good price is known, so the card "
    "shows no number (`suspect`) and is not `held`.",
    "unreadable_price": "A known price can no longer be read.",
    "provider_price_drift": "More than 5 % of a provider's price objects cannot be read, so none "
    "of its prices moves.",
}
"""The rules of transforms/gate/price_rules.py, each with its meaning."""

GATE_CHECKS = (
    Check(
        "large_price_move",
        "warn",
        _find_moves,
        "A price doubled or halved, or moved further; it passed.",
        "Nothing: it is reported when the price moves.",
    ),
    *(
        Check(name, "hold", partial(_find_held_prices, name=name), meaning, _PRICE_ENDS)
        for name, meaning in _PRICE_RULES.items()
    ),
    Check(
        "count_drop",
        "hold",
        partial(_find_drops, name="count_drop", counted="offers"),
        "A whole answer lacks more than half of a provider's offers (of ten or more; the small "
        "providers of a feed are counted together): the missing ones stay, held, however long it "
        "lasts.",
        _DROP_ENDS,
    ),
    Check(
        "coverage_drop",
        "hold",
        partial(_find_drops, name="coverage_drop", counted="priced offers"),
        "More than half of a provider's priced offers lost their price: they keep it, held.",
        _DROP_ENDS,
    ),
)
