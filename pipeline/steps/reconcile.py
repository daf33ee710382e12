"""Judge the hour: what changes, what is held, and the checks that say why."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from pipeline.correction_requests import order_rows, verdict_rows
from pipeline.feeds import unread_lists
from pipeline.report import Change, change_examples
from pipeline.session import Run
from pipeline.steps.parse import Heard, feed_batches
from schemas.contract import UTC_TIME
from schemas.delta import Delta
from schemas.load import CHECKS, REJECTED_ROWS, Counts
from schemas.offerings import DRIFT
from schemas.records import FeedFetch
from transforms.checks import CheckInputs, count_pages, run_checks
from transforms.compliance import claim_rows, describe_providers
from transforms.reconcile.batch import Rules
from transforms.reconcile.counts import count_entries, tally
from transforms.reconcile.reconcile import reconcile


@dataclass(frozen=True)
class RunResult:
    """An hour that is ready to be written, or (without `delta`) one that nobody told anything."""

    fetches: list[FeedFetch]
    delta: Delta | None
    counts: Counts
    events: dict[str, int]
    entries: pl.DataFrame
    checks: pl.DataFrame
    rejected: pl.DataFrame
    examples: list[Change] = field(default_factory=list)


def judge_hour(run: Run, heard: Heard) -> RunResult:
    """Decide what changes; without any answer, or before every required feed came once, nothing."""
    answered = {f.feed for f in heard.fetches if f.outcome in {"complete", "not_modified"}}
    known = set(run.observed) | answered
    required = {feed.feed for _, feed in run.registry.feeds() if feed.required}
    if run.decisions is None and (not answered or not required <= known):
        return RunResult(
            heard.fetches, None, Counts(), {}, no_entries(), CHECKS.empty(), REJECTED_ROWS.empty()
        )
    state, run_id = run.state(), run.record.run_id
    source = run.registry.sources[0]
    told = feed_batches(run, heard)
    statements = [t.statements for t in told]
    answers = {batch.feed for batch in told}
    seen = {name for frame in (*statements, state.offers) for name in frame["inference_provider"]}
    delta, after = reconcile(
        state,
        told,
        Rules(
            precedence=source.precedence,
            providers=(
                describe_providers(
                    run.registry,
                    run.claims,
                    sorted(seen),
                    today=run.today.date(),
                    unavailable=unread_lists(run, heard.fetches, answers),
                )
                if run.decisions is None
                else state.providers  # a decision changes nothing but what it decides
            ),
            details=run.record.details,
            run_id=run_id,
            gone_after={feed.feed: feed.gone_after for _, feed in run.registry.feeds()},
            roles=run.registry.roles(),
            verdicts=verdict_rows(run, state),
            correction_requests=order_rows(run),
        ),
    )
    entries = _entries(heard)
    checks = run_checks(
        CheckInputs(
            before=state,
            after=after,
            findings=delta.found,
            drift=pl.concat(
                [
                    DRIFT.empty(),
                    *(p.drift for p in heard.parsed.values()),
                    *(s.odd_drift() for s in heard.statements.values()),
                ]
            ),
            pages=count_pages(heard.parsed.values()),
            entries=entries,
            compliance_claims=claim_rows(run.registry, run.claims, today=run.today.date()),
            precedence=source.precedence,
            roles=run.registry.roles(),
        ),
        run_id,
    )
    rejected = REJECTED_ROWS.shape(
        heard.rejected.with_columns(
            run_id=pl.lit(run_id), rejected_at=pl.lit(run.today).cast(UTC_TIME)
        )
    )
    return RunResult(
        heard.fetches,
        delta,
        tally(delta, after, rejected=rejected.height),
        dict(sorted(delta.changes.group_by("event").len().iter_rows())),
        entries,
        checks,
        rejected,
        change_examples(delta.changes, after.offers),
    )


def _entries(heard: Heard) -> pl.DataFrame:
    key = ("feed", "inference_provider")
    accepted = pl.concat(heard.entries() or [no_entries().select(key)])
    return count_entries(
        {feed: told.records for feed, told in heard.parsed.items()},
        accepted,
        # a feed that failed whole is counted nowhere; its rows stand in rejected_rows all the same
        heard.rejected.filter(pl.col("feed").is_in(list(heard.parsed))).select(key),
        pl.concat([p.providers for p in heard.parsed.values()] or [no_entries().select(key)]),
    )


def no_entries() -> pl.DataFrame:
    text = ("feed", "inference_provider")
    return pl.DataFrame(
        schema=dict.fromkeys(text, pl.String)
        | dict.fromkeys(("records", "accepted", "rejected"), pl.Int64)
    )
