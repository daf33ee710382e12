"""Copy rows between a shared warehouse and a file: pull, refresh, push, and compare row for row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

from schemas.errors import WarehouseError
from warehouse.connect import Connection, Limits, open_writer
from warehouse.lake.attach import NAME, attach_lake, load_extensions, open_lake
from warehouse.lake.lake_errors import lake_errors
from warehouse.lake.lake_recorder import write_message
from warehouse.lake.lake_schema import (
    Head,
    columns_of,
    current_head,
    define_views,
    write_head,
)
from warehouse.lake.lake_settings import LakeSettings
from warehouse.lake.lake_statements import (
    KEYED,
    SHARED,
    append_new_rows,
    copy_rows,
    count_rows,
    create_table,
    in_lake,
    make_equal,
)
from warehouse.migrate import migrate, run_migrations
from warehouse.statements import statement
from warehouse.storage.home import Home
from warehouse.tables import Kind
from warehouse.view_files import definition
from warehouse.writer.staging_file import replace_warehouse, require_warehouse, staged_database
from warehouse.writer.state import LastRun, read_last_run
from warehouse.writer.stored_cards import store_every_card
from warehouse.writer.table_content import content_of

COPYING = Limits(memory="1GB", threads=2)


def pull(home: Home, settings: LakeSettings, head: Head, *, now: datetime) -> None:
    """Make the home's file of all rows of the shared warehouse, and put it in place.

    WarehouseError, with nothing changed, when a table does not come over row for row.
    """
    with staged_database(home.root, home.warehouse.name) as staged:
        with open_writer(staged, COPYING) as con:
            run_migrations(con, now=now, last=head.migration)
            with _attached(con, settings):
                present = columns_of(con, NAME)  # of earlier code it has fewer tables
                con.execute("BEGIN")
                for table in SHARED:
                    if table.relation in present:
                        con.execute(copy_rows(table, source=in_lake(table), target=table.name))
                con.execute("COMMIT")
                _require_equal(con)
            migrate(con, now=now)
            con.execute(statement("create_compaction_table"))
            con.execute(statement("replace_compaction_mark"))
            con.execute("CHECKPOINT")
        require_warehouse(staged, run_id=str(head.run_id), sequence=head.sequence)
        # its own commits are in the shared warehouse, or were never in it
        home.warehouse.with_name(f"{home.warehouse.name}.wal").unlink(missing_ok=True)
        replace_warehouse(home, staged)


def refresh(home: Home, settings: LakeSettings, head: Head, last: LastRun) -> None:
    """Bring a file that ends with an earlier run of the shared warehouse up to its head.

    WarehouseError, with nothing changed, when it then has other rows.
    """
    with open_writer(home.warehouse, COPYING) as con, _attached(con, settings):
        columns = columns_of(con)
        con.execute("BEGIN")
        for table in SHARED:
            if _is_appended(table.relation):
                parameters = {"sequence": last.sequence}
                query = append_new_rows(table)
                con.execute(query, parameters if "$sequence" in query else {})
                continue
            for query in make_equal(table, [c.name for c in columns[table.relation]]):
                con.execute(query)
        con.execute(definition("_ph_price_end")[0])
        store_every_card(con)
        _require_counts(con)
        found = read_last_run(con)
        if found is None or (found.sequence, found.run_id) != (head.sequence, head.run_id):
            raise WarehouseError(f"the refreshed copy ends with run {found and found.run_id}")
        con.execute("COMMIT")


def push(home: Home, settings: LakeSettings, head: Head) -> LastRun:
    """Write all rows of the home's file into the shared warehouse, in one transaction.

    Its own tables are dropped and made again, whatever became of their files. Without the guard of
    a run against a lost answer, because the rows are compared afterwards: a push again repairs it.
    """
    with open_writer(home.warehouse, COPYING) as con, _attached(con, settings, read_only=False):
        last = read_last_run(con)
        if last is None:
            raise WarehouseError(f"{home.warehouse} has no committed run to push")
        columns = columns_of(con)
        con.execute("BEGIN")
        for table in SHARED:
            con.execute(f"DROP TABLE IF EXISTS {in_lake(table)}")
            con.execute(create_table(table, columns[table.relation], where=f"{NAME}."))
            con.execute(copy_rows(table, source=table.name, target=in_lake(table)))
        con.execute(f"USE {NAME}")
        define_views(con)
        write_head(con, head, current_head(last.sequence, last.run_id))
        write_message(con, f"push {last.run_id}")
        con.execute("COMMIT")
        con.execute("USE warehouse")
        _require_equal(con)
        return last


def empty(settings: LakeSettings, head: Head) -> None:
    """Drop the tables of the shared warehouse, in one transaction."""
    with open_lake(settings) as con, lake_errors(settings):
        con.execute("BEGIN")
        for table in SHARED:
            con.execute(f"DROP TABLE IF EXISTS {in_lake(table)}")
        write_head(con, head, Head(0, None, 0, ""))
        write_message(con, f"empty: {head.run_id} and all before are set aside")
        con.execute("COMMIT")


def unlike_tables(home: Home, settings: LakeSettings) -> list[str]:
    """Return the tables of which the file and the shared warehouse have other rows."""
    with open_writer(home.warehouse, COPYING) as con, _attached(con, settings):
        return _unlike(con)


def is_copy(lake: Connection, last: LastRun) -> bool:
    """Return whether the shared warehouse has this run at its sequence."""
    row = lake.execute(statement("read_run_at"), {"sequence": last.sequence}).fetchone()
    return row is not None and row[0] == last.run_id


@contextmanager
def _attached(con: Connection, settings: LakeSettings, *, read_only: bool = True) -> Iterator[None]:
    """Attach the shared warehouse beside the file while the block runs."""
    with lake_errors(settings):
        load_extensions(con, settings)
        attach_lake(con, settings, read_only=read_only)
        try:
            yield
        except BaseException:
            with suppress(Exception):
                con.execute("ROLLBACK")
            raise
        con.execute(f"DETACH {NAME}")


def _is_appended(relation: str) -> bool:
    kinds = {table.relation: table.kind for table in SHARED}
    return kinds[relation] in {Kind.LOG, Kind.APPENDED} and relation not in KEYED


def _require_counts(con: Connection) -> None:
    here = con.execute(count_rows(SHARED)).fetchall()
    there = con.execute(count_rows(SHARED, prefix=f"{NAME}.")).fetchall()
    if unlike := sorted({str(name) for name, _ in set(here) ^ set(there)}):
        raise WarehouseError(f"the copy has other rows in {', '.join(unlike)} than the lake")


def _require_equal(con: Connection) -> None:
    if unlike := _unlike(con):
        raise WarehouseError(
            f"the copied tables {', '.join(unlike)} have other rows than before; nothing was "
            "changed here"
        )


def _unlike(con: Connection) -> list[str]:
    columns, present = columns_of(con), columns_of(con, NAME)
    found = []
    for table in SHARED:
        if table.relation not in present and table.relation not in columns:
            continue
        names = [column.name for column in columns[table.relation]]
        there = con.table(in_lake(table))
        names = [name for name in names if name in there.columns]
        here = con.table(table.name).select(*names)
        if content_of(here) != content_of(there.select(*names)):
            found.append(table.relation)
    return found
