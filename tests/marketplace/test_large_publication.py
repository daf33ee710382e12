"""Readers of a large publication fetch what they show, and find a model by the order of cards."""

from __future__ import annotations

import io
import json
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from fastapi.testclient import TestClient

from marketplace.app import create_app
from pipeline.explain import explain
from pipeline.status import read_status
from tests.support.hours import START
from tests.support.large_publication import large_home
from warehouse.connect import Connection, open_reader, open_writer
from warehouse.migrate import migrate
from warehouse.publication.newest import newest
from warehouse.publication.query import write_csv, write_json
from warehouse.publication.reader_pool import PublicationPool
from warehouse.storage.home import Home

COPIES = 2_500
"""Of eight offers: 20,000 cards, of which no response shows more than a few hundred."""
_MANY_FACTS = """
    INSERT INTO internal._ph_card_facts BY NAME
    SELECT substr(md5(i::VARCHAR), 1, 16) AS offer_id, printf('%07d/model', i) AS model_id,
           'novita' AS inference_provider,
           CASE WHEN i % 100 = 0 THEN 'video' WHEN i % 50 = 1 THEN 'audio' ELSE 'text' END
               AS task_group
    FROM range($cards) AS t(i) ORDER BY model_id
"""
MOST_ROWS = 600
"""The rows of all statements of a response together: a page, its facets and its details."""
ROW_GROUP = 122_880
CARDS = 5 * ROW_GROUP


pytestmark = pytest.mark.slow  # a large publication is made first


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return large_home(tmp_path_factory.mktemp("large") / "home", copies=COPIES)


class Counted:
    """A connection that counts the rows which are fetched through it and its cursors."""

    def __init__(self, con: Connection, fetched: list[int]) -> None:
        self._con, self._fetched = con, fetched

    def __getattr__(self, name: str) -> Any:
        return getattr(self._con, name)

    def cursor(self) -> Counted:
        return Counted(self._con.cursor(), self._fetched)

    def execute(self, *statement: Any) -> Counted:
        self._con.execute(*statement)
        return self

    def fetchall(self) -> list[Any]:
        rows = self._con.fetchall()
        self._fetched.append(len(rows))
        return rows


def an_offer(home: Home) -> dict[str, Any]:
    with open_reader(newest(home)) as con:
        row = con.execute(
            "SELECT offer_id, model_id FROM cards WHERE rankable ORDER BY ALL LIMIT 1 OFFSET 500"
        ).fetchone()
    assert row is not None
    return {"offer_id": row[0], "model_id": row[1]}


def test_pages_and_responses_fetch_only_what_they_show(home: Home) -> None:
    fetched: list[int] = []

    @contextmanager
    def counted(path: Path) -> Iterator[Connection]:
        with open_reader(path) as con:
            yield cast("Connection", Counted(con, fetched))

    offer = an_offer(home)
    with TestClient(create_app(PublicationPool(home, opened=counted, limit_s=600))) as client:
        for path in (
            "/",
            "/?view=table&task=text&sort=model_id",
            "/?view=chart",
            "/calculator",
            "/status",
            "/changes",
            f"/models/{offer['model_id']}",
            f"/offers/{offer['offer_id']}",
            "/v1/offers?limit=200&priced_only=true",
            "/v1/offers?q=copy001234",
            f"/v1/models/{offer['model_id']}",
            f"/v1/prices/{offer['offer_id']}/history",
            "/v1/estimate?input_tokens=1000000&output_tokens=1000",
            "/v1/status",
        ):
            fetched.clear()
            response = client.get(path)
            assert response.status_code == 200, (path, response.text[:500])
            assert 0 < sum(fetched) <= MOST_ROWS, path


def test_a_query_writes_all_rows_and_keeps_few_in_memory(home: Home) -> None:
    query = "SELECT offer_id, model_id, first_seen_at FROM cards"
    for write in (write_json, write_csv):
        out = _Counter()
        write(newest(home), "SELECT 1", out)  # what is imported and cached counts for nothing
        tracemalloc.start()
        write(newest(home), query, out)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert out.characters > 8 * COPIES * 60
        assert peak < 2_000_000


class _Counter(io.StringIO):
    """Counts what is written, and keeps nothing."""

    characters = 0

    def write(self, text: str) -> int:
        self.characters += len(text)
        return len(text)


def test_status_and_explanation_of_a_large_publication(home: Home) -> None:
    assert read_status(home, now=START).offers == 8 * COPIES
    proof = explain(home, an_offer(home)["offer_id"]).proof
    assert proof.prices


def test_cards_of_a_model_or_an_author_are_found_in_few_row_groups(tmp_path: Path) -> None:
    with open_writer(tmp_path / "cards.duckdb") as con:
        migrate(con, now=START)
        con.execute(_MANY_FACTS, {"cards": CARDS})
        con.execute("CHECKPOINT")
    with open_reader(tmp_path / "cards.duckdb") as con:
        assert _scanned(con, "FROM cards") == CARDS
        for query in (
            "FROM cards WHERE model_id = '0123456/model'",
            "FROM cards WHERE model_id >= '0123456/' AND model_id < '01234560'",
            "FROM cards WHERE offer_id = '0123456789abcdef' AND model_id = '0123456/model'",
        ):
            assert 0 < _scanned(con, query) <= ROW_GROUP


def _scanned(con: Connection, query: str) -> int:
    """Return the rows of the stored cards that a query scans, by EXPLAIN ANALYZE."""
    con.execute("SET explain_output = 'all'")
    text = con.execute(f"EXPLAIN (ANALYZE, FORMAT json) {query}").fetchall()[0][1]
    return sum(
        node["operator_rows_scanned"]
        for node in _nodes(json.loads(text))
        if "_ph_card_facts" in str(node.get("extra_info", {}).get("Table"))
    )


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("children", []):
        yield from _nodes(child)
