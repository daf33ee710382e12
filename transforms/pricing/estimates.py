"""Estimate what a request costs where a provider publishes only a rate for its machines."""

from __future__ import annotations

import polars as pl

from schemas.contract import UTC_TIME
from schemas.offerings import REJECTED
from schemas.registry import Estimate
from schemas.state import INCOMING_CLAIMS
from transforms.parsing.parsed_feed import AnswerSummary, count_by_provider
from transforms.pricing.list_prices import estimate
from transforms.resolve.catalog import ResolvedRows, named_offers


def resolve_estimate(catalog: pl.DataFrame, rule: Estimate) -> ResolvedRows:
    """Return the offers of the rule's provider whose request time the catalogue states.

    `catalog` has the identified rows of the catalogue's answer in this run.
    """
    timed = catalog.filter(
        (pl.col("inference_provider") == rule.inference_provider)
        & pl.col("request_latency_ms").is_not_null()
    )
    rows = named_offers(timed, feed=rule.feed)
    proof = timed.select("offer_id", "payload_hash", "json_path")
    return ResolvedRows(rows.join(proof, on="offer_id", maintain_order="left"), REJECTED.empty())


def price_estimate(rows: pl.DataFrame, rule: Estimate, *, run_id: str) -> pl.DataFrame:
    """Return one claim of basis `estimate` per offer: its request time × the published rate.

    The proof is the catalogue's entry that states the time; the registry holds the rate.
    """
    if rows.is_empty():
        return INCOMING_CLAIMS.empty()
    rate = f"{rule.rate:f}"
    timed = rows.with_columns(
        tier=pl.lit("standard"),
        currency=pl.lit(rule.currency),
        price_status=pl.lit("priced"),
        native_unit=pl.lit("second_of_compute"),
        raw_text=pl.lit(rate),
        native_amount=pl.lit(rule.rate),
        native_quantity=pl.lit(1),
        scope=pl.lit("public"),
        run_id=pl.lit(run_id),
        until=pl.lit(None, UTC_TIME),
        evidence=pl.concat_str(
            pl.lit('{"requestLatencyMs": '),
            pl.col("mapped_latency_ms").cast(pl.String),
            pl.lit(f', "rate": "{rate}", "rate_url": "{rule.rate_url}"}}'),
        ),
    )
    return estimate(timed, rate=pl.lit(rule.rate))


def summarize_estimate(rows: pl.DataFrame, *, feed: str) -> AnswerSummary:
    """Return the counts of an estimate, for which nothing is parsed: each row is one record."""
    return AnswerSummary(
        feed=feed,
        records=rows.height,
        rows=rows.height,
        distinct=rows.height,
        repeats=0,
        nameless=0,
        providers=count_by_provider(rows),
    )
