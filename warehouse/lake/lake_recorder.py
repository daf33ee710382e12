"""Commit a run to the shared warehouse, in a transaction that holds all of it or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import duckdb

from schemas.errors import WarehouseError
from schemas.load import Load
from warehouse.connect import Connection
from warehouse.lake.attach import NAME, open_lake
from warehouse.lake.lake_errors import another_writer, error_text, lake_errors
from warehouse.lake.lake_schema import Head, current_head, read_head, write_head
from warehouse.lake.lake_settings import LakeSettings
from warehouse.lake.lake_statements import count_rows
from warehouse.statements import statement
from warehouse.table_statements import find_shared_keys
from warehouse.tables import RUNS, Table


@dataclass
class LakeRecorder:
    """Writes one run after `head`, which was the newest when the run began.

    The row of the head is the fence: of two transactions that update it one fails, also where a
    lock of PostgreSQL was lost in mid-run.
    """

    con: Connection
    settings: LakeSettings
    head: Head
    is_sent: bool = False
    """From then on only the shared warehouse knows whether the run is committed."""

    def begin(self) -> None:
        """Begin the transaction."""
        self.execute("BEGIN")

    def execute(self, query: str, parameters: object = None, /) -> object:
        """Run a statement in the transaction; WarehouseError when it fails."""
        with lake_errors(self.settings):
            return self.con.execute(query, parameters or {})

    def register(self, name: str, frame: object, /) -> object:
        """Name an object that a statement reads; it asks the catalogue whether the name is free."""
        with lake_errors(self.settings):
            return self.con.register(name, frame)

    def unregister(self, name: str, /) -> object:
        """Forget the name."""
        with lake_errors(self.settings):
            return self.con.unregister(name)

    def commit(self, load: Load, changed: Sequence[Table], file: Connection) -> None:
        """Commit, if no key is shared and both have as many rows; WarehouseError otherwise."""
        with lake_errors(self.settings):
            self._require_equal(load, changed, file)
            write_head(self.con, self.head, current_head(load.sequence, load.record.run_id))
            write_message(self.con, f"{load.record.flow} {load.record.run_id}")
        self._commit(load.record.run_id, load.sequence)

    def _commit(self, run_id: str, sequence: int) -> None:
        """Commit, and where that fails ask a new session whether it did.

        A lost answer is no lost commit. DuckLake takes it for one and removes the files that the
        transaction wrote, so they are put out of its reach first; those of a commit that failed
        are removed by maintenance.
        """
        with lake_errors(self.settings):
            # not by `disabled_filesystems`: DuckDB ends the process where it can then not remove
            # its own spilled rows
            self.con.execute("SET enable_external_access = false")
        self.is_sent = True
        try:
            self.con.execute("COMMIT")
        except duckdb.Error as error:
            problem = error_text(self.settings, error)
        else:
            return
        with open_lake(self.settings, read_only=True) as con, lake_errors(self.settings):
            head = read_head(con)
            recorded = con.execute(statement("read_run_at"), {"sequence": sequence}).fetchone()
        if recorded == (run_id,):  # and another one may have come after it
            return
        if head is not None and head.run_id != self.head.run_id:
            self.is_sent = False
            raise another_writer(self.settings)
        raise WarehouseError(
            f"the shared warehouse ({self.settings.place}) did not commit: {problem}; nothing is "
            "published of this run, run again"
        )

    def roll_back(self) -> None:
        """Leave the transaction, whose connection may be gone."""
        with suppress(duckdb.Error):
            self.con.execute("ROLLBACK")

    def _require_equal(self, load: Load, changed: Sequence[Table], file: Connection) -> None:
        keys = find_shared_keys(changed)
        shared = [part for (part,) in self.con.execute(keys).fetchall()] if changed else []
        counts = count_rows([*changed, RUNS])
        here, there = file.execute(counts).fetchall(), self.con.execute(counts).fetchall()
        unlike = sorted({str(name) for name, _ in set(here) ^ set(there)})
        if shared or unlike:
            raise WarehouseError(
                f"run {load.record.run_id}: the shared warehouse ({self.settings.place}) has other "
                f"rows than this machine's copy in {', '.join(shared or unlike)}; nothing was "
                "written. Move warehouse.duckdb away and run again: the copy is then pulled anew"
            )


def write_message(con: Connection, message: str) -> None:
    """Name the transaction in the list of snapshots, which time travel chooses from."""
    con.execute(f"CALL {NAME}.set_commit_message('pricehouse', $message)", {"message": message})
