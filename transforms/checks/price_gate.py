"""Checks of the gate: held prices, drops whose absences are protected, and large moves."""

from __future__ import annotations

from functools import partial

import polars as pl

from schemas.units import is_main
from transforms.checks.check import Check, CheckInputs, of_tier
from transforms.checks.price_keys import PROVIDER_DRIFT, find_unknown_keys, marked_claims
from transforms.gate.feed_drops import FEED_DROP
from transforms.gate.price_rules import UNLIKE_PEERS
from transforms.money import amount_as_text

_PRICE_ENDS = (
    "The source states a price that passes, or none for 90 days (`memory_days`), or an operator "
    "decides."
)
_UNLIKE_ENDS = (
    "A feed of another source states the same amount, the source or its peers state a price like "
    "the others, or an operator decides."
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
        "tier",
        "decision",
        expected=pl.when(pl.col("withheld")).then(pl.lit("none")).otherwise(kept.fill_null("none")),
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
            "{} now states {} per {} {}{} ({}); {} {} until this is decided",
            "feed",
            pl.coalesce("raw_text", pl.lit("no readable price")),
            pl.col("native_quantity").cast(pl.Int64),
            "native_unit",
            of_tier(),
            pl.coalesce("reason", pl.format("{}: {}", "name", "unlike"), "name"),
            pl.when(is_main()).then(pl.lit("cards")).otherwise(pl.lit("the offer's prices")),
            pl.when(kept.is_null() | pl.col("withheld"))
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


def _find_provider_drift(inputs: CheckInputs) -> pl.DataFrame:
    """Return the prices that are held for the drift of their provider, and each unknown key."""
    held = _find_held_prices(inputs, name=PROVIDER_DRIFT).with_columns(passed=pl.lit(value=False))
    marked = inputs.marked
    if marked is None:
        marked = marked_claims(inputs.after.claims, inputs.after.offers)
    keys = find_unknown_keys(marked)
    return pl.concat([held, keys], how="diagonal_relaxed")


def _find_drops(inputs: CheckInputs, *, names: tuple[str, ...], counted: str) -> pl.DataFrame:
    """Return one row per provider or feed of which an answer lacks too much; `counted` is what."""
    what = pl.lit(counted)
    all_of = pl.when(pl.col("name") == FEED_DROP).then(pl.lit("the whole feed"))
    return inputs.findings.drops.filter(pl.col("name").is_in(names)).select(
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
            pl.coalesce("inference_provider", all_of, pl.lit("its small providers together")),
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
        "tier",
        expected=amount_as_text("old_amount"),
        observed=amount_as_text("amount"),
        old_amount=pl.col("old_amount"),
        candidate_amount=pl.col("amount"),
        message=pl.format(
            "{} at {}: {} went from {} to {} per one {}{}",
            "model_id",
            "inference_provider",
            "feed",
            amount_as_text("old_amount"),
            amount_as_text("amount"),
            "unit",
            of_tier(),
        ),
    )


_PRICE_RULES = {
    "new_zero": "A known price became a zero that is not stated free.",
    "unit_magnitude": "A price moved by ten times or more, up or down.",
    "unit_change": "A known price is stated in another unit or currency.",
    "price_bounds": "A first price that no offer could have; no good price is known, so the card "
    "shows no number (`suspect`) and is not `held`.",
    "unlike_peers": "A price is far from those of the same model at other providers, or of models "
    "of its size, author or task group: a card keeps its last good price, or shows no number "
    "(`suspect`).",
    "unreadable_price": "A known price can no longer be read.",
    "unconfirmed_price": "A price moved, or came first, beside a key that the parser does not "
    "know, and no other feed states the same; without a last good price the card shows no number.",
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
        Check(
            name,
            "hold",
            partial(_find_held_prices, name=name),
            meaning,
            _UNLIKE_ENDS if name == UNLIKE_PEERS else _PRICE_ENDS,
        )
        for name, meaning in _PRICE_RULES.items()
    ),
    Check(
        PROVIDER_DRIFT,
        "hold",
        _find_provider_drift,
        "More than 5 % of a provider's price objects cannot be read, so none of its prices moves. "
        "Or, as info and once: its price objects have a key that the parser does not know.",
        f"{_PRICE_ENDS} A key: nothing, it is reported when it appears.",
    ),
    Check(
        "count_drop",
        "hold",
        partial(_find_drops, names=("count_drop", FEED_DROP), counted="offers"),
        "A whole answer lacks more than half of a provider's offers (of ten or more; the small "
        "providers of a feed are counted together), or more than 3 % of a feed's offers and ten of "
        "them at once, whatever its providers lost: the missing ones stay, held, however long it "
        "lasts.",
        "A whole answer states enough of them again, or an operator decides.",
    ),
    Check(
        "coverage_drop",
        "hold",
        partial(_find_drops, names=("coverage_drop",), counted="priced offers"),
        "More than half of a provider's priced offers lost their price: they keep it, held.",
        _DROP_ENDS,
    ),
)
