"""Checks of agreement: prices and facts that two feeds state differently of one offer."""

from __future__ import annotations

from functools import partial

import polars as pl

from schemas.quotes import NOT_OFFERED
from schemas.state import SERIES
from transforms.checks.check import Check, CheckInputs, of_tier
from transforms.money import amount_as_text
from transforms.reconcile.batch import lists_offers
from transforms.reconcile.selection import by_precedence

_ENDS = "Both feeds state the same, or one of them states nothing."


def _find_price_differences(inputs: CheckInputs) -> pl.DataFrame:
    """Return one row per unit and feed that prices it otherwise than the feed that cards use.

    A number against none (a bare zero, a price that cannot be read, an additional price that is
    stated as not offered) is a difference too, and so is another currency. An estimate is no price
    to differ from, and neither is a list's claim that it publishes none.
    """
    claims = by_precedence(inputs.after.claims, inputs.precedence["price"])
    stated = (pl.col("basis") != "estimate") & (
        (pl.col("price_status") != "not_published")
        | (pl.col("reason") == NOT_OFFERED).fill_null(value=False)
    )
    compared = claims.filter(stated).select(*SERIES, "feed", "amount", value=_amount_or_status())
    first = compared.unique(list(SERIES), keep="first", maintain_order=True)
    others = compared.rename(
        {"feed": "other_feed", "amount": "other_amount", "value": "other_value"}
    )
    pairs = first.join(others, on=list(SERIES), maintain_order="left_right").filter(
        (pl.col("feed") != pl.col("other_feed")) & (pl.col("value") != pl.col("other_value"))
    )
    return _differences(pairs, inputs.after.offers).with_columns(
        old_amount=pairs["other_amount"], candidate_amount=pairs["amount"]
    )


def _find_fact_differences(inputs: CheckInputs, *, fact: str) -> pl.DataFrame:
    """Return one row per offer of which two feeds state this fact differently.

    Speeds are not compared: each feed measures at its own time.
    """
    listings = by_precedence(
        inputs.after.listings.filter(lists_offers(inputs.roles)), inputs.precedence["status"]
    )
    pairs = (
        listings.filter(pl.col(fact).is_not_null())
        .with_columns(value=pl.col(fact).cast(pl.String))
        .group_by("offer_id", maintain_order=True)
        .agg(
            pl.col("feed").first(),
            other_feed=pl.col("feed").last(),
            other_value=pl.col("value").last(),
            value=pl.col("value").first(),
        )
        .filter(pl.col("value") != pl.col("other_value"))
        .with_columns(unit=pl.lit(None, pl.String), tier=pl.lit(None, pl.String))
    )
    return _differences(pairs, inputs.after.offers)


def _differences(pairs: pl.DataFrame, offers: pl.DataFrame) -> pl.DataFrame:
    """Return a row per pair: `feed` states `value`, `other_feed` states `other_value`."""
    named = offers.select("offer_id", "inference_provider", "model_id")
    return pairs.join(named, on="offer_id", how="left", maintain_order="left").select(
        "feed",
        "inference_provider",
        "offer_id",
        "unit",
        "tier",
        expected="other_value",
        observed="value",
        message=pl.format(
            "{} at {}{}: {} says {}, {} says {}",
            "model_id",
            "inference_provider",
            of_tier(),
            "feed",
            "value",
            "other_feed",
            "other_value",
        ),
    )


def _amount_or_status() -> pl.Expr:
    """Return the amount as plain text, in its currency, else the status that explains its lack."""
    dollars = pl.col("currency") == "USD"
    amount = amount_as_text("amount")
    return (
        pl.when(pl.col("amount").is_null())
        .then("price_status")
        .when(dollars)
        .then(amount)
        .otherwise(pl.format("{} {}", amount, "currency"))
    )


_FACTS = {
    "status": "Two feeds state different statuses; cards show the Hub's error or staging, else the "
    "router's.",
    "context_length": "Two feeds state different context lengths; cards show the router's.",
    "supports_tools": "One feed states tools, the other none; cards show the router's.",
    "supports_structured_output": "One feed states structured output, the other none; cards show "
    "the router's.",
}
"""The facts that are compared, each with the meaning of a difference."""

AGREEMENT_CHECKS = (
    Check(
        "feeds_agree_on_price",
        "warn",
        _find_price_differences,
        "Two feeds state different prices, or one a number and the other none; cards show the "
        "first.",
        _ENDS,
    ),
    *(
        Check(
            f"feeds_agree_on_{fact}",
            "warn",
            partial(_find_fact_differences, fact=fact),
            meaning,
            _ENDS,
        )
        for fact, meaning in _FACTS.items()
    ),
)
