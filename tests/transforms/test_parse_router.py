"""The router's answer: one row per provider of a model; every entry is counted."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings

from schemas.contract import filter_rows
from schemas.errors import FeedMalformed
from schemas.offerings import OFFERINGS
from tests.support.histories import MODEL, nothing_mapped, offering, page, price, router_page
from tests.support.mutations import mutations
from tests.support.recorded_lists import RECORDINGS
from transforms.parsing.parsed_feed import Page, ParsedFeed
from transforms.parsing.router import parse_router
from transforms.pricing.token_prices import price_tokens
from transforms.resolve.catalog import identified, resolve_routed

FULL = offering(
    price(0.2, 0.4),
    context_length=8192,
    supports_tools=True,
    supports_structured_output=False,
    first_token_latency_ms=300,
    throughput=55.5,
    is_model_author=True,
)
ANSWER: dict[str, Any] = {
    "object": "list",
    "data": [
        {
            "id": "org/a",
            "object": "model",
            "created": 1_700_000_000,
            "owned_by": "org",
            "architecture": {"input_modalities": ["text", "image"], "output_modalities": ["text"]},
            "providers": [FULL, offering(None, "cohere"), offering(price(0, 0), "together")],
        },
        {"id": "org/b", "providers": [offering(price(0, 0), "publicai", is_free=True)]},
        {"id": "org/c", "providers": []},
    ],
}


def refused(parsed: ParsedFeed) -> list[tuple[str, str]]:
    rows = parsed.rejected.select("json_path", pl.col("reasons").list.first()).rows()
    return [(str(path), str(reason)) for path, reason in rows]


def entries_of(models: list[Any]) -> int:
    """Count the records of an answer by hand."""
    count = 0
    for model in models:
        named = isinstance(model, dict) and isinstance(model.get("id"), str) and model["id"]
        providers = model.get("providers") if named else None
        count += len(providers) if isinstance(providers, list) else 1
    return count


def test_every_field_of_an_offering_lands_in_its_column() -> None:
    parsed = parse_router([page(ANSWER)])
    row = parsed.offerings.row(0, named=True)
    assert (row["model_id"], row["inference_provider"], row["task"]) == (
        "org/a",
        "novita",
        "conversational",
    )
    assert row["provider_model_id"] is None
    assert (row["price_input_text"], row["price_output_text"]) == ("0.2", "0.4")
    assert (row["context_length"], row["supports_tools"]) == (8192, True)
    assert (row["supports_structured_output"], row["is_model_author"]) == (False, True)
    assert (row["first_token_latency_ms"], row["throughput_tps"]) == (300.0, 55.5)
    assert row["input_modalities"] == ["text", "image"]
    assert (row["json_path"], row["status_text"]) == ("$.data[0].providers[0]", "live")
    assert parsed.summary.drift.is_empty()
    assert parsed.models.is_empty()


def test_an_entry_of_four_keys_has_no_price_and_enters() -> None:
    given = {
        "provider": "featherless-ai",
        "status": "live",
        "is_free": False,
        "supports_tools": True,
    }
    parsed = parse_router([router_page({MODEL: [given]})])
    row = parsed.offerings.row(0, named=True)
    assert (row["has_price"], row["evidence"], row["context_length"]) == (False, None, None)


def test_an_entry_that_is_stated_free_has_a_price_without_a_price_object() -> None:
    parsed = parse_router([router_page({MODEL: [offering(None, is_free=True)]})])
    row = parsed.offerings.row(0, named=True)
    assert row["has_price"]
    assert row["evidence"] is not None


SINGLE = {**ANSWER["data"][0], "providers": [offering(price(1, 2)), offering(price(0, 0))]}
for _offering in SINGLE["providers"]:
    del _offering["is_free"]


def test_one_model_alone_is_read_as_in_the_list() -> None:
    single, listed = parse_router([page(SINGLE)]), parse_router([page({"data": [SINGLE]})])
    same = [name for name in OFFERINGS.dtypes if name not in {"payload_hash", "json_path"}]
    assert single.offerings.select(same).equals(listed.offerings.select(same))
    assert single.offerings["json_path"].to_list() == ["$.providers[0]", "$.providers[1]"]
    assert single.offerings["is_free"].to_list() == [None, None]
    assert single.summary.drift.is_empty()
    assert (single.summary.records, single.summary.distinct) == (2, 1)


def test_a_zero_of_an_offering_without_is_free_is_suspect() -> None:
    resolved = resolve_routed(
        parse_router([page({**SINGLE, "providers": SINGLE["providers"][1:]})]).offerings,
        nothing_mapped(),
        source="huggingface",
    )
    claims = price_tokens(identified(resolved.rows), run_id="r")
    assert (
        claims.select("price_status", "amount", "reason").rows()
        == [("suspect", None, "zero_not_stated_free")] * 2
    )


@pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recordings are not beside the checkout")
def test_the_documented_answer_about_one_model_is_accepted_whole() -> None:
    body = (RECORDINGS / "router" / "single_documented.json").read_bytes()
    stated = json.loads(body)["providers"]
    parsed = parse_router([Page(body, "h")])
    accepted = filter_rows(parsed.offerings, OFFERINGS).accepted
    assert accepted["inference_provider"].to_list() == [p["provider"] for p in stated]
    assert accepted["throughput_tps"].to_list() == [p.get("throughput") for p in stated]
    assert accepted["has_price"].to_list() == ["pricing" in p for p in stated]
    assert set(accepted["status_text"]) == {"live"}
    assert (parsed.rejected.height, parsed.summary.drift.height) == (0, 0)


@pytest.mark.parametrize(
    ("stated", "status"),
    [
        ("live", "live"),
        ("error", "error"),
        ("staging", "staging"),
        ("paused", "unknown"),
        ("LIVE", "unknown"),
        (None, "unknown"),
    ],
)
def test_a_status_is_kept_as_it_is_stated_or_unknown(stated: str | None, status: str) -> None:
    given = {**offering(price(1, 2)), "status": stated}
    parsed = parse_router([router_page({MODEL: [given]})])
    resolved = resolve_routed(parsed.offerings, nothing_mapped(), source="huggingface")
    assert resolved.rows["status"].to_list() == [status]
    unknown = [f"status {stated or '(missing)'}"] if status == "unknown" else []
    assert resolved.status_drift()["field"].to_list() == unknown


@pytest.mark.parametrize("value", ["true", 1, "yes", []])
def test_only_true_is_stated_free(value: Any) -> None:
    parsed = parse_router([router_page({MODEL: [offering(price(0, 0), is_free=value)]})])
    assert parsed.offerings["is_free"].to_list() == [None]
    assert parsed.summary.drift["field"].to_list() == ["providers.is_free"]


def test_an_invalid_model_or_offering_is_rejected_with_its_place() -> None:
    models = [None, {"id": 5}, {"id": MODEL, "providers": ["novita", offering()]}, {"id": "org/b"}]
    parsed = parse_router([page({"data": models})])
    assert refused(parsed) == [
        ("$.data[0]", "model_id:missing"),
        ("$.data[1]", "model_id:missing"),
        ("$.data[2].providers[0]", "entry:not_an_object"),
        ("$.data[3].providers", "providers:missing"),
    ]
    assert (parsed.summary.records, parsed.offerings.height) == (5, 1)


def test_a_model_that_is_listed_twice_enters_once() -> None:
    model = {"id": MODEL, "providers": [offering(price(1, 2))]}
    parsed = parse_router([page({"data": [model, model]})])
    assert (parsed.summary.rows, parsed.summary.distinct, parsed.summary.repeats) == (2, 1, 1)
    assert refused(parsed) == [("$.data[1].providers[0]", "model_id:repeated")]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"data":{}}',
        b'{"data":null}',
        b'{"error":"busy"}',
        b"<html>",
        b'{"id":"org/a","providers":null}',
        b'{"id":"org/a","error":"busy"}',
        b'{"providers":[]}',
        b'{"data":{},"id":"org/a","providers":[]}',
    ],
)
def test_an_answer_without_a_data_array_stops_the_feed_with_a_named_error(body: bytes) -> None:
    with pytest.raises(FeedMalformed) as caught:
        parse_router([Page(body, "h")])
    assert caught.value.code == "wrong_shape"


def test_a_model_nested_too_deep_is_one_rejected_row() -> None:
    deep = b"[" * 200_000 + b"]" * 200_000
    parsed = parse_router([Page(b'{"data":[' + deep + b"]}", "h")])
    assert parsed.rejected["reasons"].to_list() == [["model_id:missing"]]
    with pytest.raises(FeedMalformed):
        parse_router([Page(b'{"data":{"a":' + deep + b"}}", "h")])


@settings(max_examples=80, deadline=None)
@given(mutations(ANSWER))
def test_broken_answers_reconcile_or_are_named(answer: Any) -> None:
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, list):
        with pytest.raises(FeedMalformed):
            parse_router([page(answer)])
        return
    parsed = parse_router([page(answer)])
    assert parsed.summary.records == entries_of(data) == parsed.summary.providers["entries"].sum()
    assert parsed.summary.records == parsed.offerings.height + parsed.rejected.height
    assert (
        parsed.summary.rows
        == len(data)
        == parsed.summary.distinct + parsed.summary.repeats + parsed.summary.nameless
    )
    parts = filter_rows(parsed.offerings, OFFERINGS)
    resolved = resolve_routed(parts.accepted, nothing_mapped(), source="huggingface")
    kept = parsed.rejected.height + parts.rejected.height + resolved.rejected.height
    assert resolved.rows.height + kept == parsed.summary.records
    named = identified(resolved.rows)
    assert named["offer_id"].is_unique().all()
    claims = price_tokens(named, run_id="r")
    stated = claims["price_status"].is_in(["priced", "free"])
    assert (claims["amount"].is_not_null() == stated).all()
