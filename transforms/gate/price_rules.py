"""The rules of the gate for prices: one row per unit whose new value is held.

A rule compares a value with the one before it and does not use earlier decisions.
"""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from schemas.settled import Settled
from schemas.state import SERIES
from schemas.unknown_keys import unconfirmed
from transforms.gate.bounds import outside_bounds
from transforms.gate.peers import UNLIKE
from transforms.money import amount_as_text
from transforms.pricing.additional import UNIT_DOUBT

OUTSIDE_BOUNDS = "outside_bounds"
"""The reason of a price whose amount is withheld because it is outside its bounds."""
UNLIKE_PEERS = "unlike_peers"
"""The rule, and the reason of a price that is withheld because it is far from its peers."""
UNCONFIRMED = "unconfirmed_price"
"""The rule of a price that moved, or came first, beside an unknown key."""
CORRECTED = "corrected"
"""The reason of a price that an operator replaced."""
REFUSED = "refused"
"""The reason of a price whose amount was refused before, where no good one can be kept."""
HOLD_FACTOR = 10
"""A price that moves by this factor or more is held."""
WARN_FACTOR = 2
"""A price that moves by this factor or more passes with a warning."""
PROVIDER_DRIFT_SHARE = 0.05
"""Above this share of unreadable price objects a whole (feed, provider) is held."""
_READ = (
    "feed",
    "amount",
    "currency",
    "price_status",
    "reason",
    "raw_text",
    "native_unit",
    "native_quantity",
    "observed_at",
)
_GOOD = pl.col("old_status").is_in(["priced", "free"])


def compared(
    candidates: pl.DataFrame, previous: pl.DataFrame, offers: pl.DataFrame
) -> pl.DataFrame:
    """Return each candidate with `inference_provider` and the last price of the same series.

    `previous` are the current series and the remembered ones. `old_amount`, `old_status`,
    `old_currency`, `old_unit` and `seen_at` are null where the series has no such price.
    """
    stored = previous.select(
        *SERIES,
        "seen_at",
        old_amount="amount",
        old_status="price_status",
        old_currency="currency",
        old_unit="native_unit",
    )
    return (
        candidates.select(*SERIES, *_READ)
        .join(stored, on=list(SERIES), how="left")
        .join(offers.select("offer_id", "inference_provider"), on="offer_id", how="left")
    )


def find_held_prices(
    pairs: pl.DataFrame,
    refused: pl.DataFrame,
    unlike: pl.DataFrame = UNLIKE,
    *,
    stated: pl.DataFrame | None = None,
    settled: Settled | None = None,
) -> pl.DataFrame:
    """Return the rows of `compared` that the gate holds, with `name` (why) and `candidate`.

    `candidate` is the new value as text: a decision counts for as long as it stays the same.
    `refused` has feed, series, candidate, `name` and `decision` of those that were held before. A
    rejected one is held as long as it would change the current price; where there is no good price
    any more, a pending one too. `unlike` (UNLIKE) are the prices that are far from their peers.
    `stated` are the claims of which the share that cannot be read is counted, by default the
    candidates: a feed whose claim is not chosen states it all the same. `withheld` rows have no
    good price that a card could keep instead. `settled` counts beside the rows.
    """
    settled = settled or Settled()
    known = refused.rename({"name": "_refused", "decision": "_decision"})
    return (
        pairs.join(
            _unreadable_share(pairs if stated is None else stated, settled.stated),
            on=["feed", "inference_provider"],
            how="left",
        )
        .join(unlike, on=list(SERIES), how="left")
        .with_columns(name=_rule(settled.price_providers), candidate=candidate_text())
        .join(known, on=["feed", *SERIES, "candidate"], how="left")
        .with_columns(
            name=pl.coalesce("name", pl.when(_still_refused() & _moved()).then("_refused"))
        )
        .with_columns(
            withheld=pl.when(pl.col("name") == UNLIKE_PEERS)
            .then(~(_GOOD & _moved()).fill_null(value=False))
            .otherwise(~_GOOD.fill_null(value=False) & (pl.col("name") != "provider_price_drift"))
        )
        .drop("_refused", "_decision")
        .filter(pl.col("name").is_not_null())
        .sort(SERIES)
    )


def _moved() -> pl.Expr:
    """Return whether a value is not the current one."""
    return pl.col("amount").ne_missing(pl.col("old_amount")) | pl.col("price_status").ne_missing(
        pl.col("old_status")
    )


