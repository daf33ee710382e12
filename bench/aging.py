"""Put earlier history before that of a home: what some played hours logged, again and again.

Playing a year of hours takes hours of a processor, and all that grows with the years is the rows
of the logs and the records of the runs. So the hours of a period are played once; every earlier
period of the same length is a copy of what they logged, dated back. Models that came in the period
get names of their own in each copy, as their offers do, and end in it. An offer of a model that was
there before has the same id whenever it comes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from schemas.records import PackedRun
from warehouse.connect import Connection, open_writer
from warehouse.storage.landing import Landing
from warehouse.storage.run_days import day_file, day_of, write_day
from warehouse.storage.run_folder import pretty
from warehouse.tables import RUNS, TABLES, Kind, Table
from warehouse.view_files import definition

_RUN_TIME = "%Y%m%dT%H%M%S%f"
_RUN_TIME_LENGTH = len("20250101T000500010000")
_RUN_IDS = ("run_id", "claim_run_id")
_OFFER_IDS = ("offer_id", "old_offer_id", "new_offer_id")
_STATED_TIMES = ("created_at", "modified_at")
"""What the Hub states of a model; every other time is when a run saw something."""
_ENDING = ("internal._ph_claim_log", "internal._ph_price_log", "internal._ph_status_log")
_BASE = """
CREATE TEMP TABLE base_run AS
FROM internal._ph_run WHERE sequence BETWEEN 2 AND 1 + $hours
"""
_COPIES = """
CREATE TEMP TABLE copy AS
SELECT n::VARCHAR AS number, n AS place, n * $hours + 1 AS back
FROM (SELECT unnest($copies::BIGINT[]) AS n)
"""
_CAME = """
CREATE TEMP TABLE base_time AS
SELECT min(started_at) AS "from", max(finished_at) AS until FROM base_run;
CREATE TEMP TABLE came_model AS
SELECT m.* FROM internal._ph_model m, base_time t
WHERE m.first_seen_at BETWEEN t."from" AND t.until;
CREATE TEMP TABLE came AS
SELECT o.* FROM internal._ph_offer o SEMI JOIN came_model USING (model_id);
CREATE TEMP TABLE ended AS
SELECT substr(sha256(c.offer_id || p.number), 1, 16) AS offer_id,
       t.until - to_hours(p.back) AS until
