"""Readers get the same rows whichever way they come, and never a mix while the next is written."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from samples.hub import serve
from tests.support.backends import Backend
from tests.support.hours import Clock, ingest, small_catalog
from warehouse.publication.export import export
from warehouse.publication.newest import newest
from warehouse.relations import RELATIONS
from warehouse.storage.home import Home

pytestmark = pytest.mark.usefixtures("backend")

CHECKOUT = Path(__file__).parents[2]
HOUR = timedelta(hours=1)

Rows = list[tuple[Any, ...]]
Query = Callable[[str], Rows]
"""Runs a query that has `of:` before each published relation."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, backend: Backend) -> Home:
    """A home after three hours: a price that went up, a gap, a zero that is held."""
    root = tmp_path_factory.mktemp("home")
    clock = Clock()
    with serve(small_catalog()) as hub:
        for catalog, pause in (
            (small_catalog(), HOUR),
            (small_catalog(input_price="0.3"), 3 * HOUR),
            (small_catalog(input_price="0", output_price="0"), HOUR),
        ):
            hub.show(catalog)
            ingest(root, hub, clock=clock)
            clock.advance(pause)
    home = Home.at(root)
    export(newest(home), root / "parquet")
    return home


@contextmanager
def directly(home: Home) -> Iterator[Query]:
    with duckdb.connect(newest(home), read_only=True) as con:
        yield _query_with(con)


@contextmanager
def through_attach(home: Home) -> Iterator[Query]:
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{newest(home)}' AS ph (READ_ONLY)")
        run_query = _query_with(con)
        # The reader's own table of the same name must not come between our views and our rows.
        con.execute("CREATE SCHEMA internal")
        con.execute("CREATE TABLE internal._ph_cards AS SELECT 'of the reader' AS offer_id")
        con.execute("CREATE TABLE cards AS SELECT 'of the reader' AS offer_id")
        yield lambda query: run_query(query.replace("of:", "ph."))


@contextmanager
def through_attach_and_use(home: Home) -> Iterator[Query]:
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{newest(home)}' AS ph (READ_ONLY)")
        con.execute("USE ph")
        yield _query_with(con)


@contextmanager
def as_parquet(home: Home) -> Iterator[Query]:
    with duckdb.connect() as con:
        for name in RELATIONS:
            file = home.root / "parquet" / f"{name}.parquet"
            con.execute(f"CREATE VIEW {name} AS FROM read_parquet('{file}')")
        yield _query_with(con)


def _query_with(con: duckdb.DuckDBPyConnection) -> Query:
    con.execute("SET TimeZone = 'UTC'")
    return lambda query: con.execute(query.replace("of:", "")).fetchall()


class Reader:
    """A process that reads over and over; a thread takes its lines, so that it never waits."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.looks: list[dict[str, Any]] = []
        self._process = process
        self._changed = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._collect, daemon=True)
        self._thread.start()

    def wait_for(self, publication_id: str) -> None:
        """Return when a look at that publication was printed; AssertionError if none ever is."""
        with self._changed:
            self._changed.wait_for(lambda: self._ended or self._has_seen(publication_id))
            assert self._has_seen(publication_id), "the reader ended"

    def stop(self) -> tuple[str, int]:
        """Let it look once more; return its errors and its exit status."""
        assert self._process.stdin is not None
        assert self._process.stderr is not None
        self._process.stdin.close()
        self._thread.join()
        return self._process.stderr.read(), self._process.wait()

    def _collect(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._changed:
                self.looks.append(json.loads(line))
                self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _has_seen(self, publication_id: str) -> bool:
        return bool(self.looks) and self.looks[-1]["publication"][0] == publication_id


@contextmanager
def reading(link: Path) -> Iterator[Reader]:
    """Run a reader of what the link leads to."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.reader_loop", str(link)],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield Reader(process)
        except BaseException:
            process.kill()
            raise


WAYS = (through_attach, through_attach_and_use, as_parquet)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("relation", RELATIONS)
def test_a_relation_has_the_same_rows_however_it_is_opened(
    home: Home, way: Callable[[Home], Any], relation: str
) -> None:
    query = f"SELECT * FROM of:{relation} ORDER BY ALL"
    with directly(home) as query_directly, way(home) as run_query:
        rows = query_directly(query)
        assert run_query(query) == rows
    assert rows or relation == "offer_links"


@pytest.mark.parametrize("way", WAYS)
def test_a_buyers_query_returns_the_same_rows_however_it_is_run(
    home: Home, way: Callable[[Home], Any]
) -> None:
    query = """
        SELECT inference_provider, region, cost_per_token, rankable, price_observed_at
        FROM of:cards WHERE task_group = 'text' AND offer_type = 'model'
        ORDER BY cost_per_token NULLS LAST, inference_provider
    """
    with directly(home) as query_directly, way(home) as run_query:
        rows = query_directly(query)
        assert run_query(query) == rows
    assert len(rows) == 6


@pytest.mark.parametrize(
    "call",
    [
        "cheapest('text', n := 2)",
        "cheapest('text', region := 'eu')",
        "blended(0.5)",
        "price_as_of('2026-03-01 12:30:00+00')",
        "price_as_of('2026-03-01 14:30:00+00', known_at := '2026-03-01 12:30:00+00')",
    ],
)
def test_a_macro_gives_the_same_rows_directly_and_after_use(home: Home, call: str) -> None:
    query = f"SELECT * FROM {call} ORDER BY ALL"
    with directly(home) as query_directly, through_attach_and_use(home) as run_query:
        rows = query_directly(query)
        assert run_query(query) == rows
    # After the zero every price is held, so nothing is left to rank.
    assert bool(rows) == (not call.startswith("cheapest"))


def test_an_attached_reader_joins_tables_of_its_own(home: Home) -> None:
    with through_attach(home) as run_query:
        run_query("CREATE TABLE wanted AS SELECT 'novita' AS inference_provider")
        found = run_query("SELECT model_id FROM of:cards JOIN wanted USING (inference_provider)")
    assert found == [("acme/chat",)]


def test_a_reader_never_fails_nor_sees_a_mix_while_hours_are_written(
    tmp_path: Path,
) -> None:
    """Each hour has one price for every offer, which distinguishes its rows from all others.

    The next hour begins when the reader has looked at the newest one; it reads on meanwhile.
    """
    prices = [f"0.{number}" for number in range(20, 24)]
    clock, published = Clock(), {}
    with serve(small_catalog(input_price=prices[0])) as hub:
        published[ingest(tmp_path, hub, clock=clock).run_id] = prices[0]
        with reading(Home.at(tmp_path).link) as reader:
            for price in prices[1:]:
                reader.wait_for(list(published)[-1])
                clock.advance(HOUR)
                hub.show(small_catalog(input_price=price))
                published[ingest(tmp_path, hub, clock=clock).run_id] = price
            assert reader.stop() == ("", 0)

    for look in reader.looks:
        publication_id, run_id = look["publication"]
        assert look["file"] == f"marketplace-{publication_id}.duckdb"
        assert look["newest_run"] == run_id == publication_id
        assert [look["cards"], look["changes"]] == look["recorded"]
        assert [Decimal(price) * 1_000_000 for price in look["prices"]] == [
            Decimal(published[publication_id])
        ]
    assert list(dict.fromkeys(look["publication"][0] for look in reader.looks)) == list(published)
