"""Write one run into the warehouse: one transaction, all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import polars as pl

from schemas.contract import UTC_TIME
from schemas.delta import Diff
from schemas.errors import WarehouseError
from schemas.load import Load, StagedRows
from warehouse.alert_rows import read_alert_state, store_alerts
from warehouse.connect import Connection
from warehouse.statements import statement
from warehouse.table_statements import delete_all_rows, delete_rows, find_shared_keys
from warehouse.tables import (
    GAPS,
    OFFER_LINKS,
    REJECTED_ROWS,
    RUNS,
    Kind,
    Table,
    tables_of,
)
from warehouse.writer.frames import Sink, append, append_with, run_with_frames
from warehouse.writer.price_ends import store_price_ends
from warehouse.writer.recorder import RunRecorder, Tee
from warehouse.writer.run_rows import append_runs
from warehouse.writer.stored_cards import (
    are_stored,
    store_every_card,
    store_touched_cards,
    touched_offers,
    touched_providers,
)

CURRENT = tuple(tables_of(Kind.CURRENT))


def commit(
    con: Connection,
    load: Load,
    *,
    recorder: RunRecorder | None = None,
    on_recorded: Callable[[], None] = lambda: None,
) -> None:
    """Apply a run's differences, append its logs, check the keys, commit, checkpoint.

    The delta is used up: each part is dropped from memory as soon as it is written.
    With a `recorder` the run is committed there first; then `on_recorded` is called, and what is
    not committed to the file by a kill in between, the next run copies.

    Raises WarehouseError, with nothing written, when a key is not unique in a table that got rows.
    """
    con.execute("BEGIN")
    try:
        if recorder is not None:
            recorder.begin()
        changed = _write(con, load, con if recorder is None else Tee(con, recorder))
        if shared := tables_with_shared_keys(con, changed):
            raise WarehouseError(
                f"run {load.record.run_id}: two rows share a key in {', '.join(shared)}; "
                "nothing was written"
            )
        if recorder is not None:
            recorder.commit(load, changed, con)
    except BaseException:
        if recorder is not None:
            recorder.roll_back()
        con.execute("ROLLBACK")
        raise
    if recorder is not None:
        on_recorded()
    con.execute("COMMIT")
    con.execute("CHECKPOINT")


def tables_with_shared_keys(con: Connection, tables: Sequence[Table] = CURRENT) -> list[str]:
    """Return the names of the current tables in which two rows share a key."""
    query = find_shared_keys(tables)
    return [part for (part,) in con.execute(query).fetchall()] if tables else []


def _write(con: Connection, load: Load, sink: Sink) -> list[Table]:
    """Write everything into the sink; return the current tables that got rows, in which keys may be
    shared.

    Derived rows are stored in the file alone.
    """
    delta, started_at = load.delta, load.record.started_at
    stamps = {
        "run_id": load.record.run_id,
        "recorded_at": started_at,
        "rule_version": load.rule_version,
    }
    changed = []
    offers, providers = touched_offers(delta), touched_providers(delta)
    are_whole = are_stored(con)
    alerts = read_alert_state(con)
    for table in CURRENT:
        change = delta.take(table.part)
        if not change.fresh.is_empty():
            changed.append(table)
        _apply_diff(sink, table, change)
    for table in tables_of(Kind.LOG):
        _append_log(con, sink, table, delta.take(table.part), stamps)
    if load.staged is not None:
        _write_staged(con, sink, load.staged, stamps)
        changed = list(CURRENT)
    store_price_ends(con, load.record.run_id)
    append(sink, OFFER_LINKS, delta.links.with_columns(run_id=pl.lit(stamps["run_id"])))
    append(sink, GAPS, load.gaps)
    append_with(sink, statement("append_new_checks"), load.checks)
    _update_checks(sink, delta.decided.with_columns(decided_at=pl.lit(started_at, UTC_TIME)))
    append(sink, REJECTED_ROWS, load.rejected)
    append_runs(sink, load, next_sequence=_next_id(con, RUNS))
    roles = _feed_roles(con)
    for table in tables_of(Kind.REPLACED):
        _replace_rows(con, sink, table, getattr(load, table.part))
    store_alerts(con, load, alerts, sink)
    # once a day all cards, so that no fault of a stored one lasts
    if not load.record.details and are_whole and roles == _feed_roles(con) and not load.staged:
        store_touched_cards(con, offers, providers)
    else:
        store_every_card(con)
    return changed


def _feed_roles(con: Connection) -> list[tuple[str, bool]]:
    """Return the feeds, and whether each only prices offers, which then does not date them."""
    return con.execute(statement("read_feed_roles")).fetchall()


def _write_staged(con: Connection, sink: Sink, staged: StagedRows, stamps: dict[str, Any]) -> None:
    """Write the rows that a large first run left on disk."""
    for table in tables_of(Kind.CURRENT):
        for rows in staged.frames(table.part):
            append(sink, table, rows)
    for table in tables_of(Kind.LOG):
        for rows in staged.frames(table.part):
            _append_log(con, sink, table, rows, stamps)


def _replace_rows(con: Connection, sink: Sink, table: Table, rows: pl.DataFrame) -> None:
    """Replace all rows of a table; a shared warehouse is not given the same ones again."""
    before = con.table(table.name).fetchall()
    con.execute(delete_all_rows(table))
    append(con, table, rows)
    same = sorted(map(repr, before)) == sorted(map(repr, con.table(table.name).fetchall()))
    if isinstance(sink, Tee) and not same:
        sink.recorder.execute(delete_all_rows(table))
        append(sink.recorder, table, rows)


def _apply_diff(sink: Sink, table: Table, change: Diff) -> None:
    """Delete and insert what differs; an unchanged hour touches no row."""
    if not change.stale.is_empty():
        run_with_frames(sink, delete_rows(table), stale=change.stale)
    append(sink, table, change.fresh)


def _append_log(
    con: Connection, sink: Sink, table: Table, rows: pl.DataFrame, stamps: dict[str, Any]
) -> None:
    """Append with ids that follow the last one; the order of rows is the order of ids."""
    if "run_id" in rows.columns:  # of the claim, which an earlier run may have recorded
        rows = rows.rename({"run_id": "claim_run_id"})
    first = _next_id(con, table)
    append(
        sink,
        table,
        rows.with_columns(
            pl.int_range(first, first + rows.height, dtype=pl.Int64).alias(table.row_id),
            **{stamp: pl.lit(stamps[stamp]) for stamp in table.stamps},
        ),
    )


def _next_id(con: Connection, table: Table) -> int:
    row = con.table(table.name).max(table.row_id).fetchone()
    return (row[0] or 0) + 1 if row else 1


def _update_checks(sink: Sink, decided: pl.DataFrame) -> None:
    """Record what became of earlier findings: accepted, rejected, or expired."""
    if not decided.is_empty():
        run_with_frames(sink, statement("update_checks"), decided=decided)
