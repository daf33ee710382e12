"""The MCP tools: what they declare, what they refuse, paging, limits, and new publications."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest

from marketplace.mcp import cost_tool, dictionary
from marketplace.mcp.failures import ToolFailure
from marketplace.mcp.toolbox import TOOLS, ReadTool, tool_named
from marketplace.pages.change_view import KINDS
from marketplace.queries.filters import Mix
from marketplace.queries.known_values import Event
from samples.hub import serve
from schemas.usage import MOMENT, NAMES, QUANTITIES
from tests.support.documents import CHECKOUT, first_column, section
from tests.support.hours import Clock, ingest, small_catalog
from tests.support.published import rows
from warehouse.publication.reader_pool import PublicationPool
from warehouse.relations import RELATIONS
from warehouse.storage.home import Home
from warehouse.view_files import MACROS

GPT = "openai/gpt-oss-120b"
NO_OFFER = "0" * 16
AT = "2026-09-21T00:30:00Z"
ROUTE = {*NAMES, MOMENT}
each_tool = pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)


@pytest.fixture(scope="module")
def pool(sample_home: Path) -> Iterator[PublicationPool]:
    opened = PublicationPool(Home(sample_home))
    yield opened
    opened.close()


def call(pool: PublicationPool, name: str, **given: Any) -> dict[str, Any]:
    return tool_named(name).call(pool, given)


@each_tool
def test_a_tool_names_its_valid_arguments(tool: ReadTool, pool: PublicationPool) -> None:
    with pytest.raises(ToolFailure) as failure:
        tool.call(pool, {"limits": 3})
    message = str(failure.value)
    assert "unknown argument limits" in message
    for name in tool.arguments.model_fields:
        assert name in message


@each_tool
def test_a_tool_declares_closed_schemas(tool: ReadTool) -> None:
    given = tool.arguments.model_json_schema()
    returned = tool.result.model_json_schema(mode="serialization")
    for schema in (given, returned):
        jsonschema.Draft202012Validator.check_schema(schema)
        assert schema["type"] == "object"
        assert schema["additionalProperties"] is False
    assert {"publication", "origin", "observed_to"} <= set(returned["required"])
    names = given["properties"]
    undescribed = [n for n, field in names.items() if not field.get("description")]
    assert set(undescribed) <= {"task_group", *Mix.model_fields}


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("find_offers", {"task": ["txt"]}, "task: “txt” is not known; valid: .*text"),
        ("find_offers", {"region": ["mars"]}, "region.0: “mars” is not known; valid: .*eu"),
        ("find_offers", {"inference_provider": ["novta"]}, "“novta” is not known; valid: .*novita"),
        (
            "find_offers",
            {"tag": ["no-logs"]},
            "“no-logs” is not known; valid: .*no-retention",
        ),
        ("find_offers", {"provider": "ollama"}, "“ollama” is not known; valid: huggingface"),
        ("find_offers", {"sort": "price"}, "sort: Input should be 'cost'.*'model_id'"),
        ("find_offers", {"limit": 51}, "limit: .*less than or equal to 50"),
        ("find_offers", {"task": "text"}, "task: Input should be a valid list"),
        ("find_offers", {"cursor": "abc"}, "cursor was not issued here"),
        ("find_offers", {"model_id": "openai/gpt-oss"}, f"no model .*{GPT}"),
        ("find_offers", {"max_cost_per_image": "NaN"}, "max_cost_per_image: .*finite"),
        ("price_on", {"model_id": GPT}, "at is required"),
        ("price_on", {"model_id": GPT, "at": "2026-09-21T00:00:00"}, "at: .*timezone"),
        ("price_on", {"model_id": GPT, "at": "yesterday"}, "at: .*valid datetime"),
        ("price_on", {"model_id": GPT, "at": 1_790_000_000}, "at: write a time with its zone"),
        ("price_on", {"at": "2026-09-21T00:00:00Z"}, "give one of offer_id, router_model"),
        ("price_on", {"offer_id": "xyz", "at": "2026-09-21T00:00:00Z"}, "offer_id: "),
        ("price_on", {"offer_id": NO_OFFER, "at": "2026-09-21T00:00:00Z"}, f"no offer {NO_OFFER}"),
        (
            "price_on",
            {"model_id": GPT, "at": "2026-09-21T00:00:00Z", "unit": ["token"]},
            "unit.0: Input should be 'input_token'",
        ),
        ("explain", {"router_model": GPT}, "is not like org/model:provider"),
        ("explain", {"router_model": f"{GPT}:fastest"}, "“fastest” is not known; valid: .*groq"),
        (
            "explain",
            {"router_model": f"{GPT}:publicai"},
            f"{GPT} has no .* at publicai; it has .*groq",
        ),
        ("explain", {"model_id": GPT}, "offers match; give the offer_id of one: .*groq"),
        ("explain", {"offer_id": NO_OFFER, "model_id": GPT}, "give one of"),
        ("explain", {"offer_id": NO_OFFER, "inference_provider": "groq"}, "goes with model_id"),
        ("changes_since", {}, "give since"),
        ("changes_since", {"after": -1}, "after: .*greater than or equal to 0"),
        ("changes_since", {"after": 0, "event": ["rise"]}, "event.0: Input should be 'new'"),
        ("changes_since", {"after": 0, "model_id": "a/b"}, "no model is called a/b"),
        (
            "cost",
            {"rows": [{"model": GPT, "timestamp": AT, "tokens": 1}]},
            "unknown argument rows.0.tokens.*; valid arguments are model, .*input_tokens",
        ),
        ("cost", {"rows": [{"model": GPT, "input_tokens": 1}]}, "rows.0.timestamp is required"),
        ("cost", {"rows": []}, "rows: .*at least 1"),
        (
            "cost",
            {"rows": [{"model": GPT, "timestamp": AT, "input_tokens": -1}]},
            "rows.0.input_tokens: .*greater than or equal to 0",
        ),
        (
            "cost",
            {
                "rows": [
                    {"model": GPT, "timestamp": AT, "input_tokens": 1, "cached_input_tokens": 2}
                ]
            },
            "row 1, column cached_input_tokens: .* part of input_tokens",
        ),
        ("recommend", {"model_id": ["openai/gpt-oss"]}, f"no model .*{GPT}"),
        ("recommend", {"limit": 21}, "limit: .*less than or equal to 20"),
    ],
)
def test_a_wrong_value_is_an_error_that_names_valid_ones(
    pool: PublicationPool, name: str, given: dict[str, Any], message: str
) -> None:
    with pytest.raises(ToolFailure, match=re.compile(message, re.DOTALL)):
        tool_named(name).call(pool, given)


def test_pages_of_offers_are_whole_and_disjoint(pool: PublicationPool) -> None:
    given = {"task": ["embedding"], "offer_type": "all"}
    found, cursor = [], None
    while True:
        page = call(pool, "find_offers", **given, limit=7, cursor=cursor)
        found += [item["offer_id"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert len(found) == len(set(found)) == page["total"] > 14
    with pytest.raises(ToolFailure, match="other filters"):
        call(pool, "find_offers", cursor=page["next"] or first_cursor(pool), task=["text"])


def first_cursor(pool: PublicationPool) -> str:
    return str(call(pool, "find_offers", task=["embedding"], limit=1)["next"])


def test_pages_of_past_prices_are_whole_and_disjoint(pool: PublicationPool) -> None:
    given = {"model_id": GPT, "at": "2026-09-21T00:30:00Z"}
    whole = call(pool, "price_on", **given, limit=200)
    found, offset = [], 0
    while offset is not None:
        page = call(pool, "price_on", **given, limit=5, offset=offset)
        found += page["items"]
        offset = page["next_offset"]
    assert found == whole["items"]
    assert whole["total"] == len(found) > 10


def test_changes_are_paged_to_their_end(pool: PublicationPool) -> None:
    found, after, more = [], 0, True
    while more:
        page = call(pool, "changes_since", after=after, limit=100, event=["held", "status", "gone"])
        found += [item["change_id"] for item in page["items"]]
        after, more = page["next_after"], page["more"]
    assert found == sorted(set(found))
    assert call(pool, "changes_since", after=after)["next_after"] >= after


def test_explain_keeps_to_its_limits_and_counts_the_rest(pool: PublicationPool) -> None:
    given = {"router_model": f"{GPT}:groq"}
    short = call(pool, "explain", **given, claims=0, evidence_characters=20)
    whole = call(pool, "explain", **given, claims=50, evidence_characters=20_000)
    prices = whole["proof"]["prices"]
    assert whole["left_out"]["claims"] == 0
    assert short["left_out"]["claims"] == sum(len(price["others"]) for price in prices) > 0
    for price, full in zip(short["proof"]["prices"], prices, strict=True):
        assert price["others"] == []
        assert price["shown"]["evidence"] == full["shown"]["evidence"][:20] + "…"


def test_a_moment_after_every_answer_is_marked(pool: PublicationPool) -> None:
    given = {"router_model": f"{GPT}:groq"}
    later = call(pool, "price_on", **given, at="2030-01-01T00:00:00+01:00")
    then = call(pool, "price_on", **given, at="2026-09-21T01:00:00Z")
    assert (later["after_newest_answer"], then["after_newest_answer"]) == (True, False)
    assert later["at"] == "2030-01-01T00:00:00+01:00"
    before = call(pool, "price_on", **given, at="2020-01-01T00:00:00Z")
    assert before["items"] == []
    assert "before the first recorded price" in before["why"]


def test_a_cost_is_exact_and_summed_by_currency(pool: PublicationPool) -> None:
    route = {"model": f"{GPT}:groq", "timestamp": AT}
    rows = [
        {**route, "input_tokens": 1_000_000, "output_tokens": 0.000000001},
        {**route, "input_tokens": 10**15},
        {"model": "no/model", "provider": "groq", "timestamp": AT, "input_tokens": 1},
    ]
    found = call(pool, "cost", rows=rows)
    price = call(pool, "price_on", router_model=f"{GPT}:groq", at=AT, unit=["input_token"])
    per_input = Decimal(price["items"][0]["amount"])
    costs = [None if item["cost"] is None else Decimal(item["cost"]) for item in found["items"]]
    assert costs[1:] == [per_input * 10**15, None]
    assert costs[0] is not None
    assert 0 < costs[0] - per_input * 1_000_000 < Decimal("0.00000000001")
    assert found["items"][2]["why"] == "unknown_model"
    assert found["rows_without_cost"] == 1
    assert [Decimal(total["cost"]) for total in found["totals"]] == [costs[0] + costs[1]]


def test_a_call_over_the_time_limit_fails_with_advice(sample_home: Path) -> None:
    slow = PublicationPool(Home(sample_home), limit_s=0.0001)
    with pytest.raises(ToolFailure, match="longer than is allowed; ask for less"):
        call(slow, "find_offers")
    slow.close()


def test_a_home_without_publication_is_an_error_without_a_path(tmp_path: Path) -> None:
    pool = PublicationPool(Home(tmp_path / "home"))
    with pytest.raises(ToolFailure) as failure:
        call(pool, "changes_since", after=0)
    assert "nothing is published here yet" in str(failure.value)
    assert str(tmp_path) not in str(failure.value)


@pytest.mark.slow
def test_calls_follow_the_newest_publication(tmp_path: Path) -> None:
    home, clock = tmp_path / "home", Clock()
    pool = PublicationPool(Home(home))
    with serve(small_catalog()) as hub:
        ingest(home, hub, clock=clock)
        first = call(pool, "find_offers", model_id="acme/chat", limit=1)
        for price in ("0.3", "0.35", "0.4"):
            clock.advance(timedelta(hours=1))
            hub.show(small_catalog(input_price=price))
            ingest(home, hub, clock=clock)
    second = call(pool, "find_offers", model_id="acme/chat", limit=1)
    assert first["publication"] != second["publication"]
    assert second["publication"] == rows(home, "SELECT publication_id FROM publication")[0][0]
    assert second["items"][0]["prices"][0]["amount"] == "0.0000004"
    with pytest.raises(ToolFailure, match="no longer kept here; call again without cursor"):
        call(pool, "find_offers", model_id="acme/chat", limit=1, cursor=first["next"])
    pool.close()


def test_quantities_and_events_are_the_published_ones() -> None:
    quantities = cost_tool.UsageRow.model_fields.keys() & QUANTITIES.keys()
    assert quantities == QUANTITIES.keys() == set(cost_tool.UsageRow.model_fields) - ROUTE
    text = (CHECKOUT / "docs" / "sql.md").read_text("utf-8")
    (events,) = re.findall(r"\*\*`event`\*\* in `changes`: (.*?) are about a whole provider", text)
    assert set(get_args(Event)) == set(re.findall(r"`([a-z_]+)`", events))
    assert sorted(event for kind in KINDS.values() for event in kind) == sorted(get_args(Event))


def test_resources_hold_every_relation_column_and_macro(
    pool: PublicationPool, sample_home: Path
) -> None:
    pages = {
        page.uri: json.loads(dictionary.read_page(pool, page.uri)) for page in dictionary.pages()
    }
    overview = pages[dictionary.ROOT]
    assert [relation["name"] for relation in overview["relations"]] == list(RELATIONS)
    assert {macro["name"] for macro in overview["macros"]} == set(MACROS)
    assert all(entry["comment"] for kind in ("relations", "macros") for entry in overview[kind])
    for relation in overview["relations"]:
        page = pages[relation["columns"]]
        described = rows(sample_home, f"DESCRIBE {relation['name']}")
        assert [(c["name"], c["type"]) for c in page["columns"]] == [row[:2] for row in described]
        assert all(column["comment"] for column in page["columns"])
    facts = pages[dictionary.PUBLICATION]
    assert facts["licence"]
    assert facts["publication"] == facts["publication_id"]


def test_an_unknown_resource_is_an_error_that_names_the_known_ones(pool: PublicationPool) -> None:
    with pytest.raises(ToolFailure, match=r"there is no resource .*price_history"):
        dictionary.read_page(pool, "pricehouse://dictionary/relations/_ph_price")


def test_page_lists_every_tool() -> None:
    table = section((CHECKOUT / "docs" / "mcp.md").read_text("utf-8"), "## Tools")
    assert first_column(table) == [tool.name for tool in TOOLS]
