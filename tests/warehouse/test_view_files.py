"""Each view and macro has one file, which is applied when its text changes and not before."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from schemas.errors import WarehouseError
from tests.support.definitions import definitions
from warehouse.connect import Connection, open_writer
from warehouse.migrate import migrate, require_known
from warehouse.relations import RELATIONS
from warehouse.view_files import FOLDER, INTERNAL, ORDER, PUBLISHED, definition

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 3, 2, 12, tzinfo=UTC)
CREATE = re.compile(r"^CREATE OR REPLACE (?:VIEW|TABLE|MACRO) ([\w.]+)", re.MULTILINE)
COMMENT = re.compile(r"^COMMENT ON (?:VIEW|COLUMN|MACRO TABLE) (\w+)", re.MULTILINE)


@pytest.fixture
def con(tmp_path: Path) -> Iterator[Connection]:
    with open_writer(tmp_path / "warehouse.duckdb") as con:
        migrate(con, now=NOW)
        yield con


def test_every_view_file_is_listed_once_and_every_relation_has_one() -> None:
    assert sorted(ORDER) == sorted(path.stem for path in FOLDER.iterdir())
    assert sorted(PUBLISHED) == sorted(RELATIONS)


@pytest.mark.parametrize("name", ORDER)
def test_a_view_file_defines_and_comments_what_it_is_named_after(name: str) -> None:
    text, _ = definition(name)
    assert CREATE.findall(text) == [f"internal.{name}" if name in INTERNAL else name]
    assert set(COMMENT.findall(text)) <= {name}


def test_a_new_file_has_every_view_in_its_ledger(con: Connection) -> None:
    assert _ledger(con) == {name: (definition(name)[1], NOW) for name in ORDER}


def test_unchanged_views_are_not_applied_again(con: Connection) -> None:
    con.execute("COMMENT ON VIEW cards IS 'not touched'")
    migrate(con, now=LATER)
    assert {applied_at for _, applied_at in _ledger(con).values()} == {NOW}
    comments = con.execute("SELECT comment FROM duckdb_views() WHERE view_name = 'cards'")
    assert comments.fetchall() == [("not touched",)]


def test_a_changed_view_is_applied_with_all_after_it(con: Connection) -> None:
    before = definitions(con)
    con.execute(
        "CREATE OR REPLACE VIEW internal._ph_cards AS "
        "SELECT offer_id, 1 AS old FROM internal._ph_card"
    )
    con.execute("CREATE OR REPLACE VIEW cards AS SELECT * FROM internal._ph_cards")
    con.execute("CREATE OR REPLACE MACRO blended(share) AS TABLE SELECT share AS share")
    con.execute(
        "UPDATE internal._ph_view SET checksum = 'older' WHERE name IN ('_ph_cards', 'blended')"
    )
    migrate(con, now=LATER)
    assert definitions(con) == before
    again = ORDER[ORDER.index("_ph_cards") :]
    assert {name for name, (_, at) in _ledger(con).items() if at == LATER} == set(again)
    assert {name: checksum for name, (checksum, _) in _ledger(con).items()} == {
        name: definition(name)[1] for name in ORDER
    }


def test_a_view_that_cannot_be_applied_changes_nothing(con: Connection) -> None:
    con.execute("DROP VIEW cards")
    con.execute("CREATE TABLE cards AS SELECT 'in the way' AS why")
    con.execute("UPDATE internal._ph_view SET checksum = 'older' WHERE name = '_ph_cards'")
    before = definitions(con), _ledger(con)
    with pytest.raises(WarehouseError, match=r"views/cards\.sql cannot be applied.*as it was"):
        migrate(con, now=LATER)
    assert (definitions(con), _ledger(con)) == before


def test_a_file_with_a_view_of_newer_code_is_refused(con: Connection) -> None:
    con.execute("INSERT INTO internal._ph_view VALUES ('of_tomorrow', 'x', $1)", [LATER])
    con.execute("UPDATE internal._ph_view SET checksum = 'newer' WHERE name = 'cards'")
    before = _ledger(con)
    with pytest.raises(WarehouseError, match=r"\(of_tomorrow\): it was written by newer code"):
        migrate(con, now=LATER)
    with pytest.raises(WarehouseError, match="newer code"):
        require_known(con)
    assert _ledger(con) == before


def _ledger(con: Connection) -> dict[str, tuple[str, datetime]]:
    rows = con.execute("SELECT name, checksum, applied_at FROM internal._ph_view").fetchall()
    assert len(rows) == len({name for name, _, _ in rows})
    return {name: (checksum, applied_at) for name, checksum, applied_at in rows}
