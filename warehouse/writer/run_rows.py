"""Write the rows about runs themselves: `runs` and `run_feeds`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from typing import Any

import polars as pl

from schemas.contract import UTC_TIME
from schemas.errors import WarehouseError
from schemas.load import Counts, FeedCount, Load
from schemas.records import FeedFetch, RunRecord
from warehouse.statements import statement
from warehouse.tables import RUN_FEEDS
from warehouse.writer.frames import Sink, append

_NO_COUNTS: dict[str, Any] = {field.name: None for field in fields(Counts)}
_NO_FEED_COUNT: dict[str, Any] = {field.name: None for field in fields(FeedCount)}
_TYPES: dict[str, Any] = {
    **dict.fromkeys(("started_at", "finished_at", "observed_at"), UTC_TIME),
    **dict.fromkeys((*_NO_FEED_COUNT, "short_pages"), pl.Int64),
    **dict.fromkeys(("error_code", "error"), pl.String),
}
"""Of the columns that may hold no value at all, from which polars could not infer a type."""


def append_runs(con: Sink, load: Load, *, next_sequence: int) -> None:
    """Append the failed runs since the last commit, then this run.

    WarehouseError when the sequence of the run does not follow the last one of the warehouse.
    """
    if load.sequence != next_sequence + len(load.failures):
        raise WarehouseError(
            f"run {load.record.run_id}: its sequence {load.sequence} does not "
            f"follow the warehouse's {next_sequence - 1}; nothing was written"
        )
    for place, failure in enumerate(load.failures):
        _append_run(
            con,
            failure.record,
            sequence=next_sequence + place,
            published=False,
            finished_at=failure.finished_at,
            outcome=failure.outcome,
            error=failure.error,
            **_NO_COUNTS,
        )
        _append_run_feeds(con, failure.record, failure.fetches, {})
    _append_run(
        con,
        load.record,
        sequence=load.sequence,
        published=True,
        finished_at=load.finished_at,
        outcome=load.outcome,
        error=None,
        **asdict(load.counts),
    )
    _append_run_feeds(con, load.record, load.fetches, load.feed_counts)


def _append_run(con: Sink, record: RunRecord, **values: Any) -> None:
    con.execute(
        statement("append_run"),
        {
            "run_id": record.run_id,
            "flow": record.flow,
            "trigger": record.trigger,
            "origin": record.origin,
            "scheduled_at": record.scheduled_at,
            "started_at": record.started_at,
            "code_version": record.code_version,
            "prefect_run_id": record.prefect_run_id,
            **values,
        },
    )


def _append_run_feeds(
    con: Sink,
    record: RunRecord,
    fetches: Iterable[FeedFetch],
    counts: Mapping[str, FeedCount],
) -> None:
    """Append a row for each feed; `counts` has the feeds whose rows entered the warehouse."""
    rows = [
        {
            "run_id": record.run_id,
            "feed": f.feed,
            "outcome": f.outcome,
            "requests": f.requests,
            "retries": f.retries,
            "pages": len(f.pages),
            "bytes": f.bytes,
            "waited_s": f.waited_s,
            "started_at": f.started_at,
            "finished_at": f.finished_at,
            "observed_at": f.observed_at if f.feed in counts else None,  # only what entered
            "details": record.details,
            "error_code": f.error_code,
            "error": f.error,
            "short_pages": f.short_pages,
            **(asdict(counts[f.feed]) if f.feed in counts else _NO_FEED_COUNT),
        }
        for f in fetches
    ]
    if rows:
        frame = pl.DataFrame(rows, infer_schema_length=None, schema_overrides=_TYPES)
        append(con, RUN_FEEDS, frame)
