"""Check a reconciled run, and gather everything that is loaded and reported."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from pipeline.context import Run
from pipeline.report import Change, change_examples
from pipeline.steps.inputs import RunInputs
from pipeline.steps.output import StepOutput
from pipeline.steps.price import PricedFeed
from pipeline.steps.reconcile import ReconciledRun
from schemas.contract import UTC_TIME
from schemas.delta import Delta, State
from schemas.load import CHECKS, REJECTED_ROWS, Counts
from schemas.records import FeedFetch
from transforms.checks.compliance import check_expiry, check_providers
from transforms.checks.feeds import (
    check_agreement,
    check_counts,
    check_drift,
    check_facts,
    check_pages,
    finish_checks,
    join_checks,
)
from transforms.checks.gate import check_drops, check_flips, check_moves, check_refusals
from transforms.compliance import claim_rows
from transforms.reconcile.counts import count_entries, tally
from transforms.reconcile.selection import by_precedence


def no_entries() -> pl.DataFrame:
    """Return the entries of a run that asked no feed."""
    return pl.DataFrame(
        schema={
            "feed": pl.String,
            "inference_provider": pl.String,
            "records": pl.Int64,
            "accepted": pl.Int64,
            "rejected": pl.Int64,
        }
    )


@dataclass(frozen=True)
class RunSummary:
    """What is reported of a run: its fetches, counts, checks (CHECKS) and REJECTED_ROWS.

    The defaults are those of a run that changed nothing.
    """

    fetches: list[FeedFetch]
    counts: Counts = field(default_factory=Counts)
    events: dict[str, int] = field(default_factory=dict)
    entries: pl.DataFrame = field(default_factory=no_entries)
    """feed, inference_provider (null: the whole feed), records, accepted, rejected."""
    checks: pl.DataFrame = field(default_factory=CHECKS.empty)
    rejected: pl.DataFrame = field(default_factory=REJECTED_ROWS.empty)
    examples: list[Change] = field(default_factory=list)


@dataclass(frozen=True)
class RunResult:
    """A run that is ready to be loaded."""

    delta: Delta
    summary: RunSummary


def run_checks(
    run: Run, priced: StepOutput[PricedFeed], inputs: RunInputs, reconciled: ReconciledRun
) -> RunResult:
    """Run every check and return what the run found, changed and rejected."""
    delta, after = reconciled.delta, reconciled.after
    entries = _count_entries(priced)
    rejected = REJECTED_ROWS.shape(
        priced.rejected.with_columns(
            run_id=pl.lit(run.record.run_id), rejected_at=pl.lit(run.today).cast(UTC_TIME)
        )
    )
    return RunResult(
        delta,
        RunSummary(
            fetches=priced.fetches,
            counts=tally(delta, after, rejected=rejected.height),
            events=dict(sorted(delta.changes.group_by("event").len().iter_rows())),
            entries=entries,
            checks=_checks(run, priced, inputs.state, reconciled, entries),
            rejected=rejected,
            examples=change_examples(delta.changes, after.offers),
        ),
    )


def _checks(
    run: Run,
    priced: StepOutput[PricedFeed],
    before: State,
    reconciled: ReconciledRun,
    entries: pl.DataFrame,
) -> pl.DataFrame:
    """Return CHECKS of a run."""
    delta, after = reconciled.delta, reconciled.after
    precedence = run.registry.precedence()
    unnamed = [feed.name for feed in run.feeds if not feed.spec.names_offers]
    named = after.listings.filter(~pl.col("feed").is_in(unnamed))
    promised = claim_rows(run.registry, run.claims, today=run.today.date())
    summaries = [feed.summary for feed in priced.feeds.values()]
    checks = (
        *(check_drift(summary.drift) for summary in summaries),
        check_agreement(by_precedence(after.claims, precedence["price"]), after.offers),
        check_facts(by_precedence(named, precedence["status"]), after.offers),
        check_refusals(delta.found.refused),
        check_drops(delta.found.drops),
        check_moves(delta.found.moves, after.offers),
        check_expiry(promised),
        check_providers(before.providers, after.providers),
    )
    figures = (
        check_counts(entries),
        *(check_pages(summary) for summary in summaries),
        check_flips(before.cards, after.cards, after.offers),
    )
    run_id = run.record.run_id
    return join_checks(
        [
            *(finish_checks(found, run_id=run_id) for found in checks),
            *(finish_checks(found, run_id=run_id, every_run=True) for found in figures),
        ]
    )


def _count_entries(priced: StepOutput[PricedFeed]) -> pl.DataFrame:
    none = no_entries().select("feed", "inference_provider")
    feeds = priced.feeds
    return count_entries(
        {name: feed.summary.records for name, feed in feeds.items()},
        pl.concat([none, *(feed.entries for feed in feeds.values())]),
        # a feed that failed whole is counted nowhere; rejected_rows holds its rows all the same
        priced.rejected.filter(pl.col("feed").is_in(list(feeds))).select(none.columns),
        pl.concat([none, *(feed.summary.providers for feed in feeds.values())]),
    )
