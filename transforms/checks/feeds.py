"""Checks as rows: what was expected, what was seen, and how much it matters."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import polars as pl

from schemas.load import CHECKS
from schemas.state import SERIES
from transforms.money import amount_as_text
from transforms.parsing.collector import AnswerSummary

_IDENTITY = ("name", "feed", "inference_provider", "offer_id", "unit", "expected", "observed")


def finish_checks(rows: pl.DataFrame, *, run_id: str, every_run: bool = False) -> pl.DataFrame:
    """Return CHECKS from rows that name a check and what it saw; missing columns are null.

    The id is made of what the check says, so the same difference is the same check in every run;
    with `every_run` the run is part of it, for figures that are new each hour. Rows that bring an
    id of their own, which the gate remembers, keep it.
    """
    missing = [name for name in CHECKS.dtypes if name not in rows.columns]
    full = rows.with_columns(**{name: pl.lit(None) for name in missing}).with_columns(
        run_id=pl.lit(run_id)
    )
    if "check_id" in rows.columns:
        return CHECKS.shape(full)
    names = [*_IDENTITY, *(["run_id"] if every_run else [])]
    ids = [
        sha256("\x1f".join("" if v is None else str(v) for v in row).encode()).hexdigest()[:16]
        for row in full.select(names).iter_rows()
    ]
    return CHECKS.shape(full.with_columns(check_id=pl.Series(ids, dtype=pl.String)))


def check_drift(drift: pl.DataFrame) -> pl.DataFrame:
    """One row per field that is not as known, outside price objects: recorded, nothing held."""
    return drift.select(
        "feed",
        name=pl.lit("schema_drift"),
        severity=pl.lit("info"),
        passed=pl.lit(value=False),
        expected=pl.format("{}: no {}", "field", "kind"),
        observed=pl.format("{}: {}", "field", "kind"),
        message=pl.format(
            "{}: field {} is {}; first seen as {}",
            "feed",
            "field",
            pl.col("kind").str.replace("_", " "),
            "example",
        ),
    )


def check_agreement(claims: pl.DataFrame, offers: pl.DataFrame) -> pl.DataFrame:
    """One row per unit that two feeds price differently; the first is the one that cards show.

    `claims` are ordered by precedence within a unit. A number against none (a bare zero, a price
    that cannot be read) is a difference too; an estimate, or a list's word that it states none, is
    no price to differ from.
    """
    stated = (pl.col("basis") != "estimate") & (pl.col("price_status") != "not_published")
    pairs = (
        claims.filter(stated)
        .group_by(*SERIES, maintain_order=True)
        .agg(
            pl.col("feed").first(),
            other=pl.col("feed").last(),
            amount=pl.col("amount").first(),
            other_amount=pl.col("amount").last(),
            said=_amount_or("price_status").first(),
            other_said=_amount_or("price_status").last(),
        )
        .filter((pl.col("feed") != pl.col("other")) & (pl.col("said") != pl.col("other_said")))
    )
    return _disagreements(pairs, offers).with_columns(
        name=pl.lit("feeds_agree_on_price"),
        old_amount=pairs["other_amount"],
        candidate_amount=pairs["amount"],
    )


def check_facts(listings: pl.DataFrame, offers: pl.DataFrame) -> pl.DataFrame:
    """One row per fact that two feeds state differently of one offer.

    `listings` are ordered by precedence within an offer. Speeds are not compared: each feed
    measures at its own time.
    """
    found = []
    for fact in COMPARED:
        stated = listings.filter(pl.col(fact).is_not_null()).with_columns(
            told=pl.col(fact).cast(pl.String)
        )
        pairs = (
            stated.group_by("offer_id", maintain_order=True)
            .agg(
                pl.col("feed").first(),
                other=pl.col("feed").last(),
                said=pl.col("told").first(),
                other_said=pl.col("told").last(),
            )
            .filter(pl.col("said") != pl.col("other_said"))
            .with_columns(unit=pl.lit(None, pl.String))
        )
        found.append(
            _disagreements(pairs, offers).with_columns(name=pl.lit(f"feeds_agree_on_{fact}"))
        )
    return pl.concat(found)


COMPARED = ("status", "context_length", "supports_tools", "supports_structured_output")


def _disagreements(pairs: pl.DataFrame, offers: pl.DataFrame) -> pl.DataFrame:
    """Return a check row per pair: `feed` says `said`, `other` says `other_said`."""
    named = offers.select("offer_id", "inference_provider", "model_id")
    return pairs.join(named, on="offer_id", how="left", maintain_order="left").select(
        "feed",
        "inference_provider",
        "offer_id",
        "unit",
        severity=pl.lit("warn"),
        passed=pl.lit(value=False),
        expected="other_said",
        observed="said",
        message=pl.format(
            "{} at {}: {} says {}, {} says {}",
            "model_id",
            "inference_provider",
            "feed",
            "said",
            "other",
            "other_said",
        ),
    )


def _amount_or(status: str) -> pl.Expr:
    """The amount as plain text, else the word for why there is none."""
    return pl.when(pl.col("amount").is_null()).then(status).otherwise(amount_as_text("amount"))


def check_counts(counts: pl.DataFrame) -> pl.DataFrame:
    """One row per feed and inference provider: entries in = accepted + rejected.

    `counts` has feed, inference_provider (null for the whole feed), records, accepted, rejected.
    """
    total = pl.col("accepted") + pl.col("rejected")
    return counts.select(
        "feed",
        "inference_provider",
        name=pl.lit("counts_reconcile"),
        severity=pl.when(pl.col("records") == total).then(pl.lit("info")).otherwise(pl.lit("fail")),
        passed=pl.col("records") == total,
        expected=pl.format("{} records", "records"),
        observed=pl.format("{} accepted + {} rejected", "accepted", "rejected"),
        message=pl.format(
            "{} {}: {} records, {} accepted, {} rejected",
            "feed",
            pl.coalesce("inference_provider", pl.lit("(all)")),
            "records",
            "accepted",
            "rejected",
        ),
    )


def check_pages(parsed: AnswerSummary) -> pl.DataFrame:
    """One row per feed: models on its pages = distinct ids + repeats + those without an id."""
    parts = f"{parsed.distinct} distinct + {parsed.repeats} repeats + {parsed.nameless} nameless"
    passed = parsed.rows == parsed.distinct + parsed.repeats + parsed.nameless
    row: dict[str, Any] = {
        "feed": parsed.feed,
        "name": "pages_reconcile",
        "severity": "info" if passed else "fail",
        "passed": passed,
        "expected": f"{parsed.rows} rows",
        "observed": parts,
        "message": f"{parsed.feed}: {parsed.rows} models on its pages = {parts}",
    }
    return pl.DataFrame([row])


def join_checks(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Return all checks of a run, in a stable order, each id once."""
    found = pl.concat([CHECKS.empty(), *parts])
    return found.unique("check_id", keep="first", maintain_order=True).sort("name", "check_id")
