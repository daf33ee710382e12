"""Checks of parsed answers: unknown fields, and counts that must agree."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from transforms.checks.check import Check, CheckInputs
from transforms.parsing.parsed_feed import AnswerSummary

PAGE_COUNTS = pl.DataFrame(
    schema={
        "feed": pl.String,
        "rows": pl.Int64,
        "distinct": pl.Int64,
        "repeats": pl.Int64,
        "nameless": pl.Int64,
    }
)
"""Models on the pages of a feed (`rows`): distinct ones, repeats, and those without an id."""


def count_pages(answers: Iterable[AnswerSummary]) -> pl.DataFrame:
    """Return PAGE_COUNTS of parsed answers."""
    return pl.DataFrame(
        [(a.feed, a.rows, a.distinct, a.repeats, a.nameless) for a in answers],
        schema=PAGE_COUNTS.schema,
        orient="row",
    )


def _find_drift(inputs: CheckInputs) -> pl.DataFrame:
    """Return one row per field outside price objects that is not as known."""
    return inputs.drift.select(
        "feed",
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


def _find_counts(inputs: CheckInputs) -> pl.DataFrame:
    """Return one row per feed and inference provider (null: the whole feed)."""
    return inputs.entries.select(
        "feed",
        "inference_provider",
        passed=pl.col("records") == pl.col("accepted") + pl.col("rejected"),
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


def _find_pages(inputs: CheckInputs) -> pl.DataFrame:
    """Return one row per feed."""
    parts = pl.format("{} distinct + {} repeats + {} nameless", "distinct", "repeats", "nameless")
    return inputs.pages.select(
        "feed",
        passed=pl.col("rows") == pl.sum_horizontal("distinct", "repeats", "nameless"),
        expected=pl.format("{} rows", "rows"),
        observed=parts,
        message=pl.format("{}: {} models on its pages = {}", "feed", "rows", parts),
    )


def _find_short_walks(inputs: CheckInputs) -> pl.DataFrame:
    """Return one row per walk of which absences do not count."""
    return inputs.short_walks.select(
        "feed",
        expected=pl.lit("no more short pages than most earlier walks"),
        observed=pl.format("{} short pages", "short_pages"),
        message=pl.format(
            "{}: {} of {} pages had fewer rows than requested, which is unusual; what this answer "
            "lacks stays as it was",
            "feed",
            "short_pages",
            "pages",
        ),
    )


ENTRY_CHECKS = (
    Check(
        "counts_reconcile",
        "fail",
        _find_counts,
        "Entries = accepted + rejected, per feed and provider, in each run.",
        "Each run counts again.",
        every_run=True,
    ),
    Check(
        "pages_reconcile",
        "fail",
        _find_pages,
        "Models on the pages = distinct ones + repeats + those without an id, in each run.",
        "Each run counts again.",
        every_run=True,
    ),
    Check(
        "short_pages",
        "warn",
        _find_short_walks,
        "More pages of a walk had fewer rows than requested than in most earlier walks: what it "
        "states counts, and what it lacks stays as it was.",
        "A walk without such a page, or after half a day of them: then they are usual.",
    ),
    Check(
        "schema_drift",
        "info",
        _find_drift,
        "A field outside price objects is not as known: look whether it is worth reading.",
        "The parser reads the field, or the source no longer sends it.",
    ),
)
