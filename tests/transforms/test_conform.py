"""Identity, duplicates and attachment, by the words of the contract."""

from __future__ import annotations

import itertools
from hashlib import sha256
from random import Random
from typing import Any

import polars as pl
import pytest

from schemas.state import STATUSES
from tests.support.histories import (
    MODEL,
    SOURCE,
    Json,
    entry,
    hub_page,
    hub_statements,
    nothing_mapped,
    offering,
    price,
    router_page,
    router_statements,
)
from transforms.parsing.hub import parse_hub
from transforms.parsing.router import parse_router
from transforms.resolve.catalog import ResolvedRows, identified
from transforms.task_groups import GROUPS, task_group


def from_hub(*entries: Json, model: str = MODEL) -> ResolvedRows:
    return hub_statements(parse_hub([hub_page({model: entries})]))


def from_router(*offerings: Json, mapped: pl.DataFrame | None = None) -> ResolvedRows:
    parsed = parse_router([router_page({MODEL: offerings})])
    return router_statements(parsed, nothing_mapped() if mapped is None else mapped)


def contract_id(*names: str) -> str:
    """Return the id as CONTRACT.md says it."""
    return sha256("\x1f".join(names).encode("utf-8")).hexdigest()[:16]


def test_an_offer_id_is_made_as_the_contract_specifies() -> None:
    rows = identified(from_hub(entry("novita", "deepseek/r1-türbo")).rows)
    assert rows["offer_id"].to_list() == [
        contract_id("huggingface", MODEL, "novita", "conversational", "deepseek/r1-türbo")
    ]


def test_a_missing_provider_model_id_counts_as_empty_and_is_published_as_null() -> None:
    rows = identified(from_router(offering()).rows)
    assert rows["offer_id"].to_list() == [
        contract_id("huggingface", MODEL, "novita", "conversational", "")
    ]
    assert rows["provider_model_id"].to_list() == [None]


def test_a_router_model_is_named_only_where_the_router_routes_it() -> None:
    rows = identified(from_hub(entry(), entry("fal-ai", task="text-to-image")).rows)
    named = dict(rows.select("task", "router_model").rows())
    assert named == {"conversational": f"{MODEL}:novita", "text-to-image": None}


def test_tasks_and_provider_ids_make_offers_of_their_own() -> None:
    resolved = from_hub(entry(), entry(provider_id="y"), entry(task="text-generation"))
    assert identified(resolved.rows)["offer_id"].n_unique() == 3
    assert resolved.rejected.is_empty()


# From the best to the worst: status first, then single-model before tag-filter, then the lowest id.
RANKED: list[Json] = [
    {"status": status, "type": kind, "_id": name}
    for status in ("live", "staging", "error", "paused")
    for kind in ("single-model", "tag-filter")
    for name in ("a1", "b2")
]


@pytest.mark.parametrize(("better", "worse"), list(itertools.pairwise(RANKED)))
def test_of_equal_keys_the_better_entry_wins_in_either_order(better: Json, worse: Json) -> None:
    for given in itertools.permutations((entry(**better), entry(**worse))):
        result = from_hub(*given)
        row = result.rows.row(0, named=True)
        assert result.rows.height == 1
        assert (row["status_text"], row["mapping_type"], row["entry_id"]) == (
            better["status"],
            better["type"],
            better["_id"],
        )
        assert result.rejected["reasons"].to_list() == [["offer:duplicate_key"]]
        assert result.rejected["inference_provider"].to_list() == ["novita"]


@pytest.mark.parametrize("seed", range(5))
def test_of_many_equal_keys_the_best_wins_in_any_order(seed: int) -> None:
    given = [entry(**fields) for fields in RANKED]
    Random(seed).shuffle(given)  # noqa: S311 - an order, no secret
    result = from_hub(*given)
    assert result.rows["entry_id"].to_list() == ["a1"]
    assert result.rows["status"].to_list() == ["live"]
    assert result.rejected.height == len(RANKED) - 1


def test_with_an_entry_that_has_no_id_the_winner_is_the_same_in_any_order() -> None:
    given = [entry(_id=None), entry(_id="b"), entry(_id="a")]
    winners = {from_hub(*order).rows["entry_id"].item() for order in itertools.permutations(given)}
    assert len(winners) == 1


def test_duplicates_without_any_id_leave_one_offer() -> None:
    result = from_hub(entry(_id=None), entry(_id=None), entry(_id=None))
    assert (result.rows.height, result.rejected.height) == (1, 2)


def test_tag_filter_rows_are_adapters_and_name_their_rule() -> None:
    resolved = from_hub(
        entry(
            "fal-ai",
            "flux-lora",
            task="text-to-image",
            type="tag-filter",
            _id="rule-1",
            adapter="lora",
            adapterWeightsPath="w.safetensors",
        ),
        entry("fal-ai", "flux", task="text-to-image", _id="e-2"),
    )
    found = resolved.rows.select("provider_model_id", "offer_type", "adapter_rule_id").rows()
    assert found == [("flux-lora", "adapter", "rule-1"), ("flux", "model", None)]


