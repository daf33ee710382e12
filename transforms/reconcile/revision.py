"""What today's rules say otherwise than was said: rows to append, nothing is ever overwritten.

A word about the start of an interval that reads otherwise is said again as `corrected`; one that
today's rules do not say is `void`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from schemas.contract import UTC_TIME
from schemas.delta import CURRENT, EVENTS, HOLDS, Delta, Findings, State
from schemas.state import SERIES
from transforms.gate.decisions import decided
from transforms.gate.holds import VERDICTS
from transforms.history.events import fill
from transforms.reconcile.diff import diff

CORRECTED = "corrected"
_VALUES = ("seen", CORRECTED)
_SHOWN = ("amount", "price_status", "currency")
_LINKS = {"old_offer_id": pl.String, "new_offer_id": pl.String, "reason": pl.String}


def revise_state(
    held: State, told: State, words: Mapping[str, pl.DataFrame], retold: Mapping[str, pl.DataFrame]
) -> tuple[Delta, State]:
    """Return what leads from what the home holds to what today's rules tell, and that state.

    `words` and `retold` have the last words of each log: price, claim, status, speed. An offer or a
    model that today's rules do not know stays on record; such an offer ends where it began.
    """
    after = replace(
        told,
        offers=pl.concat([told.offers, _never_were(held, told)]),
        models=_all(told.models, held.models, "model_id"),
    )
    price = revised(words["price"], retold["price"], key=list(SERIES))
    diffs = {
        name: diff(getattr(held, name), getattr(after, name), shape)
        for name, shape in CURRENT.items()
    }
    delta = Delta(
        **diffs,
        claim_log=revised(words["claim"], retold["claim"], key=[*SERIES, "feed"]),
        price_log=price,
        status_log=revised(words["status"], retold["status"], key=["offer_id"]),
        speed_log=retold["speed"].join(
            words["speed"], on=words["speed"].columns, how="anti", nulls_equal=True
        ),
        changes=pl.concat([corrected_events(words["price"], price), *_offer_events(held, after)]),
        links=pl.DataFrame(schema=_LINKS | {"at": UTC_TIME}),
        holds=HOLDS.empty(),
        found=Findings.none(),
        decided=decided(held.refusals, after.refusals, VERDICTS),
        observed={},
    )
    return delta, after


def revised(held: pl.DataFrame, told: pl.DataFrame, *, key: list[str]) -> pl.DataFrame:
    """Return the words of `told` that differ from those of `held`, and what is void by now.

    Both are last words with `kind` and `valid_from`; `key` is the series. A value that enters this
    way is `corrected`, the end of a series keeps its kind.
    """
    at = [*key, "valid_from"]
    standing = held.filter(pl.col("kind") != "void").with_columns(kind=_plain_kind())
    said = told.filter(pl.col("kind") != "void").with_columns(kind=_plain_kind())
    facts = [name for name in told.columns if name not in at]
    pairs = said.join(
        standing.with_columns(_known=pl.lit(value=True)),
        on=at,
        how="left",
        nulls_equal=True,
        suffix="_held",
    )
    differs = pl.col("_known").is_null() | pl.any_horizontal(
        *(pl.col(name).ne_missing(pl.col(f"{name}_held")) for name in facts)
    )
    fresh = (
        pairs.filter(differs)
        .select(told.columns)
        .with_columns(
            kind=pl.when(pl.col("kind") == "seen").then(pl.lit(CORRECTED)).otherwise("kind")
        )
    )
    void = standing.join(said, on=at, how="anti", nulls_equal=True).with_columns(
        kind=pl.lit("void")
    )
    return pl.concat([fresh, void.select(told.columns)]).sort(at)


def corrected_events(held: pl.DataFrame, words: pl.DataFrame) -> pl.DataFrame:
    """Return a `corrected` event for each interval of a price that shows something else now.

    `held` are the last words before, `words` what `revised` found.
    """
    at = [*SERIES, "valid_from"]
    before = held.filter(pl.col("kind").is_in(_VALUES)).select(
        *at, **{f"_{name}": pl.col(name) for name in _SHOWN}
    )
    gone = pl.col("kind") != CORRECTED
    rows = words.join(before, on=at, how="left").select(
        *at,
        event=pl.lit(CORRECTED),
        old_amount="_amount",
        old_value="_price_status",
        new_amount=pl.when(~gone).then("amount"),
        new_value=pl.when(~gone).then("price_status"),
        currency=pl.coalesce("currency", "_currency"),
        not_before_at="not_before_at",
        occurred_at="valid_from",
    )
    changed = pl.col("old_amount").ne_missing(pl.col("new_amount")) | pl.col(
        "old_value"
    ).ne_missing(pl.col("new_value"))
    return fill(rows.filter(changed)).sort(list(EVENTS.dtypes)[1:4], nulls_last=False)


def _never_were(held: State, told: State) -> pl.DataFrame:
    """Return the offers that today's rules do not know, ended where they began."""
    unknown = held.offers.join(told.offers, on="offer_id", how="anti")
    return unknown.with_columns(last_seen_at="first_seen_at", gone_at="first_seen_at")


def _all(told: pl.DataFrame, held: pl.DataFrame, key: str) -> pl.DataFrame:
    return pl.concat([told, held.join(told, on=key, how="anti")])


def _offer_events(held: State, after: State) -> list[pl.DataFrame]:
    """Return `new` and `gone` events of offers that have a card now, or have none any more."""
    new = after.cards.join(held.cards, on="offer_id", how="anti").select(
        "offer_id", event=pl.lit("new"), new_value="status", occurred_at="status_since"
    )
    gone = (
        held.cards.join(after.cards, on="offer_id", how="anti")
        .join(after.offers.select("offer_id", "gone_at"), on="offer_id")
        .select("offer_id", event=pl.lit("gone"), old_value="status", occurred_at="gone_at")
    )
    return [fill(frame.sort("offer_id")) for frame in (new, gone)]


def _plain_kind() -> pl.Expr:
    """A value is a value, however it entered."""
    return pl.when(pl.col("kind").is_in(_VALUES)).then(pl.lit("seen")).otherwise("kind")
