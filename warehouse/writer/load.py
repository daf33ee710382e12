"""Write one run into the warehouse: one transaction, all of it or nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import polars as pl

from schemas.contract import UTC_TIME
from schemas.delta import CURRENT, Diff
from schemas.errors import WarehouseError
from schemas.load import FeedCount, Load
from schemas.records import FeedFetch, RunRecord
from warehouse.connect import Connection
from warehouse.statements import statement

SLICE_ROWS = 20_000


def commit(con: Connection, load: Load) -> None:
    """Apply a run's differences, append its logs, assert the keys, commit, checkpoint.

    The delta is used up: each part is let go as soon as it is written.

    Raises WarehouseError, with nothing written, when a key is not unique afterwards.
    """
    con.execute("BEGIN")
    try:
        _write(con, load)
        doubled = con.execute(statement("check_keys")).fetchall()
        if doubled:
            relations = ", ".join(row[0] for row in doubled)
            raise WarehouseError(
                f"run {load.record.run_id}: two rows share a key in {relations}; "
                "nothing was written"
            )
    except BaseException:
        con.execute("ROLLBACK")
        raise
    con.execute("COMMIT")
    con.execute("CHECKPOINT")


def _write(con: Connection, load: Load) -> None:
    delta, run_id = load.delta, load.record.run_id
    recorded: dict[str, Any] = {"recorded_at": load.record.started_at}
    ruled = recorded | {"rule_version": load.rule_version}
    ids = con.sql(statement("read_next_ids")).pl().row(0, named=True)
    for name in CURRENT:
        _replace(con, name, delta.take(name))
    for name in ("claim_log", "price_log"):
        rows = delta.take(name).rename({"run_id": "claim_run_id"})
        _append_log(con, name, rows, ids, run_id, **ruled)
    del rows
    _append_log(con, "status_log", delta.take("status_log"), ids, run_id, **recorded)
    _append_log(con, "speed_log", delta.take("speed_log"), ids, run_id)
    _append_log(con, "change", delta.take("changes"), ids, run_id, key="change_id", **recorded)
    _append(con, "offer_link", delta.links.with_columns(run_id=pl.lit(run_id)))
    _append(con, "gap", load.gaps)
    _append(con, "check", load.checks)
    _decide(con, delta.decided.with_columns(decided_at=pl.lit(load.record.started_at, UTC_TIME)))
    _append(con, "rejected_row", load.rejected)
    _append_runs(con, load, next_sequence=ids["run"])
    _replace_all(con, "feeds", load.feeds)
    _replace_all(con, "sources", load.sources)
    _replace_all(con, "compliance_claims", load.compliance_claims)


def _replace(con: Connection, name: str, change: Diff) -> None:
    """Delete and insert what differs; an unchanged hour touches no row."""
    if not change.stale.is_empty():
        with_frames(con, f"delete_{name}", stale=change.stale)
    _append(con, name, change.fresh)


def _decide(con: Connection, decided: pl.DataFrame) -> None:
    """Write down what became of earlier findings: accepted, rejected, or out of date."""
    if not decided.is_empty():
        with_frames(con, "update_checks", decided=decided)


def _replace_all(con: Connection, name: str, fresh: pl.DataFrame) -> None:
    with_frames(con, f"replace_all_{name}", fresh=fresh)


def _append(con: Connection, name: str, fresh: pl.DataFrame) -> None:
    """Insert in slices: on its way into the database a frame is in memory a second time."""
    for part in fresh.iter_slices(SLICE_ROWS):
        if not part.is_empty():
            with_frames(con, f"append_{name}", fresh=part)


def _append_log(
    con: Connection,
    name: str,
    rows: pl.DataFrame,
    ids: dict[str, int],
    run_id: str,
    *,
    key: str = "log_id",
    **stamps: Any,
) -> None:
    """Append with ids that go on from the last; the order of rows is the order of ids."""
    first = ids[name]
    _append(
        con,
        name,
        rows.with_columns(
            pl.int_range(first, first + rows.height, dtype=pl.Int64).alias(key),
            run_id=pl.lit(run_id),
            **{stamp: pl.lit(value) for stamp, value in stamps.items()},
        ),
    )


class _Scan:
    """A frame for DuckDB to read once. Inside a transaction DuckDB keeps every object that was
    registered until the commit, so what it keeps must not be the frame."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame: pl.DataFrame | None = frame

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        if self._frame is None:
            raise WarehouseError("a frame was read after it was let go")
        return self._frame.__arrow_c_stream__(requested_schema)

    def let_go(self) -> None:
        """Forget the frame."""
        self._frame = None


def with_frames(con: Connection, name: str, **frames: pl.DataFrame) -> None:
    """Run a statement that reads the given frames under their names."""
    scans = {table: _Scan(frame) for table, frame in frames.items()}
    for table, scan in scans.items():
        con.register(table, scan)
    try:
        con.execute(statement(name))
    finally:
        for table, scan in scans.items():
            con.unregister(table)
            scan.let_go()


def _append_runs(con: Connection, load: Load, *, next_sequence: int) -> None:
    """Append the failures since the last commit, then this run."""
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
        )
        _append_feeds(con, failure.record, failure.fetches, {})
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
    _append_feeds(con, load.record, load.fetches, load.feed_counts)


_COUNTS = (
    "models",
    "offers",
    "adapters",
    "priced",
    "free",
    "suspect",
    "unpriced",
    "rejected",
    "changes",
    "holds",
)


def _append_run(con: Connection, record: RunRecord, **rest: Any) -> None:
    told = dict.fromkeys(_COUNTS) | rest
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
            **told,
        },
    )


def _append_feeds(
    con: Connection, record: RunRecord, fetches: Iterable[FeedFetch], counts: dict[str, FeedCount]
) -> None:
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
            **(
                asdict(counts[f.feed])
                if f.feed in counts
                else {"records": None, "accepted": None, "rejected": None}
            ),
        }
        for f in fetches
    ]
    if rows:
        times = dict.fromkeys(("started_at", "finished_at", "observed_at"), UTC_TIME)
        _append(
            con,
            "run_feed",
            pl.DataFrame(rows, infer_schema_length=None, schema_overrides=times | _NULLABLE),
        )


_NULLABLE: dict[str, Any] = {
    "records": pl.Int64,
    "accepted": pl.Int64,
    "rejected": pl.Int64,
    "error_code": pl.String,
    "error": pl.String,
}
