"""The last stages: write the hour in one transaction, publish a copy, say how it went."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

import polars as pl
from msgspec.structs import replace

from pipeline.report import Held, Report, feed_reports
from pipeline.session import Run
from pipeline.steps.reconcile import RunResult
from schemas.delta import Delta
from schemas.load import FeedCount, Load
from schemas.records import EndMark
from transforms.compliance import claim_rows
from transforms.history.gaps import find_gaps
from warehouse.connect import open_writer
from warehouse.publication.publish import publish, published_id
from warehouse.writer.load import commit as commit_load

RULE_VERSION = "2"
"""Changes when the same bytes would give other prices."""


def load_run(run: Run, judged: RunResult) -> Report:
    """Write the hour and mark the run's end; a dry run writes nothing and says what it would."""
    finished_at = run.clock()
    if judged.delta is None:
        return _failed(run, judged, finished_at)
    outcome = "published" if judged.counts.changes else "unchanged"
    if run.dry_run:
        run.folder.end(EndMark(outcome="dry_run", finished_at=finished_at))
        return _report(run, judged, finished_at, outcome="dry_run")
    load = _load(run, judged, judged.delta, finished_at, outcome)
    run.committing = True
    with open_writer(run.home.warehouse) as con:
        commit_load(con, load)
    run.folder.end(EndMark(outcome="committed", finished_at=finished_at, sequence=load.sequence))
    return _report(run, judged, finished_at, outcome=outcome)


def publish_run(run: Run, report: Report) -> Report:
    """Publish what was committed; a failed or dry run leaves the last good publication."""
    if report.outcome in {"published", "unchanged"}:
        publish(run.home, report.run_id)
    return report


def _load(run: Run, judged: RunResult, delta: Delta, finished_at: datetime, outcome: str) -> Load:
    failures = run.failures()
    rhythm = {feed.feed: feed.expected_every_s for _, feed in run.registry.feeds()}
    asked = {feed: at for feed, at in delta.observed.items() if feed in rhythm}
    return Load(
        record=run.record,
        finished_at=finished_at,
        sequence=(run.last.sequence if run.last else 0) + len(failures) + 1,
        outcome=outcome,
        counts=judged.counts,
        fetches=judged.fetches,
        feed_counts={feed: FeedCount(*numbers) for feed, numbers in _by_feed(judged).items()},
        delta=delta,
        gaps=find_gaps(run.observed, asked, rhythm, run_id=run.record.run_id),
        checks=judged.checks,
        rejected=judged.rejected,
        feeds=_feed_rows(run),
        sources=_source_rows(run),
        compliance_claims=claim_rows(run.registry, run.claims, today=run.today.date()),
        rule_version=RULE_VERSION,
        failures=failures,
    )


def _failed(run: Run, judged: RunResult, finished_at: datetime) -> Report:
    failed = [f for f in judged.fetches if f.error and f.outcome != "skipped"]
    said = "; ".join(str(f.error) for f in failed)  # each begins with its feed
    error = said or "a feed that must have been whole once before anything is published was not"
    mark = EndMark(outcome="failed", finished_at=finished_at, error=error)
    run.folder.end(replace(mark, outcome="dry_run") if run.dry_run else mark)
    return _report(run, judged, finished_at, outcome="failed", error=error)


def _report(
    run: Run, judged: RunResult, finished_at: datetime, *, outcome: str, error: str | None = None
) -> Report:
    committed = outcome in {"published", "unchanged"}
    held = judged.checks.filter(
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
        counts=judged.counts,
        events=judged.events,
        feeds=feed_reports(
            judged.fetches,
            _by_feed(judged),
            {feed.feed for _, feed in run.registry.feeds() if feed.required},
        ),
        held=[
            Held(**row)
            for row in held.select(
                "check_id", "offer_id", "inference_provider", "unit", "message"
            ).to_dicts()
        ],
        rejected=dict(
            Counter(reason for reasons in judged.rejected["reasons"] for reason in reasons)
        ),
        examples=judged.examples,
        error=error,
    )


def _by_feed(judged: RunResult) -> dict[str, tuple[int, int, int]]:
    whole = judged.entries.filter(pl.col("inference_provider").is_null())
    return {
        row["feed"]: (row["records"], row["accepted"], row["rejected"])
        for row in whole.iter_rows(named=True)
    }


def _feed_rows(run: Run) -> pl.DataFrame:
    precedence = run.registry.sources[0].precedence["price"]
    return pl.DataFrame(
        [
            {
                "feed": feed.feed,
                "source": source.source,
                "kind": feed.kind,
                "url": run.record.settings[feed.feed] + feed.path,
                "terms_url": str(feed.terms_url),
                "required": feed.required,
                "enabled": run.reads(feed),
                "expected_every_s": feed.expected_every_s,
                "price_rank": _rank(feed.feed, precedence),
                "priced_only": feed.inference_provider is not None,
            }
            for source, feed in run.registry.feeds()
        ]
        + [
            {
                "feed": rule.feed,
                "source": rule.source,
                "kind": "price_list",
                "url": str(rule.rate_url),
                "terms_url": str(rule.rate_url),
                "required": False,
                "enabled": True,
                "expected_every_s": rule.expected_every_s,
                "priced_only": True,
            }
            for rule in run.registry.estimates
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
