"""What to do about each check of a home that fails."""

from __future__ import annotations

REMEDIES = {
    "home": "write home.json back as its message says, or let this user read and write the folder",
    "clock": "set this machine's clock right; if it is right, run `pricehouse doctor --repair`: it "
    "sets the runs of the future aside and makes the warehouse of the others",
    "lock": "wait for that process, or end it if it hangs: the lock goes with it",
    "records": "restore the named file from a backup of landing/",
    "sequence": "restore landing/runs/ from a backup; two runs may not have one place",
    "objects": "restore the named file from a backup, or let `pricehouse ingest` land the same "
    "answer again; without it `pricehouse replay` stops there unless a checkpoint replaces it",
    "checkpoints": "remove the damaged file; `pricehouse maintain` writes a new one",
    "replay": "restore the named answer from a backup of landing/",
    "log": "move warehouse.duckdb.wal away: it belongs to no file here",
    "warehouse": "move warehouse.duckdb and warehouse.duckdb.wal away and run `pricehouse replay`",
    "migrations": "update the checkout and run `make venv`",
    "keys": "move warehouse.duckdb away and run `pricehouse replay`",
    "told": "run `pricehouse replay`: it adds the runs that the warehouse lacks, and publishes",
    "landed": "restore the named run or record from a backup of landing/; on a shared warehouse, "
    "set PRICEHOUSE_HOME to an empty folder and run `pricehouse warehouse pull`, or run "
    "`pricehouse warehouse push` on a machine that has it. A replay would lose what it stated",
    "publications": "remove the named file; readers use the link, and the next run publishes again",
    "link": "run `pricehouse replay` or `pricehouse ingest`: either publishes and links again",
    "store": "let the store answer, and set its address and keys right; the next run pushes what "
    "it lacks",
    "store_runs": "if another machine goes on with this home, set PRICEHOUSE_HOME to an empty "
    "folder and run `pricehouse warehouse pull`; if that run was killed before it committed, run "
    "`pricehouse warehouse push`: it takes its place back",
    "store_objects": "run `pricehouse warehouse push`: it pushes what is missing, and reads it "
    "back; where `lake_copy` fails too, do what it says first",
    "store_orphans": "run `pricehouse maintain`: it removes them",
    "lake": "let PostgreSQL and the store answer, and set PRICEHOUSE_WAREHOUSE, PRICEHOUSE_STORE "
    "and their password and keys right; until then no run begins, and readers keep the last "
    "publication",
    "lake_copy": "run `pricehouse warehouse pull`, or wait for this machine's next run: either "
    "makes the home a copy again, and sets landed runs aside in whose place it has another",
    "lake_files": "restore the named files, or run `pricehouse warehouse push --rewrite` on a "
    "machine whose home is a copy: it writes all tables anew",
    "lake_orphans": "run `pricehouse maintain`: it removes them",
    "disk": "free space on that disk, or run `pricehouse maintain`",
}
"""Check → remedy. The names of the checks are in `doctor --json`, so they stay: `told` is whether
the warehouse holds every committed run of landing, `landed` whether landing has all that the
warehouse holds."""
