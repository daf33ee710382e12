"""POST /v1/cost: formats, limits, and errors that name the row."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from marketplace.app import create_app
from marketplace.mcp.arguments import read_arguments
from marketplace.mcp.cost_tool import CostArguments
from marketplace.mcp.failures import ToolFailure
from tests.support.serving import Site
from warehouse.publication.reader_pool import PublicationPool
from warehouse.storage.home import Home

PROBLEM = "application/problem+json"
ROW = {
    "id": 7,
    "model": "openai/gpt-oss-120b",
    "provider": "cerebras",
    "timestamp": "2026-09-21T02:45:00+02:00",
    "input_tokens": 2_000_000,
    "output_tokens": 1000,
}


@pytest.fixture(scope="module")
def client(sample_home: Path) -> Iterator[TestClient]:
    with TestClient(create_app(PublicationPool(Home(sample_home)))) as client:
        yield client


def post(client: TestClient, rows: Any, query: str = "", **headers: str) -> Any:
    kind = {"content-type": "application/json", **headers}
    body = rows if isinstance(rows, str | bytes) else json.dumps(rows)
    return client.post(f"/v1/cost{query}", content=body, headers=kind)


def test_json_rows_return_in_their_order_with_cost_and_proof(client: TestClient) -> None:
    answer = post(client, [ROW, {**ROW, "provider": "nobody-here"}, {**ROW, "input_tokens": 1}])
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["origin"] == "sample"
    first, unknown, small = body["items"]
    assert (first["id"], first["cost"], first["currency"], first["why"]) == (
        7,
        "0.70075",
        "USD",
        None,
    )
    assert (unknown["cost"], unknown["why"]) == (None, "unknown_provider")
    assert small["cost"] == "0.00075035"
    assert {price["unit"] for price in first["prices"]} == {"input_token", "output_token"}
    assert all(len(p["payload_hash"]) == 64 and p["json_path"] for p in first["prices"])
    assert first["valid_from"] == "2026-09-21T00:00:00.000000Z"


def test_ndjson_and_csv_return_the_same_costs(client: TestClient) -> None:
    lines = post(client, json.dumps(ROW) + "\n", **{"content-type": "application/x-ndjson"})
    assert [json.loads(line)["cost"] for line in lines.text.splitlines()] == ["0.70075"]
    text = io.StringIO()
    writer = csv.DictWriter(text, ROW)
    writer.writeheader()
    writer.writerow(ROW)
    answer = post(client, text.getvalue(), **{"content-type": "text/csv"})
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert (row["id"], row["cost"]) == ("7", "0.70075")
    assert json.loads(row["prices"])[0]["amount"] == "0.00000035"
    other = post(client, [ROW], "?format=csv")
    assert other.headers["content-type"].startswith("text/csv")


@pytest.mark.parametrize(
    ("row", "named"),
    [
        ({"timestamp": "2026-09-21T02:45:00"}, "row 2, column timestamp"),
        ({"timestamp": "2026-09-21"}, "row 2, column timestamp"),
        ({"timestamp": None}, "row 2, column timestamp"),
        ({"timestamp": 1790000000}, "row 2, column timestamp"),
        ({"timestamp": "2026-02-31T00:00:00Z"}, "row 2, column timestamp"),
        ({"input_tokens": -1}, "row 2, column input_tokens"),
        ({"input_tokens": "many"}, "row 2, column input_tokens"),
        ({"input_tokens": 10**16}, "row 2, column input_tokens"),
        ({"cached_input_tokens": 3_000_000}, "row 2, column cached_input_tokens"),
        ({"model": None}, "row 2, column model"),
    ],
)
def test_a_wrong_value_is_422_and_names_row_and_column(
    client: TestClient, row: dict[str, Any], named: str
) -> None:
    answer = post(client, [ROW, {**ROW, **row}])
    assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM)
    assert named in answer.json()["detail"]


@pytest.mark.parametrize("body", ["", "[", "{}", "[1]", "[]", '[{"a":1}]', "null", '{"model":"a"}'])
def test_a_body_that_has_no_rows_of_usage_is_422(client: TestClient, body: str) -> None:
    answer = post(client, body)
    assert (answer.status_code, answer.headers["content-type"]) == (422, PROBLEM), answer.text


def test_a_body_of_another_type_is_415(client: TestClient) -> None:
    answer = post(client, "x", **{"content-type": "application/xml"})
    assert answer.status_code == 415
    assert "application/json" in answer.json()["detail"]


@pytest.mark.parametrize("size", [10_000_001, 60_000_000])
@pytest.mark.parametrize("in_parts", [False, True], ids=["length", "no_length"])
def test_a_client_that_sends_a_large_body_to_its_end_reads_413_and_goes_on(
    site: Site, size: int, in_parts: bool
) -> None:
    headers = {"content-type": "application/json"}
    connection = HTTPConnection(httpx.URL(site.url).netloc.decode())
    with contextlib.closing(connection):
        # http.client sends all of the body before it reads, as many clients do.
        parts = (b" " * min(1_000_000, size - start) for start in range(0, size, 1_000_000))
        body = parts if in_parts else b" " * size
        connection.request("POST", "/v1/cost", body, headers)
        answer = connection.getresponse()
        assert (answer.status, answer.headers["content-type"]) == (413, PROBLEM)
        assert "10,000,000" in json.loads(answer.read())["detail"]
        connection.request("POST", "/v1/cost", json.dumps([ROW]), headers)
        assert connection.getresponse().status == 200


def test_costing_over_the_time_limit_is_503(sample_home: Path) -> None:
    with TestClient(create_app(PublicationPool(Home(sample_home), limit_s=0.0001))) as client:
        assert post(client, [ROW]).status_code == 503


def test_options_are_checked_and_a_zone_names_local_times(client: TestClient) -> None:
    local = {**ROW, "timestamp": "2026-09-21T02:45:00"}
    assert post(client, [local], "?timezone=Europe/Berlin").json()["items"][0]["cost"] == "0.70075"
    assert "time zone" in post(client, [local], "?timezone=Mars").json()["detail"]
    assert post(client, [ROW], "?known_at=2026-09-21T02:45:00").status_code == 422
    assert "Mars" in post(client, [ROW], "?timezone=Mars/Base").json()["detail"]
    for known_at in ("1789950600", "1789950600.5", "0001-01-01T00:00:00%2B14:00"):
        assert post(client, [ROW], f"?known_at={known_at}").status_code == 422
    assert post(client, [ROW], "?nonsense=1").status_code == 422
    early = post(client, [ROW], "?known_at=2020-01-01T00:00:00Z").json()["items"][0]
    assert early["cost"] is None
    assert early["why"]


def test_columns_with_names_of_results_get_free_names(client: TestClient) -> None:
    answer = post(client, [{**ROW, "cost": 5, "given_cost": 3, "flags": ["mine"]}])
    assert answer.status_code == 200, answer.text
    (row,) = answer.json()["items"]
    assert (row["cost"], row["given_cost"], row["given_given_cost"]) == ("0.70075", 3, 5)
    assert row["given_flags"] == ["mine"]


@pytest.mark.parametrize("inside", [False, True])
def test_rows_of_ever_other_keys_are_refused_before_they_are_read(
    client: TestClient, *, inside: bool
) -> None:
    keys: list[dict[str, Any]] = [{f"key{number}": 1} for number in range(30_000)]
    answer = post(client, [{**ROW, **({"more": [key]} if inside else key)} for key in keys])
    assert answer.status_code == 422
    assert "more than 200 different columns" in answer.json()["detail"]


@pytest.mark.parametrize("depth", [25, 900, 5000])
def test_values_too_deep_within_others_are_refused(client: TestClient, depth: int) -> None:
    row = f'{json.dumps(ROW)[:-1]}, "x": {"[" * depth}{"]" * depth}}}'
    answers = [
        post(client, f"[{row}]"),
        post(client, row, **{"content-type": "application/x-ndjson"}),
    ]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert "more than 20 others" in answers[0].json()["detail"]


@pytest.mark.parametrize(
    "moment",
    ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1789950600", "2026-09-21T00:00"],
)
@pytest.mark.parametrize("name", ["timestamp", "known_at"])
def test_an_assistant_is_answered_which_time_cannot_be_used(moment: str, name: str) -> None:
    row = {"model": "org/a", "timestamp": "2026-09-21T00:00:00Z", "input_tokens": 1}
    arguments = {"rows": [row], "known_at": "2026-09-21T00:00:00Z"}
    (row if name == "timestamp" else arguments)[name] = moment
    with pytest.raises(ToolFailure, match=name):
        read_arguments(CostArguments, arguments)