def attach(*mapped: Json, given: Json | None = None) -> Json:
    """Return the statement of a router offering beside a Hub mapping."""
    rows = from_router(given or offering(price(1, 2)), mapped=from_hub(*mapped).rows).rows
    return rows.row(0, named=True)


def test_a_router_offering_attaches_to_the_offer_of_its_triple() -> None:
    row = attach(entry(provider_id="deepseek/r1"))
    assert (row["provider_model_id"], row["offer_type"], row["source"]) == (
        "deepseek/r1",
        "model",
        SOURCE,
    )


@pytest.mark.parametrize(
    ("mapped", "expected"),
    [
        ([("b", "live"), ("a", "live")], "a"),
        ([("a", "staging"), ("b", "live")], "b"),
        ([("a", "error"), ("b", "live"), ("c", "live")], "b"),
        ([("c", "live"), ("b", "live"), ("a", "paused")], "b"),
        ([("B", "live"), ("a", "live")], "B"),
        ([("a", "error")], "a"),
    ],
)
def test_of_several_the_live_one_then_the_lowest_provider_model_id(
    mapped: list[tuple[str, str]], expected: str
) -> None:
    given = [entry(provider_id=name, status=status) for name, status in mapped]
    assert attach(*given)["provider_model_id"] == expected
    assert attach(*given[::-1])["provider_model_id"] == expected


@pytest.mark.parametrize(
    "other",
    [entry("together"), entry(task="text-generation"), entry(task="image-text-to-text")],
)
def test_another_provider_or_task_is_nothing_to_attach_to(other: Json) -> None:
    row = attach(other)
    assert (row["provider_model_id"], row["offer_type"]) == (None, "model")


def test_another_model_is_nothing_to_attach_to() -> None:
    mapped = from_hub(entry(), model="org/other").rows
    assert from_router(offering(), mapped=mapped).rows["provider_model_id"].to_list() == [None]


def test_an_offering_that_attaches_to_an_adapter_is_one() -> None:
    row = attach(entry(type="tag-filter", _id="rule-1"))
    assert (row["offer_type"], row["adapter_rule_id"]) == ("adapter", "rule-1")


def test_a_provider_named_twice_by_a_router_model_makes_one_live_offer() -> None:
    for given in itertools.permutations([offering(status="error"), offering(price(1, 2))]):
        result = from_router(*given)
        assert result.rows["status"].to_list() == ["live"]
        assert result.rejected["reasons"].to_list() == [["offer:duplicate_key"]]


@pytest.mark.parametrize("status", ["paused", "LIVE", "", None, 5])
def test_an_unrecognized_status_is_unknown_and_recorded(status: Any) -> None:
    for resolved in (from_hub(entry(status=status)), from_router(offering(status=status))):
        assert resolved.rows["status"].to_list() == ["unknown"]
        assert resolved.status_drift().height == 1


@pytest.mark.parametrize("status", STATUSES[:3])
def test_a_known_status_is_kept_and_nothing_is_recorded(status: str) -> None:
    resolved = from_hub(entry(status=status))
    assert resolved.rows["status"].to_list() == [status]
    assert resolved.unknown_statuses.is_empty()


@pytest.mark.parametrize("speed", [0, -1, 0.0])
def test_a_speed_or_length_that_is_not_above_zero_is_unknown(speed: float) -> None:
    given = offering(throughput=speed, first_token_latency_ms=speed, context_length=int(speed))
    row = from_router(given).rows.row(0, named=True)
    assert {
        row[name] for name in ("throughput_tps", "first_token_latency_ms", "context_length")
    } == {None}


@pytest.mark.parametrize(
    ("task", "group"),
    [
        ("conversational", "text"),
        ("text-generation", "text"),
        ("summarization", "text"),
        ("translation", "text"),
        ("question-answering", "text"),
        ("image-text-to-text", "text"),
        ("image-to-text", "text"),
        ("text-to-image", "image"),
        ("image-to-image", "image"),
        ("text-to-speech", "audio"),
        ("automatic-speech-recognition", "audio"),
        ("text-to-audio", "audio"),
        ("text-to-video", "video"),
        ("image-to-video", "video"),
        ("feature-extraction", "embedding"),
        ("sentence-similarity", "embedding"),
        ("text-classification", "other"),
        ("image-segmentation", "other"),
        ("object-detection", "other"),
        ("fill-mask", "other"),
        ("no-such-task", "other"),
    ],
)
def test_a_task_is_in_the_group_of_what_comes_out(task: str, group: str) -> None:
    frame = pl.DataFrame({"task": [task]}).select(group=task_group(pl.col("task")))
    assert frame["group"].to_list() == [group]


def test_the_groups_are_the_contract_s_and_other_is_never_listed() -> None:
    assert set(GROUPS.values()) == {"text", "image", "audio", "video", "embedding"}
