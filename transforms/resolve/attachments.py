"""Attach router offerings to the Hub's entries of their model, provider and task.

Where the Hub has several such entries the order is: a single model before an adapter, then the
entry of which the Hub states the router's own price, then a live one, then the lowest
provider_model_id. The last is no evidence: what only it decides is ambiguous.
"""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from schemas.amounts import PER_MILLION
from schemas.delta import State
from transforms.identity import CHAT
from transforms.money import amount_as_text, read_amount

AMBIGUOUS = "ambiguous_attachment"
"""The check of such attachments, and the reason of cards that show a price by one."""
TRIPLE = ["source", "model_id", "inference_provider", "task"]
_NAMES = ["offer_id", "provider_model_id", "offer_type", "adapter_rule_id"]
_UNITS = ("input_token", "output_token")
_RANK = (
    4 * (pl.col("offer_type") == "adapter").cast(pl.Int8)
    + 2 * pl.col("stated_price").ne(pl.col("offered_price")).fill_null(value=True).cast(pl.Int8)
    + (pl.col("status") != "live").cast(pl.Int8)
)
"""The evidence against an entry, the weightiest first; 0 is best."""


def comparable_prices(claims: pl.DataFrame) -> pl.DataFrame:
    """Return `offer_id` and `price`, a text that is equal where the token prices are equal.

    `claims` are of one feed per offer. An offer of which a token price is zero, free, suspect or
    unreadable has none: that is no evidence of whose price it is.
    """
    return (
        claims.filter(pl.col("unit").is_in(_UNITS), tier="standard")
        .sort("offer_id", "unit")
        .group_by("offer_id", maintain_order=True)
        .agg(
            price=pl.format("{} {} {}", "unit", amount_as_text("amount"), "currency").str.join(" "),
            _usable=(pl.col("price_status") == "priced").all(),
        )
        .filter("_usable")
        .drop("_usable")
    )


def attachable(mapped: pl.DataFrame) -> pl.DataFrame:
    """Return the entries of a catalogue to which offerings attach, with `stated_price`.

    `mapped` are resolved rows of this run with their price texts, or stored entries with `missed`
    and `stated_price`. Of stored ones that the last whole answer lacked, those count that have no
    other entry beside them. The price of an entry without another one beside it is not read.
    """
    entries = mapped.filter(pl.col("task") == CHAT)
    if "missed" in entries.columns:
        absent = pl.col("missed") > 0
        entries = entries.filter(absent == absent.min().over(TRIPLE))
    if "stated_price" in entries.columns:
        return entries
    if "has_price" not in entries.columns:
        return entries.with_columns(stated_price=pl.lit(None, pl.String))
    several = pl.len().over(TRIPLE) > 1
    contested = _with_price_text(
        entries.with_row_index("_place").filter(several), "stated_price"
    ).select("_place", "stated_price")
    return (
        entries.with_row_index("_place")
        .join(contested, on="_place", how="left", maintain_order="left")
        .drop("_place")
    )


def with_offered_price(rows: pl.DataFrame, entries: pl.DataFrame) -> pl.DataFrame:
    """Add `offered_price` to a routed feed's rows; null where there is no choice of entries."""
    several = entries.filter(pl.len().over(TRIPLE) > 1).select(TRIPLE).unique()
    if several.is_empty():
        return rows.with_columns(offered_price=pl.lit(None, pl.String))
    contested = rows.join(several, on=TRIPLE, how="semi")
    prices = _with_price_text(contested, "offered_price").select(*TRIPLE, "offered_price")
    return rows.join(prices, on=TRIPLE, how="left", maintain_order="left")


def choose_entries(offered: pl.DataFrame, entries: pl.DataFrame) -> pl.DataFrame:
    """Return the best entry of each offering: TRIPLE and the columns of `entries`.

    `offered` has TRIPLE and `offered_price`; `entries` TRIPLE, offer_type, status, stated_price and
    provider_model_id.
    """
    return (
        offered.select(*TRIPLE, "offered_price")
        .join(entries, on=TRIPLE)
        .with_columns(_rank=_RANK)
        .sort(*TRIPLE, "_rank", "provider_model_id")
        .unique(TRIPLE, keep="first", maintain_order=True)
        .drop("_rank")
    )


