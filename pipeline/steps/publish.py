"""Publish what was committed: a verified copy of the warehouse, and the link moved to it."""

from __future__ import annotations

from pipeline.context import Run
from pipeline.report import Report
from warehouse.publication.publish import publish


def publish_run(run: Run, report: Report) -> Report:
    """Publish a committed run; after a failed or dry run the last good publication stays."""
    if report.outcome in {"published", "unchanged"}:
        publish(run.home, report.run_id)
    return report
