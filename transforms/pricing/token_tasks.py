"""Which tasks a token price belongs to: those that give tokens, or are paid by what goes in.

An image, a video or speech has no tokens that two providers count alike: a token price of such a
task is most likely the price of something else, and compares with nothing.
"""

from __future__ import annotations

import polars as pl

from schemas.state import INCOMING_CLAIMS
from schemas.units import TOKENS
from transforms.task_groups import task_group

TOKEN_GROUPS = ("text", "embedding")
"""Task groups that are paid by the token: text comes out, or nothing but a vector does."""
TOKEN_TASKS = (
    "automatic-speech-recognition",
    "text-classification",
    "token-classification",
    "zero-shot-classification",
    "fill-mask",
    "text-ranking",
)
"""Tasks of other groups that are: text comes out, or text alone goes in and a label comes out."""
NOT_OF_TASK = "unit_not_of_task"
"""The reason of a token price on a task that tokens do not belong to."""


def has_tokens(task: pl.Expr) -> pl.Expr:
    """Return whether a token price of a task is one; False for a task that is not known."""
    return task_group(task).is_in(TOKEN_GROUPS) | task.is_in(TOKEN_TASKS)


def without_foreign_tokens(claims: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Return the claims (INCOMING_CLAIMS); a token price on a task without tokens is no price.

    `rows` are the identified statements of the claims. The stated number stays, as native amount
    and evidence; a zero goes the same way, because it is no token price either. So the claim hides
    no other feed's price in the task's own unit.
    """
    foreign = rows.filter(~has_tokens(pl.col("task"))).select("offer_id").unique()
    number = (pl.col("price_status") == "priced") | (pl.col("reason") == "zero_not_stated_free")
    is_foreign = (
        pl.col("offer_id").is_in(foreign["offer_id"].implode())
        & pl.col("unit").is_in(TOKENS)
        & number.fill_null(value=False)
    )
    return INCOMING_CLAIMS.shape(
        claims.with_columns(
            amount=pl.when(~is_foreign).then("amount"),
            formula=pl.when(~is_foreign).then("formula"),
            reason=pl.when(is_foreign).then(pl.lit(NOT_OF_TASK)).otherwise("reason"),
            price_status=pl.when(is_foreign)
            .then(pl.lit("not_published"))
            .otherwise("price_status"),
        )
    )
