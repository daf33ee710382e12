"""Compare the stored rows with the new ones, so that only the changes are written."""

from __future__ import annotations

import polars as pl

from schemas.contract import Contract
from schemas.delta import Diff


def diff(
    before: pl.DataFrame, after: pl.DataFrame, shape: Contract, *, ignore: tuple[str, ...] = ()
) -> Diff:
    """Compare two states of a table by its key, null-safe.

    A row whose only differences are in `ignore` (where a fact was read, and when) is not changed:
    the answer that first stated the fact remains its proof.
    """
    key = list(shape.key)
    compared = [name for name in shape.dtypes if name not in (*key, *ignore)]
    before, after = shape.shape(before), shape.shape(after)
    if before.is_empty():
        return Diff(added=after, changed=before, removed=before)
    if after.equals(before):
        return Diff(added=after.clear(), changed=after.clear(), removed=after.clear())
    places = (
        after.select(key)
        .with_row_index("_new")
        .join(before.select(key).with_row_index("_old"), on=key, how="left", nulls_equal=True)
        .sort("_new")
    )
    known = places.filter(pl.col("_old").is_not_null())
    # column by column: both states side by side would be the largest frame of the whole run
    differs = pl.repeat(value=False, n=known.height, dtype=pl.Boolean, eager=True)
    for name in compared:
        new, old = after[name][known["_new"]], before[name][known["_old"]]
        if not new.equals(old):
            differs |= new.ne_missing(old)
    return Diff(
        added=after[places.filter(pl.col("_old").is_null())["_new"]],
        changed=after[known["_new"].filter(differs)],
        removed=before.join(after, on=key, how="anti", nulls_equal=True),
    )


def redated(
    before: pl.DataFrame, after: pl.DataFrame, change: Diff, shape: Contract
) -> pl.DataFrame:
    """Return the stored rows that `change` leaves as they are, of which `until` is another now."""
    key = list(shape.key)
    dated = pl.col("until").is_not_null()
    rows = pl.concat([before.filter(dated).select(key), after.filter(dated).select(key)]).unique()
    if rows.is_empty():
        return shape.empty()
    kept = before.join(rows, on=key, how="semi", maintain_order="left").join(
        change.stale.select(key), on=key, how="anti", maintain_order="left"
    )
    moved = kept.join(after.select(*key, _until="until"), on=key, maintain_order="left").filter(
        pl.col("until").ne_missing(pl.col("_until"))
    )
    return shape.shape(moved.with_columns(until="_until"))


def applied(before: pl.DataFrame, change: Diff, shape: Contract) -> pl.DataFrame:
    """Return all rows once the difference is applied: unchanged ones as they were stored."""
    stale = change.stale.select(shape.key)
    if stale.is_empty() and change.added.is_empty():
        return shape.shape(before)
    kept = shape.shape(before).join(stale, on=list(shape.key), how="anti", nulls_equal=True)
    return pl.concat([kept, change.fresh])
