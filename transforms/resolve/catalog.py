"""From accepted offerings to statements: one row per (offer, feed), with identity and status."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from schemas.offerings import DRIFT, REJECTED
from schemas.state import LISTINGS, STATUSES
from transforms.identity import IDENTITY, router_model, with_offer_id
from transforms.resolve.attachments import (
    TRIPLE,
    attachable,
    choose_entries,
    with_offered_price,
)
from transforms.resolve.model_names import NO_NAMES, use_names_today
from transforms.task_groups import task_group

_STATUS_RANK = {"live": 0, "staging": 1, "error": 2, "unknown": 3}
_TRIPLE = ("model_id", "inference_provider", "task")
_IDENTIFIED = ("offer_id", *IDENTITY, "router_model", "task_group", "offer_type", "adapter_rule_id")
_NO_STATUSES = pl.DataFrame(schema={"feed": pl.String, "value": pl.String})
MAPPED = (*_IDENTIFIED, "status", "request_latency_ms")
"""The columns of a catalogue's mapping offers that other feeds are resolved with."""


@dataclass(frozen=True)
class ResolvedRows:
    """`rows`: one feed's offerings with offer identity; `rejected`: the losers of duplicate keys;
    `unknown_statuses`: statuses that we do not know (feed, value)."""

    rows: pl.DataFrame
    rejected: pl.DataFrame
    unknown_statuses: pl.DataFrame = field(default_factory=_NO_STATUSES.clone)

    def status_drift(self) -> pl.DataFrame:
        """Return the unknown statuses as DRIFT."""
        return DRIFT.shape(
            self.unknown_statuses.select(
                "feed",
                field=pl.format("status {}", "value"),
                kind=pl.lit("unknown_value"),
                example=pl.col("value"),
            )
        )


def resolve_catalog(offerings: pl.DataFrame, *, source: str) -> ResolvedRows:
    """Give each mapping entry its offer; of equal keys the best entry wins.

    Live before staging before error, single-model before tag-filter, then the lowest `_id`.
    """
    adapter = pl.col("mapping_type") == "tag-filter"
    rows = _with_status(offerings).with_columns(
        source=pl.lit(source),
        offer_type=pl.when(adapter).then(pl.lit("adapter")).otherwise(pl.lit("model")),
        adapter_rule_id=pl.when(adapter).then("entry_id"),
    )
    order = [
        _rank("status"),
        adapter.fill_null(value=False),
        pl.col("entry_id").is_null().alias("no_entry_id"),
        pl.col("entry_id"),
    ]
    return _unique(rows, key=IDENTITY, order=order)


def resolve_routed(
    offerings: pl.DataFrame, mapped: pl.DataFrame, *, source: str, names: pl.DataFrame = NO_NAMES
) -> ResolvedRows:
    """Attach each router offering to the mapping offer of its (model, provider, conversational).

    `mapped` has the mapping offers to attach to, with the `status` and price that the Hub states:
    this run's when its answer was whole, else the last committed ones. Of several one is chosen as
    transforms/resolve/attachments.py describes; where there is none, the offer has no
    provider_model_id. `names` (of `names_today`) has the names that models have today; of two rows
    of one model, that with the name of today counts.
    """
    rows = use_names_today(_with_status(offerings), names).with_columns(source=pl.lit(source))
    unique = _unique(rows, key=_TRIPLE, order=[~pl.col("as_written"), _rank("status")])
    entries = attachable(mapped)
    target = choose_entries(
        with_offered_price(unique.rows, entries),
        entries.select(
            *TRIPLE,
            "offer_type",
            "adapter_rule_id",
            "status",
            "stated_price",
            "provider_model_id",
        ),
    ).select(*_TRIPLE, "offer_type", "adapter_rule_id", mapped_id="provider_model_id")
    attached = (
        unique.rows.join(target, on=_TRIPLE, how="left", maintain_order="left")
        .with_columns(
            provider_model_id=pl.col("mapped_id"),
            offer_type=pl.col("offer_type").fill_null("model"),
        )
        .drop("mapped_id")
    )
    return ResolvedRows(attached, unique.rejected, unique.unknown_statuses)


