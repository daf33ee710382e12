"""A damaged home: how the next hour fails, which check of the doctor fails, and the remedy.

Each damage is repaired by the remedy that the doctor names, and an export afterwards is byte for
byte what it was before.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from pipeline.doctor import diagnose
from pipeline.maintenance import Upkeep, maintain
from pipeline.replay import replay
from samples.hub import serve
from schemas.errors import PricehouseError
from tests.support.command import answered, pricehouse
from tests.support.health import failed_checks
from tests.support.home_files import publication_is_consistent
from tests.support.hours import START, Clock, ingest, small_catalog
from tests.support.published import exported, exported_by_link
from warehouse.migrate import migrations
from warehouse.publication.newest import newest
from warehouse.storage.home import Home
from warehouse.storage.lock import hold

pytestmark = pytest.mark.slow

PRICES = ("0.2", "0.3", "0.4")
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Damage:
    """`hour`: text of the next hour's error, None where it succeeds; `found`: checks that fail."""

    name: str
    do: Callable[[Path], None]
    hour: str | None
    found: tuple[str, ...]
    back: Callable[[Path, Path], object]
    """Takes the home, and a backup of it."""
    readers: bool = True
    """Whether readers of the link can still read."""
    same: bool = True
    """Whether the export afterwards is that of before: not where the remedy is a new hour."""


def overwritten(path: str, start: float, size: int = 4096) -> Callable[[Path], None]:
    def do(home: Path) -> None:
        held = bytearray((home / path).read_bytes())
        at = int(len(held) * start)
        held[at : at + size] = bytes(b ^ 0x5A for b in held[at : at + size])
        (home / path).write_bytes(held)

    return do


def truncated(path: str) -> Callable[[Path], None]:
    def do(home: Path) -> None:
        (home / path).write_bytes((home / path).read_bytes()[:5000])

    return do


def removed(*paths: str) -> Callable[[Path], None]:
    def do(home: Path) -> None:
        for path in paths:
            (home / path).unlink()

    return do


def written(path: str, data: bytes) -> Callable[[Path], None]:
    def do(home: Path) -> None:
        (home / path).write_bytes(data)

    return do


def written_in_newest_run(name: str, data: bytes) -> Callable[[Path], None]:
    def do(home: Path) -> None:
        (newest_run(home) / name).write_bytes(data)

    return do


def foreign_log(home: Path) -> None:
    other = home / "other.duckdb"
    with duckdb.connect(other, config={"storage_compatibility_version": "v1.5.0"}) as con:
        con.execute("CREATE TABLE a AS SELECT 1 AS b")
        con.execute("CHECKPOINT")
        con.execute("SET checkpoint_threshold = '1TB'")
        con.execute("INSERT INTO a SELECT * FROM range(1000)")
        shutil.copy(f"{other}.wal", home / "warehouse.duckdb.wal")
    other.unlink()


def orphaned_log(home: Path) -> None:
    foreign_log(home)
    (home / "warehouse.duckdb").unlink()


def object_of_newest(home: Path) -> Path:
    run = max((home / "landing/runs").iterdir())
    wanted: str = json.loads((run / "router.json").read_text())["pages"][0]["payload_hash"]
    return home / "landing/objects" / wanted[:2] / f"{wanted}.zst"


def changed_object(home: Path) -> None:
    path = object_of_newest(home)
    overwritten(str(path.relative_to(home)), 0.5, 4)(home)


def sql(query: str) -> Callable[[Path], None]:
    def do(home: Path) -> None:
        with duckdb.connect(home / "warehouse.duckdb") as con:
            con.execute(query)

    return do


def newest_run(home: Path) -> Path:
    return max((home / "landing/runs").iterdir())


def same_sequence_twice(home: Path) -> None:
    runs = sorted((home / "landing/runs").iterdir())
    shutil.copy(runs[0] / "end.json", runs[1] / "end.json")


def linked(home: Path) -> str:
    return f"published/{(home / 'marketplace.duckdb').readlink().name}"


def from_backup(home: Path, backup: Path) -> None:
    shutil.rmtree(home / "landing")
    shutil.copytree(backup / "landing", home / "landing")


def rebuild(home: Path, backup: Path) -> None:
    for left in home.glob("warehouse.duckdb*"):
        left.rename(backup / f"damaged-{left.name}")
    replay(home)


def log_away(home: Path, backup: Path) -> None:
    (home / "warehouse.duckdb.wal").rename(backup / "log")
    replay(home)


def stamp(home: Path, _backup: Path) -> None:
    (home / "home.json").write_text('{"origin": "live", "format": 1}')


