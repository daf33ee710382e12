"""A publication is whole or not there; readers of an older one are not disturbed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from samples.hub import serve
from samples.routes import ServerReply
from schemas.errors import WarehouseError
from tests.support.backends import Backend
from tests.support.hours import Clock, ingest, small_catalog
from warehouse.connect import open_writer
from warehouse.publication.newest import newest
from warehouse.publication.publish import publish, published_id
from warehouse.storage.home import Home

pytestmark = pytest.mark.usefixtures("backend")

HOUR = timedelta(hours=1)


def hours(root: Path, count: int, *, clock: Clock | None = None) -> list[str]:
    """Run so many hours, each with a price of its own; return the ids of their publications."""
    clock = clock or Clock()
    run_ids = []
    with serve(small_catalog()) as hub:
        for number in range(count):
            hub.show(small_catalog(input_price=f"0.{20 + number}"))
            run_ids.append(ingest(root, hub, clock=clock).run_id)
            clock.advance(HOUR)
    return run_ids


@pytest.fixture(scope="module")
def one_hour(tmp_path_factory: pytest.TempPathFactory, backend: Backend) -> Path:
    """A home after one hour, to copy."""
    root = tmp_path_factory.mktemp("one-hour") / "home"
    hours(root, 1)
    return root


def copied(root: Path, to: Path) -> Home:
    shutil.copytree(root, to, symlinks=True)
    return Home.at(to)


def test_the_link_leads_to_the_newest_and_the_last_three_are_kept(tmp_path: Path) -> None:
    run_ids = hours(tmp_path, 4)
    home = Home.at(tmp_path)
    assert published_id(home) == run_ids[-1]
    assert newest(home) == home.published / f"marketplace-{run_ids[-1]}.duckdb"
    assert sorted(path.name for path in home.published.iterdir()) == [
        f"marketplace-{run_id}.duckdb" for run_id in run_ids[-3:]
    ]


def test_the_link_is_relative_so_that_a_home_can_be_moved(one_hour: Path, tmp_path: Path) -> None:
    before = copied(one_hour, tmp_path / "before")
    assert (
        before.link.readlink() == Path("published") / f"marketplace-{published_id(before)}.duckdb"
    )
    (tmp_path / "before").rename(tmp_path / "after")
    home = Home.at(tmp_path / "after")
    assert newest(home).parent == home.published
    assert _prices(newest(home)) == {"0.20"}


@pytest.mark.slow
def test_a_reader_of_a_forgotten_publication_reads_on(tmp_path: Path) -> None:
    clock = Clock()
    hours(tmp_path, 1, clock=clock)
    old = newest(Home.at(tmp_path))
    with duckdb.connect(old, read_only=True) as con:
        before = con.execute("SELECT run_id FROM publication").fetchall()
        hours(tmp_path, 3, clock=clock)
        assert not old.exists()
        assert con.execute("SELECT run_id FROM publication").fetchall() == before
        # Relations that it had not touched while the file still had its name.
        assert con.execute("SELECT count(*) FROM price_claims").fetchone() == (14,)
        assert con.execute("SELECT count(*) FROM cheapest('text')").fetchone() == (4,)


def _name_another(home: Home) -> str:
    return "20260301T130000000000Z-abcdef"


def _lose_a_card(home: Home) -> str:
    with open_writer(home.warehouse) as con:
        con.execute(
            "DELETE FROM internal._ph_card"
            " WHERE offer_id = (SELECT min(offer_id) FROM internal._ph_card)"
        )
        con.execute("CHECKPOINT")
    return str(published_id(home))


def _add_a_card(home: Home) -> str:
    with open_writer(home.warehouse) as con:
        con.execute(
            "INSERT INTO internal._ph_card_facts SELECT * REPLACE ('0000000000000000' AS offer_id)"
            " FROM internal._ph_card_facts LIMIT 1"
        )
    return str(published_id(home))


def _cut_the_file(home: Home) -> str:
    os.truncate(home.warehouse, home.warehouse.stat().st_size // 2)
    return str(published_id(home))


def _damage_the_cards(home: Home) -> str:
    with open_writer(home.warehouse) as con:
        con.execute("UPDATE internal._ph_card_facts SET provider_model_id = 'a mark in one block'")
        con.execute("CHECKPOINT")
    data = home.warehouse.read_bytes()
    assert b"a mark in one block" in data
    home.warehouse.write_bytes(data.replace(b"a mark in one block", b"another text, as if"))
    return str(published_id(home))


def _leave_a_log(home: Home) -> str:
    home.warehouse.with_suffix(".duckdb.wal").write_bytes(b"commits that the copy would lack")
    return str(published_id(home))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_name_another, "the copy names publication .*, not 20260301T130000000000Z-abcdef"),
        (_lose_a_card, "the copy shows 7 cards of 8 present offers"),
        (_add_a_card, "the copy shows 9 cards of 8 present offers"),
        (_cut_the_file, "cannot be opened"),
        (_damage_the_cards, "cannot be opened"),
        (_leave_a_log, "unmerged write-ahead log"),
    ],
)
def test_a_copy_that_is_not_what_it_should_be_is_refused_and_the_link_stays(
    one_hour: Path, tmp_path: Path, damage: Callable[[Home], str], message: str
) -> None:
    home = copied(one_hour, tmp_path / "home")
    link, path, data = home.link.readlink(), newest(home), newest(home).read_bytes()
    publication_id = damage(home)
    with pytest.raises(WarehouseError, match=message):
        publish(home, publication_id)
    assert home.link.readlink() == link
    assert path.read_bytes() == data
    assert list(home.published.glob("marketplace-*")) == [path]


def test_what_a_killed_publish_left_is_cleared_by_the_next(one_hour: Path, tmp_path: Path) -> None:
    home = copied(one_hour, tmp_path / "home")
    run_id = str(published_id(home))
    draft = home.published / ".marketplace-20260301T110000000000Z-abcdef.duckdb.tmp"
    draft.write_bytes(b"half a copy")
    own_draft = home.published / f".marketplace-{run_id}.duckdb.tmp"
    own_draft.write_bytes(b"half a copy of the same publication")
    publish(home, run_id)
    assert list(home.published.iterdir()) == [newest(home)]
    assert _prices(newest(home)) == {"0.20"}


@pytest.mark.slow
def test_a_run_that_was_killed_before_the_link_moved_is_published_by_the_next(
    tmp_path: Path,
) -> None:
    clock = Clock()
    first, second = hours(tmp_path, 2, clock=clock)
    home = Home.at(tmp_path)
    home.link.unlink()
    home.link.symlink_to(f"published/marketplace-{first}.duckdb")
    with serve(small_catalog(), on_request=lambda _: ServerReply(404, b"{}")) as hub:
        report = ingest(tmp_path, hub, clock=clock)
    assert report.outcome == "failed"
    assert report.publication_id == published_id(home) == second


@pytest.mark.slow
def test_a_run_in_which_every_feed_fails_leaves_the_publication_untouched(tmp_path: Path) -> None:
    clock = Clock()
    hours(tmp_path, 1, clock=clock)
    home = Home.at(tmp_path)
    before = (home.link.readlink(), newest(home).stat())
    with serve(small_catalog(), on_request=lambda _: ServerReply(404, b"{}")) as hub:
        assert ingest(tmp_path, hub, clock=clock).exit_status == 1
    after = newest(home).stat()
    assert home.link.readlink() == before[0]
    assert (after.st_ino, after.st_mtime_ns) == (before[1].st_ino, before[1].st_mtime_ns)
    assert len(list(home.published.iterdir())) == 1


def test_without_a_link_or_with_a_dangling_one_nothing_is_published(tmp_path: Path) -> None:
    home = Home.open(tmp_path, origin="live")
    assert published_id(home) is None
    home.link.symlink_to("published/marketplace-gone.duckdb")
    assert published_id(home) is None


def _prices(publication: Path) -> set[str]:
    """Return the input prices per million tokens that cards show, as they were written."""
    with duckdb.connect(publication, read_only=True) as con:
        rows = con.execute(
            "SELECT DISTINCT raw_text FROM prices WHERE unit = 'input_token' AND amount > 0"
        ).fetchall()
    return {text for (text,) in rows}