def resolve_price_list(quotes: pl.DataFrame, mapped: pl.DataFrame, *, feed: str) -> ResolvedRows:
    """Join a provider's own list on (inference provider, providerId), exactly or not at all.

    `mapped` are identified offers of the Hub's mapping. The rows state that the list names
    these offers, and no fact of them; `mapped_latency_ms` is the Hub's, for estimates.
    """
    key = ["inference_provider", "provider_model_id"]
    return ResolvedRows(
        named_offers(mapped.join(quotes.select(key).unique(), on=key, how="semi"), feed=feed),
        REJECTED.empty(),
    )


def named_offers(mapped: pl.DataFrame, *, feed: str) -> pl.DataFrame:
    """Return statements of a feed that names these offers and states no fact of them."""
    stated = {"offer_id", "feed", "status", "missed", "absent_from", "last_seen_at"}
    unstated = {name: kind for name, kind in LISTINGS.dtypes.items() if name not in stated}
    return mapped.select(
        *_IDENTIFIED,
        feed=pl.lit(feed),
        mapped_latency_ms=pl.col("request_latency_ms"),
        status=pl.lit("unknown"),
        **{name: pl.lit(None, kind) for name, kind in unstated.items()},
    )


def identified(rows: pl.DataFrame) -> pl.DataFrame:
    """Add offer_id, router_model and task_group to statements."""
    return with_offer_id(rows).with_columns(
        router_model=router_model(), task_group=task_group(pl.col("task"))
    )


def _with_status(offerings: pl.DataFrame) -> pl.DataFrame:
    known = pl.col("status_text").is_in(STATUSES)
    return offerings.with_columns(
        status=pl.when(known).then("status_text").otherwise(pl.lit("unknown")),
        context_length=_positive("context_length"),
        throughput_tps=_positive("throughput_tps"),
        first_token_latency_ms=_positive("first_token_latency_ms"),
        request_latency_ms=_positive("request_latency_ms"),
    )


def _positive(name: str) -> pl.Expr:
    """A length or a speed that is not above zero, or not finite, was not measured."""
    column = pl.col(name)
    usable = column.gt(0) if name == "context_length" else column.gt(0) & column.is_finite()
    return pl.when(usable).then(column)


def _rank(column: str) -> pl.Expr:
    return pl.col(column).replace_strict(_STATUS_RANK, default=9, return_dtype=pl.Int8)


def _unique(rows: pl.DataFrame, *, key: tuple[str, ...], order: list[pl.Expr]) -> ResolvedRows:
    # few keys are there twice, and a rank within each key takes longer than all the rest
    places = rows.select(*key, *(expr.alias(f"_{n}") for n, expr in enumerate(order)))
    again = places.select(pl.struct(key).is_duplicated()).to_series()
    ranks = (
        places.with_row_index("_row")
        .filter(again)
        .sort(*(f"_{n}" for n in range(len(order))), "_row")
        .select("_row", _place=pl.int_range(1, pl.len() + 1).over(key))
    )
    losing = ranks.filter(pl.col("_place") > 1)["_row"]
    is_loser = pl.int_range(pl.len(), dtype=pl.UInt32).is_in(losing.implode())
    losers = rows.filter(is_loser)
    rejected = REJECTED.shape(
        losers.select(
            "feed",
            "payload_hash",
            "json_path",
            "inference_provider",
            record_key=pl.concat_str(
                [pl.col(name).fill_null("") for name in key if name != "source"], separator=" | "
            ),
            reasons=pl.lit(["offer:duplicate_key"]),
            field=pl.lit(None, pl.String),
            value_text=pl.col("entry_id"),
        )
    )
    unknown = (
        rows.filter(~pl.col("status_text").is_in(STATUSES).fill_null(value=False))
        .select("feed", value=pl.col("status_text").fill_null("(missing)"))
        .unique(maintain_order=True)
    )
    # without a loser the rows as they are: a copy of them would be the peak of this step's memory
    kept = rows if losers.is_empty() else rows.filter(~is_loser)
    return ResolvedRows(kept, rejected, unknown)
