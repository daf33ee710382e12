"""Check a reconciled run, and gather everything that is loaded and reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from pipeline.context import Run
from pipeline.report import Change, as_examples, first_changes
from pipeline.steps.inputs import RunInputs
from pipeline.steps.part_summary import PartSummary, total_counts, total_events
from pipeline.steps.price import PricedRows
from pipeline.steps.reconcile import ReconciledRun
from schemas.contract import UTC_TIME
from schemas.delta import Delta
from schemas.load import CHECKS, REJECTED_ROWS, Counts, StagedRows
from schemas.offerings import DRIFT
from schemas.records import FeedFetch
from transforms.checks import (
    SHORT_WALKS,
    CheckInputs,
    Comparison,
    count_pages,
    join_checks,
    run_checks,
)
from transforms.compliance import claim_rows
from transforms.parsing.parsed_feed import PROVIDER_ENTRIES
from transforms.parsing.partners import partner_of
from transforms.reconcile.counts import count_entries, no_entries, tally
from transforms.reconcile.short_pages import absences_count


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
    staged: StagedRows | None = None
    """Further rows to write, of a run that is too large for memory."""


def check_run(
    run: Run, priced: PricedRows, inputs: RunInputs, reconciled: ReconciledRun
) -> RunResult:
    """Run every check and return what the run found, changed and rejected."""
    delta, after = reconciled.delta, reconciled.after
    entries = _count_entries(priced)
    rejected = REJECTED_ROWS.shape(
        priced.rejected.with_columns(
            run_id=pl.lit(run.record.run_id), rejected_at=pl.lit(run.today).cast(UTC_TIME)
        )
    )
    # of a large first run, what is left when its parts are counted: what concerns no single offer
    rest = PartSummary(
        counts=tally(delta, after, reconciled.settled, rejected=rejected.height),
        events=dict(delta.changes.group_by("event").len().iter_rows()),
        checks=run_checks(
            _check_inputs(run, priced, inputs, reconciled, entries), run.record.run_id
        ),
        changes=first_changes(delta.changes, after.offers),
    )
    parts = (*reconciled.parts, rest)
    return RunResult(
        delta,
        RunSummary(
            fetches=priced.fetches,
            counts=total_counts(part.counts for part in parts),
            events=total_events(part.events for part in parts),
            entries=entries,
            checks=join_checks([part.checks for part in parts]),
            rejected=rejected,
            examples=as_examples([part.changes for part in parts]),
        ),
        reconciled.staged,
    )


def _check_inputs(
    run: Run,
    priced: PricedRows,
    inputs: RunInputs,
    reconciled: ReconciledRun,
    entries: pl.DataFrame,
) -> CheckInputs:
    summaries = [feed.summary for feed in priced.feeds.values()]
    return CheckInputs(
        before=reconciled.before,
        after=reconciled.after,
        settled=reconciled.settled,
        marked=pl.concat([part.marked for part in reconciled.parts]) if reconciled.parts else None,
        findings=reconciled.delta.found,
        drift=pl.concat([DRIFT.empty(), *(summary.drift for summary in summaries)]),
        pages=count_pages(summaries),
        entries=entries,
        compliance_claims=claim_rows(run.registry, run.claims, today=run.today.date()),
        precedence=run.registry.precedence(),
        roles={feed.name: feed.spec.role for feed in run.feeds},
        short_walks=_short_walks(run, priced, inputs),
        comparisons=_comparisons(run, priced),
    )


def _comparisons(run: Run, priced: PricedRows) -> list[Comparison]:
    """Return the mappings that a catalogue and a feed beside it both stated in this run."""
    found = []
    for feed, entry in run.fetched_feeds():
        own, catalog = priced.feeds.get(feed.name), priced.feeds.get(entry.compares or "")
        if own is None or own.mapping is None or catalog is None or entry.compares is None:
            continue
        pages = priced.fetch_of(feed.name).pages
        answered = [own for own in (partner_of(page.url) for page in pages) if own is not None]
        found.append(
            Comparison(
                feed=feed.name,
                catalog=entry.compares,
                stated=own.mapping.with_columns(
                    is_rule=pl.col("model_id").is_null(), status=pl.col("status_text")
                ),
                walked=_walked(priced, entry.compares, answered),
                answered=answered,
                allowed=entry.differences_allowed,
                share=entry.difference_share,
            )
        )
    return found


def _walked(priced: PricedRows, catalog: str, providers: Sequence[str]) -> pl.DataFrame:
    """Return the mappings of these providers that a catalogue states."""
    compared = ["inference_provider", "model_id", "task", "provider_model_id", "status"]
    is_own = pl.col("inference_provider").is_in(list(providers))
    return pl.concat(
        part[catalog]
        .statements.filter(is_own)
        .select(*compared, is_rule=pl.col("offer_type") == "adapter")
        for part in priced.parts()
    )


def _short_walks(run: Run, priced: PricedRows, inputs: RunInputs) -> pl.DataFrame:
    """Return SHORT_WALKS of the answers that entered; a first one can lack nothing."""
    walks = [
        (fetch.feed, fetch.short_pages, len(fetch.pages))
        for fetch in priced.fetches
        if fetch.feed in priced.feeds
        and fetch.feed in run.observed
        and not absences_count(fetch.short_pages, inputs.short_pages.get(fetch.feed, ()))
    ]
    return pl.DataFrame(walks, schema=SHORT_WALKS.schema, orient="row")


def _count_entries(priced: PricedRows) -> pl.DataFrame:
    feeds = priced.feeds
    return count_entries(
        {name: feed.summary.records for name, feed in feeds.items()},
        pl.concat([PROVIDER_ENTRIES, *(feed.entries for feed in feeds.values())]),
        # a feed that failed whole is counted nowhere; rejected_rows holds its rows all the same
        priced.rejected.filter(pl.col("feed").is_in(list(feeds))).select(
            "feed", "inference_provider"
        ),
        pl.concat([PROVIDER_ENTRIES, *(feed.summary.providers for feed in feeds.values())]),
    )
