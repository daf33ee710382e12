"""The Hub's pages: both shapes of the mapping, repeats, broken parts; every entry is counted."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings

from schemas.contract import filter_rows
from schemas.errors import FeedMalformed
from schemas.offerings import HUB_OFFERINGS, MODELS
from tests.support.histories import MODEL, entry, hub_page, page, priced_entry
from tests.support.mutations import mutations
from transforms.parsing.hub import parse_hub
from transforms.parsing.parsed_feed import Page, ParsedFeed
from transforms.pricing.token_prices import price_tokens
from transforms.resolve.catalog import identified, resolve_catalog

ANSWER: list[Any] = [
    {
        "id": "org/a",
        "_id": "1",
        "pipeline_tag": "text-generation",
        "likes": 5,
        "gated": "auto",
        "createdAt": "2026-01-01T00:00:00.000Z",
        "tags": ["license:mit", "region:us"],
        "inferenceProviderMapping": [
            priced_entry(0.2, 0.4, features={"toolCalling": True, "structuredOutput": False}),
            entry("together", "y", performance={"tokensPerSecond": 12.5}, previousStatus="error"),
        ],
    },
    {
        "id": "org/b",
        "inferenceProviderMapping": {
            "fal-ai": {
                "_id": "9",
                "providerId": "z",
                "status": "live",
                "task": "text-to-image",
                "type": "tag-filter",
                "adapter": "lora",
                "adapterWeightsPath": "w",
            },
        },
    },
    {"id": "org/c", "pipeline_tag": "fill-mask"},
]


def entries_of(answer: Any) -> int:
    """Count the records of a page by hand: entries, and one for each part that has none."""
    count = 0
    for model in answer:
        if not isinstance(model, dict) or not isinstance(model.get("id"), str) or not model["id"]:
            count += 1
            continue
        mapping = model.get("inferenceProviderMapping")
        if isinstance(mapping, list | dict):
            count += len(mapping)
        elif mapping is not None:
            count += 1
    return count


def refused(parsed: ParsedFeed) -> list[tuple[str, str]]:
    """Return (json_path, first reason) of the rows that the parser rejected."""
    rows = parsed.rejected.select("json_path", pl.col("reasons").list.first()).rows()
    return [(str(path), str(reason)) for path, reason in rows]


def test_every_field_of_an_entry_lands_in_its_column() -> None:
    parsed = parse_hub([page(ANSWER)])
    row = parsed.offerings.row(0, named=True)
    assert row["json_path"] == "$[0].inferenceProviderMapping[0]"
    assert (row["model_id"], row["inference_provider"], row["provider_model_id"]) == (
        "org/a",
        "novita",
        "x",
    )
    assert (row["price_input_text"], row["price_output_text"]) == ("0.2", "0.4")
    assert (row["supports_tools"], row["supports_structured_output"]) == (True, False)
    assert json.loads(row["evidence"]) == ANSWER[0]["inferenceProviderMapping"][0]
    assert parsed.offerings.row(1, named=True)["throughput_tps"] == 12.5
    assert parsed.summary.drift.is_empty()
    model = parsed.models.row(0, named=True)
    assert (model["licence"], model["gated"], model["hub_id"]) == ("mit", "auto", "1")
    assert str(model["created_at"]) == "2026-01-01 00:00:00+00:00"


def test_an_array_and_a_dict_of_the_same_entries_are_parsed_alike() -> None:
    given = priced_entry(0.2, 0.4)
    unnamed = {key: value for key, value in given.items() if key != "provider"}
    skip = ["json_path", "payload_hash", "evidence"]
    as_array = parse_hub([hub_page({MODEL: [given]})]).offerings.drop(skip)
    for shape in ({"novita": given}, {"novita": unnamed}):
        answer = [{"id": MODEL, "inferenceProviderMapping": shape}]
        assert parse_hub([page(answer)]).offerings.drop(skip).equals(as_array)


def test_the_digits_of_a_dict_shaped_entry_survive() -> None:
    body = (
        b'[{"id":"org/m","inferenceProviderMapping":{"novita":{"providerId":"x",'
        b'"providerDetails":{"pricing":{"input":0.10,"output":0.030000000000000002}}}}}]'
    )
    row = parse_hub([Page(body, "h")]).offerings.row(0, named=True)
    assert (row["price_input_text"], row["price_output_text"]) == ("0.10", "0.030000000000000002")
    assert '"input":0.10,"output":0.030000000000000002' in row["evidence"]


def test_evidence_is_the_entry_byte_by_byte() -> None:
    given = b'{ "provider":"novita",\n "providerDetails": {"pricing": {"input": 1.0}} }'
    body = b'[{"id":"org/m","inferenceProviderMapping":[' + given + b"]}]"
    evidence = parse_hub([Page(body, "h")]).offerings["evidence"].to_list()
    assert evidence == [given.decode()]


def test_evidence_of_a_dict_shaped_entry_is_the_entry_byte_by_byte() -> None:
    given = b'{ "providerDetails": {"pricing": {"input": 1.0}} }'
    body = b'[{"id":"org/m","inferenceProviderMapping":{"novita":' + given + b"}}]"
    evidence = parse_hub([Page(body, "h")]).offerings["evidence"].to_list()
    assert evidence == [given.decode()]


def test_a_model_on_two_pages_enters_once_and_its_second_entries_are_rejected() -> None:
    first, second = hub_page({MODEL: [entry()]}), hub_page({MODEL: [entry(), entry("together")]})
    parsed = parse_hub([first, second])
    assert (
        parsed.summary.rows,
        parsed.summary.distinct,
        parsed.summary.repeats,
        parsed.summary.nameless,
    ) == (2, 1, 1, 0)
    assert parsed.offerings["payload_hash"].to_list() == [first.payload_hash]
    assert [reason for _, reason in refused(parsed)] == ["model_id:repeated"] * 2
    assert parsed.rejected["inference_provider"].to_list() == ["novita", "together"]
    assert parsed.models.height == 1


def test_an_invalid_model_or_entry_is_rejected_with_its_place() -> None:
    answer = [5, {"likes": 1}, {"id": ""}, {"id": MODEL, "inferenceProviderMapping": [7, entry()]}]
    parsed = parse_hub([page(answer)])
    assert refused(parsed) == [
        ("$[0]", "model_id:missing"),
        ("$[1]", "model_id:missing"),
        ("$[2]", "model_id:missing"),
        ("$[3].inferenceProviderMapping[0]", "entry:not_an_object"),
    ]
    assert (parsed.summary.records, parsed.offerings.height, parsed.summary.nameless) == (5, 1, 3)


@pytest.mark.parametrize("mapping", [5, "x", True])
def test_a_mapping_that_is_neither_array_nor_object_is_one_rejected_row(mapping: Any) -> None:
    parsed = parse_hub([page([{"id": MODEL, "inferenceProviderMapping": mapping}])])
    assert refused(parsed) == [
        ("$[0].inferenceProviderMapping", "inferenceProviderMapping:wrong_type")
    ]


@pytest.mark.parametrize("mapping", [None, [], {}])
def test_a_model_without_entries_is_a_model_and_no_record(mapping: Any) -> None:
    parsed = parse_hub([page([{"id": MODEL, "inferenceProviderMapping": mapping}])])
    assert (parsed.summary.records, parsed.models.height) == (0, 1)


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b'{"error":"no"}', b"<html>", b"[", b"[1", b"null", b"\xff"],
)
def test_a_page_that_is_no_json_array_stops_the_feed_with_a_named_error(body: bytes) -> None:
    with pytest.raises(FeedMalformed) as caught:
        parse_hub([hub_page({MODEL: [entry()]}), Page(body, "0" * 64)])
    assert caught.value.code == "not_array"


@pytest.mark.parametrize(
    "odd", [b'"\\ud800"', b'{"id":"org/\\udfff"}', b"[" * 200_000 + b"]" * 200_000]
)
def test_half_a_surrogate_or_deep_nesting_hides_no_other_model(odd: bytes) -> None:
    whole = bytes(hub_page({MODEL: [entry()]}).body)
    parsed = parse_hub([Page(b"[" + odd + b"," + whole[1:], "h")])
    assert parsed.offerings["model_id"].to_list() == [MODEL]
    assert (parsed.summary.records, parsed.summary.rows) == (1 + parsed.rejected.height, 2)


@settings(max_examples=80, deadline=None)
@given(mutations(ANSWER))
def test_broken_answers_reconcile_or_are_named(answer: Any) -> None:
    if not isinstance(answer, list):
        with pytest.raises(FeedMalformed):
            parse_hub([page(answer)])
        return
    parsed = parse_hub([page(answer)])
    assert parsed.summary.records == entries_of(answer) == parsed.summary.providers["entries"].sum()
    assert parsed.summary.records == parsed.offerings.height + parsed.rejected.height
    assert (
        parsed.summary.rows
        == len(answer)
        == parsed.summary.distinct + parsed.summary.repeats + parsed.summary.nameless
    )
    parts = filter_rows(parsed.offerings, HUB_OFFERINGS)
    filter_rows(parsed.models, MODELS)
    resolved = resolve_catalog(parts.accepted, source="huggingface")
    kept = parsed.rejected.height + parts.rejected.height + resolved.rejected.height
    assert resolved.rows.height + kept == parsed.summary.records
    named = identified(resolved.rows)
    assert named["offer_id"].is_unique().all()
    claims = price_tokens(named, run_id="r")
    stated = claims["price_status"].is_in(["priced", "free"])
    assert (claims["amount"].is_not_null() == stated).all()
