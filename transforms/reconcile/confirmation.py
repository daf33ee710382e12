"""Decide which claims beside an unknown key count, and which feeds others are preferred to.

A key that a source adds may leave its other numbers as they were, or change their meaning. A number
equal to the last good price, or to what another feed states without such a key, still means the
same.
"""

from __future__ import annotations

import polars as pl

from schemas.state import CLAIMS, SERIES
from schemas.units import is_main
from schemas.unknown_keys import marked, unconfirmed

_VALUE = [*SERIES, "price_status", "amount", "currency"]
_FEED = ["offer_id", "feed"]
_NUMBER = pl.col("price_status").is_in(["priced", "free"])
_CORRECTED = "corrected"
_STATED = (pl.col("basis") != "estimate") & (pl.col("price_status") != "not_published")


def confirm_claims(claims: pl.DataFrame, previous: pl.DataFrame) -> pl.DataFrame:
    """Return CLAIMS without the marks of those that are confirmed.

    `previous` are the price series before this run. An unparsed claim of a unit that may be under
    the unknown key is dropped where neither the last good prices of the offer nor another feed
    has that unit.
    """
    if claims.filter(marked()).is_empty():
        return claims
    good = previous.filter(_NUMBER)
    plain = claims.filter(_NUMBER & _STATED & ~marked())
    known = pl.concat(
        [
            good.select(*_VALUE, "reason"),
            plain.select(*_VALUE, pl.lit(None, pl.String).alias("reason")),
        ]
    )
    known = known.unique(_VALUE, keep="first", maintain_order=True)
    found = claims.join(
        known.rename({"reason": "_reason"}).with_columns(_known=pl.lit(value=True)),
        on=_VALUE,
        how="left",
        maintain_order="left",
    )
    counts = unconfirmed() & pl.col("_known").fill_null(value=False)
    # the reason of a good price explains whose it is; one of a correction is about another number
    reason = pl.when(pl.col("_reason") != _CORRECTED).then("_reason")
    cleared = CLAIMS.shape(
        found.with_columns(reason=pl.when(counts).then(reason).otherwise("reason"))
    )
    return _without_unknown_units(cleared, good, plain)


def _without_unknown_units(
    claims: pl.DataFrame, good: pl.DataFrame, plain: pl.DataFrame
) -> pl.DataFrame:
    """Drop what is unparsed only because its unit may be under an unknown key, where that unit is
    not known of the offer.
    """
    series = list(SERIES)
    lacking = (
        claims.filter(
            marked() & (pl.col("price_status") == "unparsed") & pl.col("raw_text").is_null()
        )
        .select(*series, "feed")
        .unique(maintain_order=True)
    )
    known = pl.concat(
        [good.filter(is_main()).select(series), plain.filter(is_main()).select(series)]
    )
    dropped = lacking.join(known.select("offer_id").unique(), on="offer_id", how="semi").join(
        known, on=series, how="anti"
    )
    return claims.join(dropped, on=[*series, "feed"], how="anti", maintain_order="left")


def yielding_feeds(claims: pl.DataFrame, previous: pl.DataFrame) -> pl.DataFrame:
    """Return offer_id and feed of claims to which a readable one of another feed is preferred.

    `claims` (CLAIMS) are stated prices with the marks of the unconfirmed ones. A feed yields with a
    price that cannot be read, and with an unconfirmed one unless cards show its own last good price
    (`previous`): that one has moved, and is held.
    """
    odd = unconfirmed() | (pl.col("price_status") == "unparsed")
    main = claims.filter(is_main())
    if main.filter(odd).is_empty():
        return main.select(_FEED).clear()
    own = previous.filter(_NUMBER & is_main()).select(*_FEED, _own=pl.lit(value=True)).unique()
    feeds = (
        main.group_by(_FEED, maintain_order=True)
        .agg(
            readable=(_NUMBER & ~unconfirmed()).all(),
            unparsed=(pl.col("price_status") == "unparsed").any(),
            unconfirmed=unconfirmed().any(),
        )
        .join(own, on=_FEED, how="left", maintain_order="left")
    )
    moved = pl.col("unconfirmed") & pl.col("_own").is_null()
    return (
        feeds.filter(pl.col("unparsed") | moved)
        .join(feeds.filter("readable").select("offer_id").unique(), on="offer_id", how="semi")
        .select(_FEED)
    )