def same_answer_again(home: Path, _backup: Path) -> None:
    with serve(small_catalog(input_price=PRICES[-1])) as hub:
        ingest(home, hub, clock=Clock(START + 2 * DAY))


def unlinked_publication(home: Path, _backup: Path) -> None:
    (home / linked(home)).unlink()
    replay(home)


def another_checkpoint(home: Path, _backup: Path) -> None:
    for path in (home / "landing/checkpoints").glob("*.zst"):
        path.unlink()
    maintain(home, Upkeep(keep_hourly_days=1), clock=Clock(START + 40 * DAY))


def damaged_checkpoint(home: Path) -> None:
    for path in (home / "landing/checkpoints").glob("*.zst"):
        path.write_bytes(path.read_bytes()[:-100])


NEWER = len(migrations()) + 1
DAMAGES = [
    Damage(
        "the warehouse is overwritten at its head",
        overwritten("warehouse.duckdb", 0.0),
        "pricehouse replay",
        ("warehouse",),
        rebuild,
    ),
    Damage(
        "the warehouse is cut",
        truncated("warehouse.duckdb"),
        "pricehouse replay",
        ("warehouse",),
        rebuild,
    ),
    Damage(
        "the warehouse is another file",
        written("warehouse.duckdb", b"not a database" * 999),
        "pricehouse replay",
        ("warehouse",),
        rebuild,
    ),
    Damage(
        "the warehouse is gone",
        removed("warehouse.duckdb"),
        "pricehouse replay",
        ("told",),
        rebuild,
    ),
    Damage(
        "an orphaned WAL file is there",
        orphaned_log,
        "pricehouse replay",
        ("log", "told"),
        log_away,
    ),
    Damage(
        "another database's log is beside it",
        foreign_log,
        "pricehouse replay",
        ("warehouse",),
        rebuild,
    ),
    Damage(
        "a row is stored twice",
        sql("INSERT INTO internal._ph_offer SELECT * FROM internal._ph_offer LIMIT 1"),
        "two rows share the key",
        ("keys",),
        rebuild,
    ),
    Damage(
        "newer code wrote the warehouse",
        sql(f"INSERT INTO internal._ph_migration VALUES ({NEWER}, 'of_tomorrow', now())"),
        "written by newer code",
        ("migrations",),
        rebuild,
    ),
    Damage(
        "a landed answer has a changed byte",
        changed_object,
        None,
        ("objects",),
        same_answer_again,
        same=False,
    ),
    Damage(
        "a landed answer is gone",
        lambda home: object_of_newest(home).unlink(),
        None,
        ("replay",),
        from_backup,
    ),
    Damage(
        "a run record is damaged",
        written_in_newest_run("run.json", b"{"),
        "restore it from a backup",
        ("clock", "records", "sequence", "replay", "told", "landed", "link"),
        from_backup,
    ),
    Damage(
        "a feed's manifest is damaged",
        written_in_newest_run("hub.json", b"{"),
        None,
        ("records", "replay", "landed"),
        from_backup,
    ),
    Damage(
        "a feed's manifest is gone",
        lambda home: (newest_run(home) / "hub.json").unlink(),
        None,
        ("landed",),
        from_backup,
    ),
    Damage(
        "an earlier run is gone",
        lambda home: shutil.rmtree(sorted((home / "landing/runs").iterdir())[-2]),
        None,
        ("landed",),
        from_backup,
    ),
    Damage(
        "two runs have the same sequence number",
        same_sequence_twice,
        None,  # an hour reads the newest runs alone, and the order of these is clear
        ("sequence", "replay", "told", "link"),
        from_backup,
    ),
    Damage(
        "the link is gone",
        removed("marketplace.duckdb"),
        None,
        ("link",),
        lambda home, _: replay(home),
        readers=False,
    ),
    Damage(
        "the target of the link is gone",
        lambda home: (home / linked(home)).unlink(),
        None,
        ("link",),
        lambda home, _: replay(home),
        readers=False,
    ),
    Damage(
        "a publication is damaged",
        lambda home: truncated(linked(home))(home),
        None,
        ("publications",),
        unlinked_publication,
        readers=False,
    ),
    Damage("the stamp is gone", removed("home.json"), "home.json is missing", ("home",), stamp),
    Damage("the stamp is damaged", written("home.json", b"{]"), "is damaged", ("home",), stamp),
    Damage(
        "a checkpoint is damaged", damaged_checkpoint, None, ("checkpoints",), another_checkpoint
    ),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of three hours, and one that was maintained so that it has a checkpoint."""
    home, clock = tmp_path_factory.mktemp("made") / "home", Clock(START)
    with serve(small_catalog()) as hub:
        for price in PRICES:
            hub.show(small_catalog(input_price=price))
            ingest(home, hub, clock=clock)
            clock.advance(timedelta(hours=1))
    exported(home)
    return home


@pytest.fixture(scope="module")
def thinned(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("thinned") / "home"
    shutil.copytree(made, home, symlinks=True)
    maintain(home, Upkeep(keep_hourly_days=1), clock=Clock(START + 40 * DAY))
    return home


def state_of(home: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(home)): path.read_bytes()
        for path in home.rglob("*")
        if path.is_file() and "exported" not in path.parts and path.name != ".lock"
    }


def test_doctor_passes_a_good_home_and_changes_nothing(made: Path, thinned: Path) -> None:
    for home in (made, thinned):
        before = state_of(home)
        assert failed_checks(home) == set()
        assert state_of(home) == before


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.name)
def test_doctor_reports_and_repairs_damage(
    damage: Damage, made: Path, thinned: Path, tmp_path: Path
) -> None:
    home, backup = tmp_path / "home", tmp_path / "backup"
    start = thinned if "checkpoint" in damage.name else made
    for copy in (home, backup):
        shutil.copytree(start, copy, symlinks=True)
    before = exported(home)
    damage.do(home)

    assert failed_checks(home) == set(damage.found)
    if damage.readers:
        assert publication_is_consistent(home)
    tried = tmp_path / "tried"
    shutil.copytree(home, tried, symlinks=True)
    with serve(small_catalog(input_price="0.9")) as hub:
        if damage.hour is None:
            assert ingest(tried, hub, clock=Clock(START + 2 * DAY)).outcome == "published"
            assert publication_is_consistent(tried)
        else:
            with pytest.raises(PricehouseError, match=damage.hour):
                ingest(tried, hub, clock=Clock(START + 2 * DAY))
            if damage.readers:
                assert (
                    exported_by_link(tried, tmp_path / "link") == before
                )  # the last publication is kept

    damage.back(home, backup)
    assert failed_checks(home) == set()
    assert not damage.same or exported(home) == before
    with serve(small_catalog(input_price="0.9")) as hub:
        assert ingest(home, hub, clock=Clock(START + 3 * DAY)).outcome == "published"
    assert publication_is_consistent(home)


def test_doctor_prints_the_remedy_and_exits_with_1(made: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(made, home, symlinks=True)
    report = answered(pricehouse("doctor", "--json", home=home))
    assert report["well"]
    assert {"versions", "validation", "lock", "disk"} <= {f["check"] for f in report["findings"]}
    assert all(set(f) == {"check", "well", "said", "way_back"} for f in report["findings"])
    (home / "marketplace.duckdb").unlink()
    done = pricehouse("doctor", home=home)
    assert done.returncode == 1
    assert "failed link" in done.stdout
    assert "→ run `pricehouse replay`" in done.stdout
    assert "Traceback" not in done.stderr
    off = pricehouse("doctor", "--json", home=home, PANDERA_VALIDATION_ENABLED="False")
    assert off.returncode == 1
    assert {f["check"] for f in json.loads(off.stdout)["findings"] if not f["well"]} == {
        "validation",
        "link",
    }
    assert pricehouse("doctor", home=tmp_path / "none").returncode == 2


def test_doctor_runs_while_a_run_writes(made: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(made, home, symlinks=True)
    with hold(Home.at(home).lock, wait_s=0), duckdb.connect(home / "warehouse.duckdb"):
        diagnosis = diagnose(home, {})
    assert diagnosis.ok
    (lock,) = [f for f in diagnosis.findings if f.check == "lock"]
    assert "was not checked" in lock.message


def test_doctor_reports_a_home_from_the_future(made: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(made, home, symlinks=True)
    with serve(small_catalog()) as hub:
        ingest(home, hub, clock=Clock(START.replace(year=2999)))
    assert failed_checks(home) == {"clock"}


def test_a_deleted_publication_is_an_error_and_the_next_hour_publishes(
    made: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(made, home, symlinks=True)
    with duckdb.connect(newest(Home.at(home)), read_only=True) as con:
        query = "SELECT count(*) FROM cards"
        before = con.sql(query).fetchall()
        (home / linked(home)).unlink()
        assert con.sql(query).fetchall() == before  # a reader that has it open keeps it
        refused = pricehouse("sql", "FROM cards", home=home)
        assert refused.returncode == 1
        assert "which is gone; the next run publishes again" in refused.stderr
    with serve(small_catalog()) as hub:
        ingest(home, hub, clock=Clock(START + 2 * DAY))
    assert publication_is_consistent(home)
