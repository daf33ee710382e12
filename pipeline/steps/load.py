"""Write a run in one transaction, mark its end, and report how it went."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from functools import partial

import polars as pl
from msgspec.structs import replace

from pipeline.context import Run
from pipeline.failed_runs import failure_rows
from pipeline.report import Held, Report, feed_reports
from pipeline.steps.alerts import alert_finder
from pipeline.steps.check import RunResult, RunSummary
from schemas.errors import PricehouseError
from schemas.load import FeedCount, Load
from schemas.records import EndMark, FeedFetch
from transforms.compliance import claim_rows
from transforms.history.gaps import find_gaps
from warehouse.connect import loading_limits, open_writer
from warehouse.publication.publish import published_id
from warehouse.writer.load import commit as commit_load

RULE_VERSION = "4"
"""Changes when the same bytes would give other prices."""


def load_run(run: Run, result: RunResult) -> Report:
    """Write a run and mark its end; a dry run writes nothing and reports what it would."""
    finished_at = run.clock()
    summary = result.summary
    outcome = "published" if summary.counts.changes else "unchanged"
    if run.options.dry_run:
        run.folder.end(EndMark(outcome="dry_run", finished_at=finished_at))
        return _report(run, summary, finished_at, outcome="dry_run")
    load = _load(run, result, finished_at, outcome)
    if run.stored:  # nothing is committed that no other machine could rebuild
        run.stored.push_landed(run.folder, sequence=load.sequence, after=run.last_sequence)
    mark = EndMark(outcome="committed", finished_at=finished_at, sequence=load.sequence)
    recorder = run.lake.recorder(run.last) if run.lake else None
    run.committing = True
    try:
        with open_writer(run.home.warehouse, loading_limits(run.home.warehouse)) as con:
            commit_load(con, load, recorder=recorder, on_recorded=partial(run.folder.end, mark))
    except PricehouseError:
        run.committing = recorder is None or recorder.is_sent
        raise
    run.folder.end(mark)
    return _report(run, summary, finished_at, outcome=outcome)


def fail_run(run: Run, fetches: list[FeedFetch]) -> Report:
    """Mark a run as failed that has too little to publish; the last good publication stays."""
    finished_at = run.clock()
    failed = [f for f in fetches if f.error and f.outcome != "skipped"]
    errors = "; ".join(str(f.error) for f in failed)  # each begins with its feed
    error = errors or "a feed that must have been whole once before anything is published was not"
    mark = EndMark(outcome="failed", finished_at=finished_at, error=error)
    run.folder.end(replace(mark, outcome="dry_run") if run.options.dry_run else mark)
    return _report(run, RunSummary(fetches), finished_at, outcome="failed", error=error)


def _load(run: Run, result: RunResult, finished_at: datetime, outcome: str) -> Load:
    failures = failure_rows(run.failed)
    delta, summary = result.delta, result.summary
    rhythm = {feed.name: entry.expected_every_s for feed, entry in run.fetched_feeds()}
    observed = {feed: at for feed, at in delta.observed.items() if feed in rhythm}
    return Load(
        record=run.record,
        finished_at=finished_at,
        sequence=run.last_sequence + len(failures) + 1,
        outcome=outcome,
        counts=summary.counts,
        fetches=summary.fetches,
        feed_counts={feed: FeedCount(*numbers) for feed, numbers in _by_feed(summary).items()},
        delta=delta,
        gaps=find_gaps(run.observed, observed, rhythm, run_id=run.record.run_id),
        checks=summary.checks,
        rejected=summary.rejected,
        feeds=_feed_rows(run),
        sources=_source_rows(run),
        compliance_claims=claim_rows(run.registry, run.claims, today=run.today.date()),
        rule_version=RULE_VERSION,
        failures=failures,
        staged=result.staged,
        find_alerts=alert_finder(run, summary, failures, finished_at),
        deliveries=run.record.alerts.deliveries if run.record.alerts else (),
    )


def _report(
    run: Run, summary: RunSummary, finished_at: datetime, *, outcome: str, error: str | None = None
) -> Report:
    committed = outcome in {"published", "unchanged"}
    held = summary.checks.filter(
        (pl.col("severity") == "hold") & (pl.col("decision") != "accepted")
    ).sort("name", "inference_provider", "offer_id", "unit")
    return Report(
        run_id=run.record.run_id,
        outcome=outcome,
        origin=run.record.origin,
        home=str(run.home.root),
        started_at=run.record.started_at,
        finished_at=finished_at,
        publication_id=run.record.run_id if committed else published_id(run.home),
        counts=summary.counts,
        events=summary.events,
        feeds=feed_reports(
            summary.fetches,
            _by_feed(summary),
            {feed.name for feed, entry in run.fetched_feeds() if entry.required},
        ),
        held=[
            Held(**row)
            for row in held.select(
                "check_id", "name", "offer_id", "inference_provider", "unit", "message"
            ).to_dicts()
        ],
        rejected=dict(
            Counter(reason for reasons in summary.rejected["reasons"] for reason in reasons)
        ),
        examples=summary.examples,
        error=error,
    )


def _by_feed(summary: RunSummary) -> dict[str, tuple[int, int, int]]:
    whole = summary.entries.filter(pl.col("inference_provider").is_null())
    return {
        row["feed"]: (row["records"], row["accepted"], row["rejected"])
        for row in whole.iter_rows(named=True)
    }


def _feed_rows(run: Run) -> pl.DataFrame:
    precedence = {s.source: s.precedence.get("price", []) for s in run.registry.sources}
    return pl.DataFrame(
        [
            {
                "feed": feed.name,
                "source": feed.source,
                "kind": entry.kind,
                "url": run.record.settings[feed.name] + entry.path,
                "terms_url": str(entry.terms_url),
                "required": entry.required,
                "enabled": run.reads(entry),
                "expected_every_s": entry.expected_every_s,
                "price_rank": _rank(feed.name, precedence[feed.source]),
                "priced_only": not feed.spec.names_offers,
            }
            for feed, entry in run.fetched_feeds()
        ]
        + [
            {
                "feed": feed.name,
                "source": feed.source,
                "kind": "price_list",
                "url": str(rule.rate_url),
                "terms_url": str(rule.rate_url),
                "required": False,
                "enabled": True,
                "expected_every_s": rule.expected_every_s,
                "priced_only": not feed.spec.names_offers,
            }
            for feed, rule in run.estimates()
        ]
    )


def _rank(feed: str, precedence: list[str]) -> int | None:
    return precedence.index(feed) + 1 if feed in precedence else None


def _source_rows(run: Run) -> pl.DataFrame:
    return pl.DataFrame(
        [
            s.model_dump(include={"source", "display_name", "licence", "attribution"})
            for s in run.registry.sources
        ]
    )
