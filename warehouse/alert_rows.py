"""Read the alerts that a file holds, and write those that a run opened and closed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import polars as pl

from schemas.alerts import Alert, AlertFacts, AlertState
from schemas.contract import UTC_TIME
from schemas.load import Load
from schemas.unknown_keys import MARK
from warehouse.connect import Connection
from warehouse.rows import named_rows
from warehouse.statements import statement
from warehouse.tables import ALERTS
from warehouse.writer.frames import Sink, append, run_with_frames

PEAK_DAYS = timedelta(days=1)
"""How far back the number of priced cards is compared."""
_TYPES: dict[str, Any] = {
    **dict.fromkeys(("opened_at", "notified_at", "closed_at"), UTC_TIME),
    **dict.fromkeys(("feed", "before", "recovery"), pl.String),
}


def read_alert_state(con: Connection) -> AlertState:
    """Return the open alerts and what counts failures; nothing of a file of earlier code."""
    try:
        rows = named_rows(con.execute(statement("read_open_alerts")))
    except duckdb.CatalogException:
        return AlertState()
    return AlertState(
        open=[Alert(**row) for row in rows],
        streaks=dict(con.execute(statement("read_failure_streaks")).fetchall()),
        observed_to=_observed_to(con),
    )


def read_ended_alerts(con: Connection, *, since: datetime) -> list[Alert]:
    """Return the alerts that closed since a time; nothing of a file of earlier code."""
    try:
        found = con.execute(statement("read_ended_alerts"), {"since": since})
    except duckdb.CatalogException:
        return []
    return [Alert(**row) for row in named_rows(found)]


def known_deliveries(con: Connection) -> Collection[str]:
    """Return the alerts of which a commit recorded a delivery."""
    return {alert_id for (alert_id,) in con.execute(statement("read_known_deliveries")).fetchall()}


def store_alerts(con: Connection, load: Load, state: AlertState, sink: Sink) -> None:
    """Write into the sink what a run opened and closed, and the deliveries that it knew.

    All else is written. `state` are the alerts before the run; it is moved on.
    """
    if load.find_alerts is None:
        return
    before = {alert.alert_id for alert in state.open}
    load.find_alerts(state, _read_facts(con, load))
    fresh = [alert for alert in state.alerts if alert.alert_id not in before]
    append(sink, ALERTS, _frame(fresh).with_columns(run_id=pl.lit(load.record.run_id)))
    ended = [alert for alert in state.ended if alert.alert_id in before]
    if ended:
        run_with_frames(sink, statement("update_alerts"), ended=_frame(ended))
    if load.deliveries:
        delivered = pl.DataFrame(
            [(each.alert_id, each.at) for each in load.deliveries],
            schema={"alert_id": pl.String, "at": UTC_TIME},
            orient="row",
        )
        run_with_frames(sink, statement("update_alert_deliveries"), delivered=delivered)


def _read_facts(con: Connection, load: Load) -> AlertFacts:
    since = {"since": load.finished_at - PEAK_DAYS}
    priced = con.execute(statement("read_priced_peak"), since).fetchone() or (0, 0)
    mark, run = {"mark": MARK}, {"run_id": load.record.run_id}
    return AlertFacts(
        held=named_rows(con.execute(statement("read_held_findings"))),
        unknown_keys=named_rows(con.execute(statement("read_unknown_keys"), mark)),
        changes=named_rows(con.execute(statement("read_alert_changes"), run)),
        priced=priced[0] or 0,
        priced_peak=priced[1] or 0,
        observed_to=_observed_to(con),
    )


def _observed_to(con: Connection) -> datetime | None:
    row = con.execute("SELECT observed_to FROM internal._ph_window").fetchone()
    return row[0].astimezone(UTC) if row and row[0] else None


def _frame(alerts: Sequence[Alert]) -> pl.DataFrame:
    """Return rows of alerts, each id once."""
    rows = {alert.alert_id: asdict(alert) for alert in alerts}
    names = dict.fromkeys(Alert.__dataclass_fields__, pl.String)
    schema: dict[str, Any] = names | {"settles": pl.Boolean} | _TYPES
    return pl.DataFrame(list(rows.values()), schema=schema)
