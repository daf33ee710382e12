"""The stored cards are after every kind of hour what the other tables make of them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.decisions import DecisionRequest
from samples.catalog import Catalog
from samples.hub import Hub, serve
from samples.routes import ServerReply, ServerRequest, error
from tests.support.backends import WITHOUT_S3, Backend, decide, replay
from tests.support.hours import (
    Clock,
    ingest,
    mapped_model,
    mapping,
    offering,
    routed_model,
    small_catalog,
)
from tests.support.published import exported
from tests.support.stored_cards import wrong_cards
from warehouse.connect import open_reader, open_writer
from warehouse.publication.newest import newest
from warehouse.publication.query import rows
from warehouse.storage.home import Home
from warehouse.writer.compact import compact
from warehouse.writer.state import read_last_run
from warehouse.writer.stored_cards import store_every_card

pytestmark = [pytest.mark.usefixtures("backend"), WITHOUT_S3]

HOUR = timedelta(hours=1)
_TIMES = """
    SELECT offer_id, observed_at, price_observed_at, speed_observed_at, rankable, origin
    FROM cards ORDER BY offer_id
"""
CHEAP, DEAR = ("0.2", "0.4"), ("9", "20")


def two_models(price: tuple[str, str], *, name: str = "made/b", speed: float = 40.0) -> Catalog:
    """Return a model at two providers, and one of another name and price."""
    return Catalog(
        [
            mapped_model("made/a", mapping("novita"), mapping("sambanova")),
            mapped_model(name, mapping("novita"), _id="b-always"),
        ],
        router=[
            routed_model(
                "made/a",
                offering("novita", price=price, throughput=speed),
                offering("sambanova", price=("0.3", "0.3"), throughput=50.0),
            ),
            routed_model(name, offering("novita", price=CHEAP)),
        ],
    )


HOURS: dict[str, Catalog | str] = {
    "first": two_models(CHEAP),
    "unchanged": two_models(CHEAP),
    "faster than the other": two_models(CHEAP, speed=60.0),
    "held price": two_models(DEAR),
    "feed fails": "router",
    "renamed": two_models(CHEAP, name="made/c"),
    "new offers": small_catalog(),
    "missing once": two_models(CHEAP),
    "gone": two_models(CHEAP),
    "a day without the router": "router 25",
    "back": small_catalog(input_price="0.3"),
}


@pytest.fixture(scope="module")
def lived(
    tmp_path_factory: pytest.TempPathFactory, backend: Backend
) -> tuple[Path, dict[str, object]]:
    """A home after HOURS and a decision; and hour → what was wrong with its cards."""
    home, clock, failing = tmp_path_factory.mktemp("lived") / "home", Clock(), [""]

    def weather(request: ServerRequest) -> ServerReply | None:
        feed = "router" if request.path.startswith("/v1/") else "hub"
        return error(403, "not today") if feed in failing else None

    found: dict[str, object] = {}
    with serve(small_catalog(), on_request=weather) as hub:
        for name, what in HOURS.items():
            failing[:] = [what.split()[0]] if isinstance(what, str) else []
            clock.advance(HOUR * (25 if what == "router 25" else 1))
            _run(home, hub, clock, what)
            found[name] = wrong_cards(newest(Home.at(home)))
            if name == "held price":
                _accept(home, clock)
                found["accepted"] = wrong_cards(newest(Home.at(home)))
    return home, found


def _run(home: Path, hub: Hub, clock: Clock, what: Catalog | str) -> None:
    if isinstance(what, Catalog):
        hub.show(what)
    ingest(home, hub, clock=clock)


def _accept(home: Path, clock: Clock) -> None:
    waiting = rows(newest(Home.at(home)), "FROM checks WHERE decision = 'pending'")
    assert waiting
    decide(
        home,
        DecisionRequest([waiting[0]["check_id"]], "accepted", "ada", "as stated"),
        clock=clock,
    )


def test_stored_cards_are_those_of_the_tables_after_each_hour(
    lived: tuple[Path, dict[str, object]],
) -> None:
    assert {name: wrong for name, wrong in lived[1].items() if wrong} == {}
    assert len(lived[1]) == len(HOURS) + 1


def test_an_hour_without_a_change_keeps_the_rows_of_all_cards(tmp_path: Path) -> None:
    clock = Clock()
    with serve(small_catalog()) as hub:
        ingest(tmp_path, hub, clock=clock)
        with open_writer(Home.at(tmp_path).warehouse) as con:
            con.execute("UPDATE internal._ph_card_facts SET model_name = 'kept'")
            con.execute("CHECKPOINT")
        clock.advance(HOUR)
        assert ingest(tmp_path, hub, clock=clock).outcome == "unchanged"
        cards = rows(newest(Home.at(tmp_path)), "SELECT model_name, observed_at FROM cards")
        assert {row["model_name"] for row in cards} == {"kept"}
        assert min(row["observed_at"] for row in cards) > clock() - timedelta(minutes=30)
        clock.advance(HOUR)
        hub.show(small_catalog(input_price="0.3"))
        ingest(tmp_path, hub, clock=clock)
    cards = rows(newest(Home.at(tmp_path)), "SELECT model_id, model_name FROM cards")
    kept = {row["model_id"] for row in cards if row["model_name"] == "kept"}
    assert "acme/chat" not in kept
    assert kept


def test_once_a_day_every_card_is_stored_again(tmp_path: Path) -> None:
    clock = Clock()
    with serve(small_catalog()) as hub:
        ingest(tmp_path, hub, clock=clock)
        with open_writer(Home.at(tmp_path).warehouse) as con:
            con.execute("UPDATE internal._ph_card_facts SET cost_per_output_token = 7")
            con.execute("CHECKPOINT")
        clock.advance(24 * HOUR)
        ingest(tmp_path, hub, clock=clock)
    assert wrong_cards(newest(Home.at(tmp_path))) == {}


@pytest.mark.slow
def test_replay_stores_the_same_cards(
    lived: tuple[Path, dict[str, object]], tmp_path: Path
) -> None:
    home = lived[0]
    (tmp_path / "landing").symlink_to(home / "landing")
    replay(tmp_path)
    assert exported(tmp_path) == exported(home)


def test_cards_of_an_earlier_definition_are_stored_again_before_they_are_published(
    tmp_path: Path,
) -> None:
    clock = Clock()
    with serve(small_catalog()) as hub:
        ingest(tmp_path, hub, clock=clock)
        with open_writer(Home.at(tmp_path).warehouse) as con:
            con.execute("UPDATE internal._ph_card_facts SET model_name = 'of earlier code'")
            con.execute(
                "UPDATE internal._ph_view SET checksum = 'older' WHERE name = '_ph_card_computed'"
            )
            con.execute("CHECKPOINT")
        clock.advance(HOUR)
        assert ingest(tmp_path, hub, clock=clock).outcome == "unchanged"
    assert wrong_cards(newest(Home.at(tmp_path))) == {}


@pytest.mark.parametrize("query", ["SELECT count(*) FROM cards", "FROM cards WHERE rankable"])
def test_a_query_of_cards_reads_no_other_table(
    lived: tuple[Path, dict[str, object]], query: str
) -> None:
    with open_reader(newest(Home.at(lived[0]))) as con:
        plan = con.execute(f"EXPLAIN {query}").fetchall()[0][1]
    assert plan.count("_SCAN") == 1
    assert "JOIN" not in plan
    assert "CROSS_PRODUCT" not in plan


def test_the_times_of_cards_are_the_same_after_compaction(tmp_path: Path) -> None:
    clock = Clock()
    with serve(small_catalog()) as hub:
        ingest(tmp_path, hub, clock=clock)
    home = Home.at(tmp_path)
    with open_writer(home.warehouse) as con:
        last = read_last_run(con)
        before = con.execute(_TIMES).fetchall()
    assert last is not None
    assert len({row[1] for row in before}) > 1
    compact(home, last, now=clock())
    with open_writer(home.warehouse) as con:
        assert con.execute(_TIMES).fetchall() == before


def test_parts_of_cards_leave_nothing_in_memory_until_the_commit(tmp_path: Path) -> None:
    """A first hour of a million models has 32 parts in one transaction, of limited memory."""
    names = [f"made/{place:03}" for place in range(400)]
    catalog = Catalog(
        [mapped_model(name, mapping("novita")) for name in names],
        router=[routed_model(name, offering("novita", price=CHEAP)) for name in names],
    )
    with serve(catalog) as hub:
        ingest(tmp_path, hub, clock=Clock())

    def kept(part_rows: int) -> int:
        with open_writer(Home.at(tmp_path).warehouse) as con:
            con.execute("BEGIN")
            store_every_card(con, part_rows=part_rows)
            ((found,),) = con.execute(
                "SELECT sum(memory_usage_bytes + temporary_storage_bytes)::BIGINT "
                "FROM duckdb_memory() WHERE tag = 'IN_MEMORY_TABLE'"
            ).fetchall()
            con.execute("ROLLBACK")
        return int(found)

    assert kept(part_rows=4) <= 2 * kept(part_rows=400)