FROM came c, base_time t, copy p
"""
_END = """
UPDATE internal._ph_offer o SET gone_at = coalesce(o.gone_at, e.until), last_seen_at = e.until
FROM ended e WHERE o.offer_id = e.offer_id
"""
_MODEL = (
    "CASE WHEN model_id IN (SELECT model_id FROM came_model) THEN model_id || '-before' || number "
    "ELSE model_id END"
)


def age(home: Path, *, hours: int, copies: Iterable[int], keep_from: datetime) -> None:
    """Put copies of the first `hours` hours after the first one before all that a home has.

    `copies` are their numbers, 1 for the period right before. Records of runs that started before
    `keep_from` are packed by days, as maintenance leaves them.
    """
    numbers = list(copies)
    with open_writer(home / "warehouse.duckdb") as con:
        con.execute(_BASE, {"hours": hours})
        con.execute(_COPIES, {"hours": hours, "copies": numbers})
        con.execute(_CAME)
        con.execute("BEGIN")
        _copy_rows(con)
        con.execute(definition("_ph_price_end")[0])
        con.execute("COMMIT")
        run_ids = [run_id for (run_id,) in con.execute("SELECT run_id FROM base_run").fetchall()]
    _copy_records(Landing(home / "landing"), run_ids, hours, numbers, keep_from)


def _copy_rows(con: Connection) -> None:
    """Copy the rows of the period in every log, the models that came in it, and their offers."""
    for table in TABLES:
        if table.kind in {Kind.LOG, Kind.APPENDED}:
            _copy_log(con, table)
    for name, rows in (("internal._ph_offer", "came"), ("internal._ph_model", "came_model")):
        _insert(con, name, rows, {"model_id": _MODEL})
    con.execute(_END)
    for name in _ENDING:
        _end_series(con, name)


def _copy_log(con: Connection, table: Table) -> None:
    name, values = table.name, {"sequence": "sequence - back"}
    rows = "base_run" if table is RUNS else f"(FROM {name} SEMI JOIN base_run USING (run_id))"
    if table.kind is Kind.LOG:  # the ids of a copy are those right before all others
        base = f"FROM {name} SEMI JOIN base_run USING (run_id)"
        of_id = f"(SELECT max({table.row_id}) {base})"
        first = f"(SELECT min({table.row_id}) {base})"
        span = f"({of_id} - {first} + 1)"
        values[table.row_id] = f"{table.row_id} - {of_id} - (place - 1) * {span}"
    values["check_id"] = "substr(sha256(check_id || number), 1, 16)"
    _insert(con, name, rows, values)


def _insert(con: Connection, name: str, rows: str, values: Mapping[str, str]) -> None:
    chosen = _columns(con, name, values)
    con.execute(
        f"INSERT INTO {name} BY NAME SELECT {chosen} FROM {rows}, copy"  # noqa: S608 - our own names
    )


def _columns(con: Connection, name: str, values: Mapping[str, str]) -> str:
    """Return the columns of a table as a copy has them: dated back, with ids of their own."""
    chosen = []
    for column, kind in _names(con, name).items():
        value = values.get(column, f'"{column}"')
        if kind == "TIMESTAMP WITH TIME ZONE" and column not in _STATED_TIMES:
            value = f'"{column}" - to_hours(back)'
        elif column in _RUN_IDS:
            value = (
                f"strftime(strptime({column}[:{_RUN_TIME_LENGTH}], '{_RUN_TIME}') "
                f"- to_hours(back), '{_RUN_TIME}') || {column}[{_RUN_TIME_LENGTH + 1}:]"
            )
        elif column in _OFFER_IDS:
            value = (
                f"CASE WHEN {column} IN (SELECT offer_id FROM came) "  # noqa: S608 - our own names
                f"THEN substr(sha256({column} || number), 1, 16) ELSE {column} END"
            )
        chosen.append(f'{value} AS "{column}"')
    return ", ".join(chosen)


def _end_series(con: Connection, name: str) -> None:
    """End what copies leave open of the offers of models that came in them."""
    key = [c for c in ("offer_id", "unit", "tier", "feed") if c in _names(con, name)]
    series = ", ".join(f"t.{c}" for c in (key if name != "internal._ph_price_log" else key[:-1]))
    con.execute(
        f"INSERT INTO {name} BY NAME "  # noqa: S608 - our own names
        "SELECT t.* REPLACE ('absence' AS kind, e.until AS valid_from, "
        f"(SELECT min(log_id) FROM {name}) - row_number() OVER () AS log_id) "
        f"FROM {name} t JOIN ended e ON e.offer_id = t.offer_id "
        f"QUALIFY row_number() OVER (PARTITION BY {series} "
        "ORDER BY t.valid_from DESC, t.log_id DESC) = 1 AND t.kind <> 'absence'"
    )


def _names(con: Connection, name: str) -> dict[str, str]:
    table = con.table(name)
    return {column: str(kind) for column, kind in zip(table.columns, table.types, strict=True)}


def _copy_records(
    landing: Landing, run_ids: list[str], hours: int, numbers: list[int], keep_from: datetime
) -> None:
    """Write the records of the runs of each copy; what they landed is that of the played runs."""
    folders = [landing.run_of(run_id) for run_id in run_ids]
    played = [folder.as_packed() for folder in folders if folder is not None]
    for number in numbers:
        back = timedelta(hours=number * hours + 1)
        days: dict[str, list[PackedRun]] = {}
        for run in played:
            copy = _dated_back(run, back, sequences=number * hours + 1)
            if copy.record.started_at < keep_from:
                days.setdefault(day_of(copy.record.run_id), []).append(copy)
            else:
                _write_folder(landing.root / "runs" / copy.record.run_id, copy)
        for day, runs in days.items():
            write_day(day_file(landing.root / "days", day), runs)


def _dated_back(run: PackedRun, back: timedelta, *, sequences: int) -> PackedRun:
    plain = msgspec.to_builtins(run, builtin_types=(datetime,))
    moved = _moved(plain, back)
    run_id = run.record.run_id
    began = datetime.strptime(run_id[:_RUN_TIME_LENGTH], _RUN_TIME) - back  # noqa: DTZ007 - as text
    moved["record"]["run_id"] = began.strftime(_RUN_TIME) + run_id[_RUN_TIME_LENGTH:]
    moved["mark"]["sequence"] = (run.mark.sequence or 0) - sequences
    return msgspec.convert(moved, PackedRun, builtin_types=(datetime,))


def _moved(value: Any, back: timedelta) -> Any:
    """Return plain data with every time in it moved back."""
    if isinstance(value, datetime):
        return value - back
    if isinstance(value, dict):
        return {key: _moved(each, back) for key, each in value.items()}
    return [_moved(each, back) for each in value] if isinstance(value, list) else value


def _write_folder(folder: Path, run: PackedRun) -> None:
    folder.mkdir(parents=True)
    (folder / "run.json").write_bytes(pretty(run.record))
    for fetch in run.fetches:
        (folder / f"{fetch.feed}.json").write_bytes(pretty(fetch))
    (folder / "end.json").write_bytes(pretty(run.mark))
