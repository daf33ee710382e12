"""Revise the logs with today's rules: rows to append, nothing is ever overwritten.

A row about the start of an interval that today's rules read otherwise is appended as `corrected`;
one that today's rules do not read at all is appended as `void`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from schemas.delta import CURRENT, EVENTS, HOLDS, Delta, Findings, State
from schemas.state import SERIES
from transforms.gate.decisions import changed_decisions
from transforms.gate.holds import VERDICTS
from transforms.history.events import fill
from transforms.reconcile.diff import diff

CORRECTED = "corrected"
_VALUES = ("seen", CORRECTED)
_PRICE_FACTS = ("amount", "price_status", "currency")


def revise_state(
    stored: State,
    replayed: State,
    stored_logs: Mapping[str, pl.DataFrame],
    replayed_logs: Mapping[str, pl.DataFrame],
) -> tuple[Delta, State]:
    """Return what leads from the stored rows to those that today's rules make, and these rows.

    The logs have the latest row about each interval: price, claim, status, speed; and all links. An
    offer or a model that today's rules do not know stays on record; such an offer ends where it
    began.
    """
    after = replace(
        replayed,
        offers=pl.concat([replayed.offers, _unknown_offers(stored, replayed)]),
        models=pl.concat(
            [
                replayed.models,
                stored.models.join(replayed.models, on="model_id", how="anti"),
            ]
        ),
    )
    price = revise_log(stored_logs["price"], replayed_logs["price"], key=list(SERIES))
    diffs = {
        name: diff(getattr(stored, name), getattr(after, name), shape)
        for name, shape in CURRENT.items()
    }
    delta = Delta(
        **diffs,
        claim_log=revise_log(stored_logs["claim"], replayed_logs["claim"], key=[*SERIES, "feed"]),
        price_log=price,
        status_log=revise_log(stored_logs["status"], replayed_logs["status"], key=["offer_id"]),
        speed_log=replayed_logs["speed"].join(
            stored_logs["speed"], on=stored_logs["speed"].columns, how="anti", nulls_equal=True
        ),
        changes=pl.concat(
            [corrected_events(stored_logs["price"], price), *_offer_events(stored, after)]
        ),
        links=replayed_logs["link"].join(
            stored_logs["link"], on=stored_logs["link"].columns, how="anti"
        ),
        holds=HOLDS.empty(),
        found=Findings.none(),
        decided=changed_decisions(stored.refusals, after.refusals, VERDICTS),
        observed={},
    )
    return delta, after


def revise_log(stored: pl.DataFrame, replayed: pl.DataFrame, *, key: list[str]) -> pl.DataFrame:
    """Return the rows of `replayed` that differ from those of `stored`, and those void by now.

    Both have the latest row about each interval, with `kind` and `valid_from`; `key` is the series.
    A value that enters this way is `corrected`, the end of a series keeps its kind.
    """
    at = [*key, "valid_from"]
    known = stored.filter(pl.col("kind") != "void").with_columns(kind=_plain_kind())
    read = replayed.filter(pl.col("kind") != "void").with_columns(kind=_plain_kind())
    facts = [name for name in replayed.columns if name not in at]
    pairs = read.join(
        known.with_columns(_known=pl.lit(value=True)),
        on=at,
        how="left",
        nulls_equal=True,
        suffix="_stored",
    )
    differs = pl.col("_known").is_null() | pl.any_horizontal(
        *(pl.col(name).ne_missing(pl.col(f"{name}_stored")) for name in facts)
    )
    fresh = (
        pairs.filter(differs)
        .select(replayed.columns)
        .with_columns(
            kind=pl.when(pl.col("kind") == "seen").then(pl.lit(CORRECTED)).otherwise("kind")
        )
    )
    void = known.join(read, on=at, how="anti", nulls_equal=True).with_columns(kind=pl.lit("void"))
    return pl.concat([fresh, void.select(replayed.columns)]).sort(at)


def corrected_events(stored: pl.DataFrame, revised: pl.DataFrame) -> pl.DataFrame:
    """Return a `corrected` event for each interval of a price that has another value now.

    `stored` has the latest row about each interval before, `revised` the rows of `revise_log`.
    """
    at = [*SERIES, "valid_from"]
    before = stored.filter(pl.col("kind").is_in(_VALUES)).select(
        *at, **{f"_{name}": pl.col(name) for name in _PRICE_FACTS}
    )
    gone = pl.col("kind") != CORRECTED
    rows = revised.join(before, on=at, how="left").select(
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


def _unknown_offers(stored: State, replayed: State) -> pl.DataFrame:
    """Return the offers that today's rules do not know, ended where they began."""
    unknown = stored.offers.join(replayed.offers, on="offer_id", how="anti")
    return unknown.with_columns(last_seen_at="first_seen_at", gone_at="first_seen_at")


def _offer_events(stored: State, after: State) -> list[pl.DataFrame]:
    """Return `new` and `gone` events of offers that have a card now, or have none any more."""
    new = after.cards.join(stored.cards, on="offer_id", how="anti").select(
        "offer_id", event=pl.lit("new"), new_value="status", occurred_at="status_since"
    )
    gone = (
        stored.cards.join(after.cards, on="offer_id", how="anti")
        .join(after.offers.select("offer_id", "gone_at"), on="offer_id")
        .select("offer_id", event=pl.lit("gone"), old_value="status", occurred_at="gone_at")
    )
    return [fill(frame.sort("offer_id")) for frame in (new, gone)]


def _plain_kind() -> pl.Expr:
    """Return the kind of a log row, the same for seen and corrected values."""
    return pl.when(pl.col("kind").is_in(_VALUES)).then(pl.lit("seen")).otherwise("kind")