def _rule(price_providers: Collection[str]) -> pl.Expr:
    """Return the name of the first rule that holds each row, null for none.

    `price_providers` have a price that no row is about.
    """
    new_zero = (
        (pl.col("old_status") == "priced")
        & (pl.col("price_status") == "suspect")
        & (pl.col("reason") == "zero_not_stated_free")
    )
    other_unit = (
        pl.col("currency").ne(pl.col("old_currency")) | pl.col("native_unit").ne(pl.col("old_unit"))
    ) & (pl.col("price_status") == "priced")
    drifted = (
        (pl.col("unreadable") > PROVIDER_DRIFT_SHARE)
        & (
            pl.col("old_status").is_not_null().any().over("inference_provider")
            | pl.col("inference_provider").is_in(list(price_providers))
        )
        & _moved()
    )
    return (
        pl.when(_GOOD & (pl.col("price_status") == "unparsed"))
        .then(pl.lit("unreadable_price"))
        .when(_GOOD & new_zero)
        .then(pl.lit("new_zero"))
        .when((pl.col("old_status") == "priced") & other_unit)
        .then(pl.lit("unit_change"))
        .when(moved_by(HOLD_FACTOR) | (_GOOD & (pl.col("reason") == UNIT_DOUBT)))
        .then(pl.lit("unit_magnitude"))
        .when(drifted)
        .then(pl.lit("provider_price_drift"))
        .when(~_GOOD.fill_null(value=False) & outside_bounds())
        .then(pl.lit("price_bounds"))
        .when(unconfirmed() & _moved())
        .then(pl.lit("unconfirmed_price"))
        .when(pl.col("unlike").is_not_null())
        .then(pl.lit("unlike_peers"))
    )


def withhold_amounts(candidates: pl.DataFrame, blocked: pl.DataFrame) -> pl.DataFrame:
    """Withhold an amount that is refused where no good price can be kept instead.

    An unconfirmed price that passes was accepted by a person, so its mark no longer counts.
    """
    why = (
        pl.when(pl.col("name").is_in([UNLIKE_PEERS, UNCONFIRMED]))
        .then("name")
        .when(outside_bounds())
        .then(pl.lit(OUTSIDE_BOUNDS))
        .otherwise(pl.lit(REFUSED))
    )
    odd = blocked.filter("withheld").select(*SERIES, _odd=why)
    withheld = pl.col("_odd").is_not_null()
    return (
        candidates.join(odd, on=list(SERIES), how="left", maintain_order="left")
        .with_columns(
            amount=pl.when(~withheld).then("amount"),
            price_status=pl.when(pl.col("_odd") == UNCONFIRMED)
            .then(pl.lit("unparsed"))
            .when(withheld)
            .then(pl.lit("suspect"))
            .otherwise("price_status"),
            reason=pl.when(withheld & (pl.col("_odd") != UNCONFIRMED))
            .then("_odd")
            .when(withheld | ~unconfirmed())
            .then("reason"),
        )
        .drop("_odd")
    )


def candidate_text() -> pl.Expr:
    """Return the value of each row as text, the same for as long as its source states the same."""
    return pl.concat_str(
        "price_status",
        pl.coalesce(amount_as_text("amount"), "raw_text", "reason", pl.lit("-")),
        "currency",
        "native_unit",
        separator=" ",
    )


def _still_refused() -> pl.Expr:
    """Return whether a value that was refused before is refused still, whatever the rules find."""
    good = _GOOD.fill_null(value=False)
    rejected = pl.col("_decision") == "rejected"
    # what these rules find depends on other prices, so that they find it again or it is over
    on_others = pl.col("_refused").is_in(["provider_price_drift", UNLIKE_PEERS, UNCONFIRMED])
    alone = ~good & (pl.col("price_status") == "priced")
    return (good & rejected) | (alone & (rejected | ~on_others))


def moved_by(factor: int) -> pl.Expr:
    """Return whether the price of each row of `compared` moved by this factor or more."""
    old, new = pl.col("old_amount"), pl.col("amount")
    both = (pl.col("old_status") == "priced") & (pl.col("price_status") == "priced")
    ratio = new.cast(pl.Float64) / old.cast(pl.Float64)
    # a float is good enough to compare with a round factor, but not at its very edge
    edge = 1e-9
    return (both & ((ratio >= factor * (1 - edge)) | (ratio <= (1 + edge) / factor))).fill_null(
        value=False
    )


def _unreadable_share(stated: pl.DataFrame, settled: pl.DataFrame) -> pl.DataFrame:
    """Return feed, inference_provider, `unreadable`: the share of priced offers without a readable
    price. Each of `settled` (NO_COUNTS) has one.
    """
    key = ["feed", "inference_provider"]
    counts = (
        stated.group_by(*key, "offer_id")
        .agg(odd=(pl.col("price_status") == "unparsed").any())
        .group_by(key)
        .agg(offers=pl.len().cast(pl.Int64), odd=pl.col("odd").sum().cast(pl.Int64))
    )
    return (
        pl.concat([counts, settled.with_columns(odd=pl.lit(0, pl.Int64)).select(counts.columns)])
        .group_by(key)
        .agg(unreadable=pl.col("odd").sum() / pl.col("offers").sum())
    )
