"""`/v1/models`: every model once, in any order, equal to the relation; its cursors and filters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from marketplace.api import models
from marketplace.app import create_app
from marketplace.cursor import Cursor, ModelsCursor, hash_query
from marketplace.queries.catalogue import CatalogueQuery
from tests.support.serving import as_json
from warehouse.publication.reader_pool import PublicationPool
from warehouse.storage.home import Home

ROUTE = "/v1/models"


@pytest.fixture(scope="module")
def client(sample_home: Path) -> Iterator[TestClient]:
    app = create_app(PublicationPool(Home(sample_home)))
    with TestClient(app, follow_redirects=False) as running:
        yield running


def read_rows(home: Path, query: str) -> list[dict[str, Any]]:
    """Return the rows of a query on the published file itself."""
    pool = PublicationPool(Home(home))
    try:
        with pool.reading() as reading:
            return reading.rows(query)
    finally:
        pool.close()


def walk(client: TestClient, **query: Any) -> list[dict[str, Any]]:
    """Return the models of every page."""
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = client.get(ROUTE, params={**query, **cursor}).json()
        found += page["items"]
        assert page["total"] >= len(found)
        if page["next"] is None:
            assert page["total"] == len(found)
            return found
        cursor = {"cursor": page["next"]}


def names(home: Path, order: str, where: str = "true") -> list[str]:
    """Return the model ids of a query on the published file itself."""
    found = read_rows(home, f"SELECT model_id FROM models WHERE {where} ORDER BY {order}, model_id")
    return [row["model_id"] for row in found]


def test_the_pages_are_the_relation(client: TestClient, sample_home: Path) -> None:
    rows = read_rows(sample_home, "FROM models ORDER BY model_id")
    wanted = [{name: as_json(value) for name, value in row.items()} for row in rows]
    assert walk(client, limit=400) == wanted
    assert len(wanted) > 900
    models.Models.model_validate(client.get(ROUTE).json())


@pytest.mark.parametrize(
    ("query", "order"),
    [
        ({"order": "desc"}, "model_id DESC"),
        ({"sort": "downloads"}, "downloads DESC NULLS LAST"),
        ({"sort": "likes", "order": "asc"}, "likes NULLS LAST"),
        ({"sort": "parameters"}, "parameters DESC NULLS LAST"),
        ({"sort": "live_offers"}, "live_offers DESC"),
        ({"sort": "first_seen_at"}, "first_seen_at DESC"),
    ],
)
def test_the_order_holds_across_pages(
    client: TestClient, sample_home: Path, query: dict[str, str], order: str
) -> None:
    found = [item["model_id"] for item in walk(client, limit=350, **query)]
    assert found == names(sample_home, order)


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ({"author": "QWEN"}, "lower(author) = 'qwen'"),
        ({"live_only": "true"}, "live_offers > 0"),
        ({"q": "gpt oss"}, "model_id ILIKE '%gpt%' AND model_id ILIKE '%oss%'"),
        ({"q": "gptoss"}, "model_id ILIKE '%gpt-oss%'"),
        ({"task": "image"}, "model_id IN (SELECT model_id FROM cards WHERE task_group = 'image')"),
        (
            {"inference_provider": "Together AI", "task": "conversational"},
            "model_id IN (SELECT model_id FROM cards WHERE inference_provider = 'together'"
            " AND task = 'conversational')",
        ),
    ],
)
def test_a_filter_equals_its_query(
    client: TestClient, sample_home: Path, query: dict[str, str], where: str
) -> None:
    found = [item["model_id"] for item in walk(client, limit=1000, **query)]
    assert found == names(sample_home, "model_id", where) != []


def test_the_files_have_the_whole_catalogue(client: TestClient) -> None:
    page = client.get(ROUTE, params={"limit": 1}).json()
    assert set(page["files"]) == {"parquet", "csv", "ndjson"}
    lines = client.get(page["files"]["ndjson"]).text.splitlines()
    assert len(lines) == page["total"]


def test_a_cursor_belongs_to_its_query_and_publication(client: TestClient) -> None:
    cursor = client.get(ROUTE, params={"limit": 5}).json()["next"]
    other = client.get(ROUTE, params={"limit": 5, "live_only": "true", "cursor": cursor})
    assert (other.status_code, "other filters" in other.json()["detail"]) == (422, True)
    offers = client.get("/v1/offers", params={"limit": 5}).json()["next"]
    for wrong in (offers, "abc", "ä", "=" * 4):
        assert client.get(ROUTE, params={"cursor": wrong}).status_code == 422
    gone = ModelsCursor("gone", hash_query(CatalogueQuery().fingerprint()), 0, 0.0, "a").pack()
    answer = client.get(ROUTE, params={"limit": 5, "cursor": gone})
    assert answer.status_code == 410
    assert answer.json()["restart"] == "/v1/models?limit=5"
    assert client.get(answer.json()["restart"]).status_code == 200


def test_a_cursor_with_a_place_that_no_page_ends_at_is_refused(client: TestClient) -> None:
    """Whoever makes one gets a clear answer: it never reaches the database."""
    publication = client.get(ROUTE).json()["publication"]
    query = hash_query(CatalogueQuery().fingerprint())
    far = ModelsCursor(publication, query, 2**40, 0.0, "a").pack()
    assert client.get(ROUTE, params={"cursor": far}).status_code == 422
    below = Cursor(publication, query, -1, 0, 0.0, "a", "b", "c").pack()
    assert client.get("/v1/offers", params={"cursor": below}).status_code == 422


@pytest.mark.parametrize("limit", ["0", "-1", "1001", "9" * 30, "1.5", "ten", ""])
def test_a_size_of_a_page_that_is_none_is_refused(client: TestClient, limit: str) -> None:
    answer = client.get(ROUTE, params={"limit": limit})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "limit"


def test_a_matching_etag_returns_304(client: TestClient) -> None:
    first = client.get(ROUTE, params={"limit": 1})
    again = client.get(ROUTE, params={"limit": 1}, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