def stored_entries(state: State, catalogs: Collection[str]) -> pl.DataFrame:
    """Return the stored entries of catalogues, with the facts and prices that these state.

    They are OFFERS with `status`, `request_latency_ms`, `missed` and `stated_price`.
    """
    prices = comparable_prices(state.claims.filter(pl.col("feed").is_in(list(catalogs))))
    listed = state.listings.filter(pl.col("feed").is_in(list(catalogs))).select(
        "offer_id", "feed", "status", "request_latency_ms", "missed"
    )
    return (
        state.offers.filter(pl.col("provider_model_id").is_not_null())
        .join(listed, on="offer_id")
        .join(prices.rename({"price": "stated_price"}), on="offer_id", how="left")
    )


def stay_attached(
    statements: pl.DataFrame, claims: pl.DataFrame, protected: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return a routed feed's rows and claims; those without a mapped id take the one they had.

    `protected` are stored entries that the catalogue's answer lacks and that are not believed to be
    gone.
    """
    unmapped = statements.filter(pl.col("provider_model_id").is_null()).join(
        comparable_prices(claims).rename({"price": "offered_price"}), on="offer_id", how="left"
    )
    named = choose_entries(
        unmapped,
        protected.select(
            *TRIPLE,
            "status",
            "stated_price",
            "offer_type",
            "provider_model_id",
            *(pl.col(name).alias(f"_{name}") for name in _NAMES),
        ),
    )
    moved = unmapped.select("offer_id", *TRIPLE).join(
        named.select(*TRIPLE, *(f"_{name}" for name in _NAMES)), on=TRIPLE
    )
    if moved.is_empty():
        return statements, claims
    rows = statements.join(
        moved.drop(TRIPLE), on="offer_id", how="left", maintain_order="left"
    ).with_columns(
        pl.when(pl.col("_offer_id").is_null()).then(name).otherwise(f"_{name}").alias(name)
        for name in _NAMES
    )
    ids = moved.select("offer_id", "_offer_id")
    moved_claims = claims.join(ids, on="offer_id", how="left", maintain_order="left").with_columns(
        offer_id=pl.coalesce("_offer_id", "offer_id")
    )
    return rows.select(statements.columns), moved_claims.select(claims.columns)


def find_ambiguous(
    state: State, *, catalogs: Collection[str], routed: Collection[str]
) -> pl.DataFrame:
    """Return the attachments that no evidence decides: feed, offer_id, `entries` (their ids).

    That is where another entry of the same model, provider and task has evidence as good as that of
    the entry which the offering is attached to.
    """
    entries = attachable(stored_entries(state, catalogs)).filter(pl.len().over(TRIPLE) > 1)
    feeds = pl.col("feed").is_in(list(routed))
    prices = comparable_prices(state.claims.filter(feeds)).rename({"price": "offered_price"})
    attached = (
        state.listings.filter(feeds)
        .select("feed", "offer_id")
        .join(state.offers.select("offer_id", *TRIPLE), on="offer_id")
        .join(prices, on="offer_id", how="left")
    )
    own = pl.col("_entry") == pl.col("offer_id")
    return (
        attached.join(entries.drop("feed").rename({"offer_id": "_entry"}), on=TRIPLE)
        .with_columns(_rank=_RANK)
        .with_columns(_own=pl.col("_rank").filter(own).first().over("feed", "offer_id"))
        .filter(pl.col("_rank") <= pl.col("_own"))
        .sort("feed", "offer_id", "provider_model_id")
        .group_by("feed", "offer_id", maintain_order=True)
        .agg(entries=pl.col("provider_model_id").str.join(", "), _count=pl.len())
        .filter(pl.col("_count") > 1)
        .drop("_count")
    )


def _with_price_text(rows: pl.DataFrame, name: str) -> pl.DataFrame:
    """Add the comparable price of resolved rows with price texts, in the form of comparable_prices.

    Texts are USD per 1,000,000 tokens.
    """
    stated = rows.select("is_free", "price_problem", "price_input_text", "price_output_text")
    return rows.with_columns(
        pl.Series(name, [_price_text(*row) for row in stated.iter_rows()], dtype=pl.String)
    )


def _price_text(is_free: object, problem: str | None, *texts: str | None) -> str | None:
    """Return the comparable price of one row, None where it is no evidence."""
    parts = []
    for unit, text in zip(_UNITS, texts, strict=True):
        if text is not None:
            money = read_amount(text, reciprocal=PER_MILLION)
            if money is None or money.amount == 0:
                return None
            parts.append(f"{unit} {money.amount:f}".rstrip("0").rstrip(".") + " USD")
    return " ".join(parts) if parts and not is_free and problem is None else None
