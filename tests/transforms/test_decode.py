"""Lenient decoding: what is known is kept, and each field that is not is named."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from schemas.contract import filter_rows
from schemas.offerings import HUB_OFFERINGS, OFFERINGS
from tests.support.histories import (
    Json,
    entry,
    hub_page,
    hub_statements,
    offering,
    page,
    router_page,
)
from transforms.parsing.decode import UnexpectedField, decode
from transforms.parsing.hub import parse_hub
from transforms.parsing.router import parse_router


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    size: int | None = None


class Outer(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    name: str | None = None
    is_new: bool | None = None
    inner: Inner | None = None


def read(value: Any) -> tuple[Outer | None, list[UnexpectedField]]:
    return decode(json.dumps(value).encode(), Outer)


def test_a_known_object_has_no_oddities() -> None:
    value = {"name": "a", "isNew": True, "inner": {"size": 1}}
    assert read(value) == (Outer("a", True, Inner(1)), [])


def test_each_odd_field_is_named_and_the_others_are_kept() -> None:
    value = {"name": 5, "isNew": True, "extra": [1], "inner": {"size": "big", "depth": 2}}
    found, unexpected = read(value)
    assert found == Outer(None, True, Inner(None))
    assert sorted((each.field, each.kind, each.text) for each in unexpected) == [
        ("extra", "unknown_key", "[1]"),
        ("inner.depth", "unknown_key", "2"),
        ("inner.size", "wrong_type", '"big"'),
        ("name", "wrong_type", "5"),
    ]


def test_a_nested_object_of_another_type_is_null_and_named() -> None:
    found, unexpected = read({"name": "a", "inner": [1]})
    assert found == Outer("a")
    assert unexpected == [UnexpectedField("inner", "wrong_type", "[1]")]


@pytest.mark.parametrize("value", [None, 1, "text", [], [{}], True])
def test_what_is_no_object_is_none(value: Any) -> None:
    assert read(value)[0] is None


def hub_row(given: Json) -> tuple[Json, set[tuple[str, str]]]:
    """Return the only accepted row of a mapping entry, and its drift as (field, kind)."""
    parsed = parse_hub([hub_page({"org/m": [given]})])
    rows = filter_rows(parsed.offerings, HUB_OFFERINGS).accepted
    drift = set(parsed.summary.drift.select("field", "kind").rows())
    return rows.row(0, named=True), drift


@pytest.mark.parametrize(
    ("odd", "field", "column"),
    [
        (
            {"providerDetails": {"context_length": "8k"}},
            "providerDetails.context_length",
            "context_length",
        ),
        (
            {"providerDetails": {"context_length": 1.5}},
            "providerDetails.context_length",
            "context_length",
        ),
        (
            {"performance": {"tokensPerSecond": "fast"}},
            "performance.tokensPerSecond",
            "throughput_tps",
        ),
        ({"performance": []}, "performance", "throughput_tps"),
        ({"features": {"toolCalling": 1}}, "features.toolCalling", "supports_tools"),
        ({"features": "all"}, "features", "supports_structured_output"),
        ({"isModelAuthor": "yes"}, "isModelAuthor", "is_model_author"),
        ({"type": 5}, "type", "mapping_type"),
        ({"_id": 7}, "_id", "entry_id"),
    ],
)
def test_a_wrong_type_in_a_tolerant_field_is_null_and_drift(
    odd: Json, field: str, column: str
) -> None:
    row, drift = hub_row(entry(**odd))
    assert row[column] is None
    assert (f"inferenceProviderMapping.{field}", "wrong_type") in drift


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (entry(quota=5), "quota"),
        (entry(features={"vision": True}), "features.vision"),
        (entry(performance={"p99": 1}), "performance.p99"),
        (entry(providerDetails={"tier": "x"}), "providerDetails.tier"),
    ],
)
def test_an_unknown_key_outside_the_price_is_drift_and_the_row_enters(
    given: Json, field: str
) -> None:
    row, drift = hub_row(given)
    assert row["status_text"] == "live"
    assert drift == {(f"inferenceProviderMapping.{field}", "unknown_key")}


def test_an_unknown_key_inside_the_price_is_no_drift_but_a_mark_of_that_row() -> None:
    row, drift = hub_row(entry(providerDetails={"pricing": {"input": 1, "cached": 1}}))
    assert (row["has_price"], row["price_problem"]) == (True, None)
    assert (row["price_input_text"], row["price_unknown"]) == ("1", "unknown_key: cached")
    assert drift == set()


@pytest.mark.parametrize("huge", [2**63, 10**30, -(2**64)])
def test_a_number_too_large_for_its_column_is_null_and_drift(huge: int) -> None:
    row, drift = hub_row(entry(providerDetails={"context_length": huge}))
    assert row["context_length"] is None
    assert drift == {("inferenceProviderMapping.providerDetails.context_length", "wrong_type")}


@pytest.mark.parametrize(
    "odd",
    [
        {"likes": 10**30},
        {"downloads": 2**63},
        {"safetensors": {"total": 10**30}},
        {"createdAt": "0001-01-01T00:00:00+05:00"},
        {"lastModified": "9999-12-31T23:59:59-05:00"},
    ],
)
def test_a_fact_of_a_model_that_no_column_holds_is_null_and_the_model_enters(odd: Json) -> None:
    given = {"id": "org/m", "inferenceProviderMapping": [entry()], **odd}
    parsed = parse_hub([page([given])])
    assert (parsed.models.height, parsed.offerings.height) == (1, 1)


def test_a_router_number_too_large_for_its_column_is_null_and_drift() -> None:
    given = offering({"input": 1, "output": 2}, context_length=10**30)
    parsed = parse_router([router_page({"org/m": [given]})])
    assert parsed.offerings["context_length"].to_list() == [None]
    assert parsed.summary.drift["field"].to_list() == ["providers.context_length"]


@pytest.mark.parametrize("missing", ["provider", "providerId", "task"])
@pytest.mark.parametrize("how", ["absent", "null", "number", "empty", "control"])
def test_an_entry_without_one_of_its_names_is_rejected_with_a_reason(
    missing: str, how: str
) -> None:
    given = entry()
    values: Json = {"null": None, "number": 5, "empty": "", "control": "a\x1fb"}
    if how == "absent":
        del given[missing]
    else:
        given[missing] = values[how]
    parts = filter_rows(parse_hub([hub_page({"org/m": [given]})]).offerings, HUB_OFFERINGS)
    assert (parts.accepted.height, parts.rejected.height) == (0, 1)
    names = {"provider": "inference_provider", "providerId": "provider_model_id", "task": "task"}
    assert parts.rejected["field"].to_list() == [names[missing]]
    assert parts.rejected["reasons"].to_list()[0][0].startswith(f"{names[missing]}:")


@pytest.mark.parametrize(
    "name", ["", "a/b/c", "a b/c", "org/m\n", "org/\u202em", "../m", "<b>/m", "org/" + "x" * 200]
)
def test_a_row_whose_model_is_no_repository_name_is_rejected(name: str) -> None:
    parsed = parse_hub([hub_page({name: [entry()]})])
    assert filter_rows(parsed.offerings, HUB_OFFERINGS).accepted.is_empty()
    assert parsed.summary.records == 1


def test_a_router_offering_without_provider_is_rejected() -> None:
    given = offering()
    del given["provider"]
    parsed = parse_router([router_page({"org/m": [given, offering()]})])
    parts = filter_rows(parsed.offerings, OFFERINGS)
    assert (parts.accepted.height, parts.rejected.height) == (1, 1)


def test_an_unrecognized_status_is_drift_and_the_row_enters_as_unknown() -> None:
    statements = hub_statements(parse_hub([hub_page({"org/m": [entry(status="paused")]})]))
    assert statements.rows["status"].to_list() == ["unknown"]
    assert statements.status_drift().select("field", "kind").rows() == [
        ("status paused", "unknown_value")
    ]
