"""Check the databases of a home, read-only: the writer's file, the publications, the link."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from schemas.errors import WarehouseError
from warehouse.connect import Connection, open_reader
from warehouse.health.findings import CheckFailed, Finding, run_check
from warehouse.health.remedies import REMEDIES
from warehouse.migrate import require_known
from warehouse.publication.newest import newest
from warehouse.publication.publish import publications, published_id, require_publication
from warehouse.statements import statement
from warehouse.storage.home import Home
from warehouse.storage.landing import Landing
from warehouse.storage.retention import sequence_of
from warehouse.writer.load import tables_with_shared_keys
from warehouse.writer.state import read_last_run


def check_warehouse(home: Home, landing: Landing) -> Iterator[Finding]:
    """Check the writer's file; the caller holds the lock."""
    log = home.warehouse.with_name(f"{home.warehouse.name}.wal")
    yield run_check("log", lambda: _log(home, log), remedy=REMEDIES["log"])
    for check, inspect in (
        ("warehouse", _opens),
        ("migrations", _migrations),
        ("keys", _keys),
        ("told", lambda con: _holds_every_run(con, landing)),
        ("landed", lambda con: _has_landed(con, landing)),
    ):
        finding = run_check(check, partial(_read_warehouse, home, inspect), remedy=REMEDIES[check])
        yield finding
        if check == "warehouse" and not finding.ok:
            return  # the other checks would report the same
        if not home.warehouse.exists():
            break
    if not home.warehouse.exists():
        yield run_check("told", lambda: _nothing_committed(landing), remedy=REMEDIES["told"])


def check_link(home: Home, landing: Landing | None) -> Finding:
    """Check where the link leads; with `landing`, whether to the last committed run."""
    return run_check("link", lambda: _link(home, landing), remedy=REMEDIES["link"])


def check_publications(home: Home) -> Finding:
    """Open each publication and compare it with its name."""
    return run_check("publications", lambda: _publications(home), remedy=REMEDIES["publications"])


def _read_warehouse(home: Home, inspect: Callable[[Connection], str]) -> str:
    if not home.warehouse.exists():
        return "no warehouse yet"
    with open_reader(home.warehouse) as con:
        return inspect(con)


def _log(home: Home, log: Path) -> str:
    if not log.exists():
        return "no write-ahead log is left"
    if not home.warehouse.exists():
        raise CheckFailed(f"{log} is an orphaned WAL file: there is no warehouse beside it")
    return f"{log.name} was left by a killed run; the next run merges it"


def _opens(con: Connection) -> str:
    tables = con.execute(statement("read_tables")).fetchall()
    return f"opens, {len(tables)} tables"


def _migrations(con: Connection) -> str:
    done = require_known(con)
    return f"migration {done}"


def _keys(con: Connection) -> str:
    if shared := tables_with_shared_keys(con):
        raise CheckFailed("two rows share a key in " + ", ".join(shared))
    row = con.execute(statement("verify_publication")).fetchone()
    if row is not None and row[1] != row[2]:
        raise CheckFailed(f"{row[1]} cards of {row[2]} present offers")
    return "every key is unique, every present offer has its card"


def _holds_every_run(con: Connection, landing: Landing) -> str:
    last = read_last_run(con)
    committed = landing.committed()
    landed_sequence = sequence_of(committed[-1]) if committed else 0
    loaded_sequence = last.sequence if last else 0
    if landed_sequence > loaded_sequence:
        raise CheckFailed(
            f"the warehouse lacks runs that landing holds, up to {committed[-1].run_id}"
        )
    if last is not None and not any(run.run_id == last.run_id for run in landing.runs()):
        raise CheckFailed(f"the warehouse ends with run {last.run_id}, which landing does not hold")
    return "the warehouse holds every committed run"


def _has_landed(con: Connection, landing: Landing) -> str:
    """Compare the runs and feeds of the warehouse with the records that replay reads."""
    runs = {run.run_id: run for run in landing.runs()}
    rows = con.execute(statement("read_landed_feeds")).fetchall()
    if lacking := [run_id for run_id, _ in rows if run_id not in runs]:
        raise CheckFailed(
            f"landing lacks {len(lacking)} runs that the warehouse holds, like {lacking[0]}"
        )
    for run_id, feeds in rows:
        landed = {fetch.feed for fetch in runs[run_id].fetches()}
        if missing := sorted(set(feeds or ()) - landed):
            raise CheckFailed(f"landing lacks {missing[0]}.json of run {run_id}")
    return f"landing has the records of {len(rows)} runs of the warehouse"


def _nothing_committed(landing: Landing) -> str:
    if committed := landing.committed():
        raise CheckFailed(
            f"warehouse.duckdb is gone; landing holds {len(committed)} committed runs"
        )
    return "nothing was committed yet"


def _link(home: Home, landing: Landing | None) -> str:
    committed = landing.committed() if landing else []
    if not home.link.is_symlink():
        if home.link.exists():
            raise CheckFailed(f"{home.link} is no link")
        if committed:
            raise CheckFailed(f"{home.link} is gone, though runs were committed")
        return "nothing is published yet"
    path = newest(home)  # HomeError when it leads nowhere
    linked_id = published_id(home)
    if committed and linked_id != committed[-1].run_id:
        raise CheckFailed(
            f"the link leads to {linked_id}, the last committed run is {committed[-1].run_id}"
        )
    return f"leads to {path.name}"


def _publications(home: Home) -> str:
    files = publications(home)
    for path, publication_id in files:
        try:
            require_publication(path, publication_id)
        except WarehouseError as error:
            raise CheckFailed(f"{path}: {error}") from error
    return f"{len(files)} publications, each whole"
