"""Look into the databases of a home, read-only: the writer's file, the publications, the link."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from schemas.errors import WarehouseError
from warehouse.connect import Connection, open_reader
from warehouse.health.findings import Finding, Wrong, found
from warehouse.migrate import require_known
from warehouse.publication.newest import newest
from warehouse.publication.publish import publications, published_id, require_publication
from warehouse.statements import statement
from warehouse.storage.home import Home
from warehouse.storage.landing import Landing
from warehouse.storage.retention import sequence_of
from warehouse.writer.load import tables_with_shared_keys
from warehouse.writer.state import read_last_run


def look_into_warehouse(
    home: Home, landing: Landing, ways_back: Mapping[str, str]
) -> Iterator[Finding]:
    """Look into the writer's file; the caller holds the lock."""
    log = home.warehouse.with_name(f"{home.warehouse.name}.wal")
    yield from found("log", lambda: _log(home, log), way_back=ways_back["log"])
    for check, look in (
        ("warehouse", _opens),
        ("migrations", _migrations),
        ("keys", _keys),
        ("told", lambda con: _told(con, landing)),
    ):
        finding = next(found(check, partial(_inside, home, look), way_back=ways_back[check]))
        yield finding
        if check == "warehouse" and not finding.well:
            return  # the other looks would say the same
        if not home.warehouse.exists():
            break
    if not home.warehouse.exists():
        yield from found("told", lambda: _nothing_told(landing), way_back=ways_back["told"])


def look_at_link(
    home: Home, landing: Landing | None, ways_back: Mapping[str, str]
) -> Iterator[Finding]:
    """Look where readers are led; with `landing`, whether to the last committed run."""
    yield from found("link", lambda: _link(home, landing), way_back=ways_back["link"])


def look_into_publications(home: Home, ways_back: Mapping[str, str]) -> Iterator[Finding]:
    """Open each publication and hold it against its name."""
    yield from found(
        "publications", lambda: _publications(home), way_back=ways_back["publications"]
    )


def _inside(home: Home, look: Callable[[Connection], str]) -> str:
    if not home.warehouse.exists():
        return "no warehouse yet"
    with open_reader(home.warehouse) as con:
        return look(con)


def _log(home: Home, log: Path) -> str:
    if not log.exists():
        return "no write-ahead log is left"
    if not home.warehouse.exists():
        raise Wrong(f"{log} lies beside no warehouse")
    return f"{log.name} was left by a killed run; the next run merges it"


def _opens(con: Connection) -> str:
    row = con.execute(statement("read_tables")).fetchall()
    return f"opens, {len(row)} tables"


def _migrations(con: Connection) -> str:
    done = require_known(con)
    return f"migration {done}"


def _keys(con: Connection) -> str:
    if shared := tables_with_shared_keys(con):
        raise Wrong("two rows share a key in " + ", ".join(shared))
    row = con.execute(statement("verify_publication")).fetchone()
    if row is not None and row[1] != row[2]:
        raise Wrong(f"{row[1]} cards of {row[2]} present offers")
    return "every key is unique, every present offer has its card"


def _told(con: Connection, landing: Landing) -> str:
    last = read_last_run(con)
    committed = landing.committed()
    newest_mark = sequence_of(committed[-1]) if committed else 0
    held = last.sequence if last else 0
    if newest_mark > held:
        raise Wrong(f"the warehouse lacks runs that landing holds, up to {committed[-1].run_id}")
    if last is not None and not any(run.run_id == last.run_id for run in landing.runs()):
        raise Wrong(f"the warehouse ends with run {last.run_id}, which landing does not hold")
    return "the warehouse holds every committed run"


def _nothing_told(landing: Landing) -> str:
    if committed := landing.committed():
        raise Wrong(f"warehouse.duckdb is gone; landing holds {len(committed)} committed runs")
    return "nothing was committed yet"


def _link(home: Home, landing: Landing | None) -> str:
    committed = landing.committed() if landing else []
    if not home.link.is_symlink():
        if home.link.exists():
            raise Wrong(f"{home.link} is no link")
        if committed:
            raise Wrong(f"{home.link} is gone, though runs were committed")
        return "nothing is published yet"
    path = newest(home)  # HomeError when it leads nowhere
    said = published_id(home)
    if committed and said != committed[-1].run_id:
        raise Wrong(f"the link leads to {said}, the last committed run is {committed[-1].run_id}")
    return f"leads to {path.name}"


def _publications(home: Home) -> str:
    files = publications(home)
    for path, publication_id in files:
        try:
            require_publication(path, publication_id)
        except WarehouseError as error:
            raise Wrong(f"{path}: {error}") from error
    return f"{len(files)} publications, each whole"
