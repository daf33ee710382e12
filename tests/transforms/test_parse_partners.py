"""The mapping of an inference provider: a row per model and task, and per tag-filter rule."""

from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings

from schemas.errors import FeedMalformed
from schemas.offerings import PARTNER_MAPPINGS
from tests.support.mutations import mutations
from transforms.parsing.parsed_feed import Page, ParsedFeed
from transforms.parsing.partners import parse_partners, partner_of
from transforms.parsing.validation import validate_offerings

RULE = "tag-filter=base_model:adapter:stabilityai/stable-diffusion-xl-base-1.0,lora"
DOCUMENTED: dict[str, Any] = {
    "text-to-image": {
        "black-forest-labs/FLUX.1-Canny-dev": {
            "_id": "xxxxxxxxxxxxxxxxxxxxxxxx",
            "providerId": "black-forest-labs/FLUX.1-canny",
            "status": "live",
        },
        RULE: {
            "_id": "xxxxxxxxxxxxxxxxxxxxxxxx",
            "status": "live",
            "providerId": "sdxl-lora-mutualized",
            "adapterType": "lora",
            "tags": ["base_model:adapter:stabilityai/stable-diffusion-xl-base-1.0", "lora"],
        },
    },
    "conversational": {
        "deepseek-ai/DeepSeek-R1": {"providerId": "deepseek-ai/DeepSeek-R1", "status": "live"}
    },
}
"""The example of huggingface.co/docs/inference-providers/register-as-a-provider, with an entry as
an earlier edition of that page has it, without `_id`."""


def about(provider: str, answer: Any) -> Page:
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return Page(body, "h", url=f"https://hub.test/api/partners/{provider}/models?status=live")


def facts(parsed: ParsedFeed) -> list[tuple[Any, ...]]:
    return parsed.offerings.select(
        "inference_provider", "task", "model_id", "provider_model_id", "mapping_type", "status_text"
    ).rows()


def refused(parsed: ParsedFeed) -> list[tuple[str, str]]:
    _, rejected = validate_offerings(parsed, contract=PARTNER_MAPPINGS)
    return [
        (str(path), str(reasons[0]))
        for path, reasons in rejected.select("json_path", "reasons").rows()
    ]


def test_the_documented_answer_is_read_whole() -> None:
    parsed = parse_partners([about("together", DOCUMENTED)])
    image, chat = "text-to-image", "conversational"
    canny, r1 = "black-forest-labs/FLUX.1-Canny-dev", "deepseek-ai/DeepSeek-R1"
    assert facts(parsed) == [
        ("together", image, canny, "black-forest-labs/FLUX.1-canny", "single-model", "live"),
        ("together", image, None, "sdxl-lora-mutualized", "tag-filter", "live"),
        ("together", chat, r1, r1, "single-model", "live"),
    ]
    assert refused(parsed) == []
    assert parsed.summary.drift.is_empty()
    assert (parsed.summary.records, parsed.summary.distinct, parsed.summary.nameless) == (3, 2, 1)


def test_the_rows_of_a_page_share_the_text_of_its_hash() -> None:
    rows, hashes = 1_000, ("a" * 64, "b" * 64)
    models = {f"acme/model-{n}": {"providerId": f"m{n}", "status": "live"} for n in range(rows)}
    body = json.dumps({"conversational": models}).encode()
    address = "https://hub.test/api/partners/together/models?status=live"
    parsed = parse_partners([Page(body, payload_hash, url=address) for payload_hash in hashes])
    column = parsed.offerings["payload_hash"]
    assert column.value_counts(sort=False).sort("payload_hash").rows() == [
        (payload_hash, rows) for payload_hash in hashes
    ]
    held = column.to_arrow(compat_level=pl.CompatLevel.newest()).get_total_buffer_size()
    assert held / column.len() < len(hashes[0]) / 2, "each row has a copy"


def test_each_page_is_of_the_provider_in_its_address() -> None:
    chat = {"conversational": {"a/b": {"providerId": "x", "status": "live"}}}
    parsed = parse_partners([about("novita", chat), about("groq", chat), about("cohere", {})])
    assert [row[0] for row in facts(parsed)] == ["novita", "groq"]
    assert (parsed.summary.distinct, parsed.summary.repeats) == (1, 1)


def test_entries_in_an_array_name_their_model_themselves() -> None:
    entries = [
        {"hfModel": "a/b", "providerId": "x", "status": "staging"},
        {"type": "tag-filter", "providerId": "y", "status": "live", "tags": ["lora"]},
        {"providerId": "z", "status": "live"},
    ]
    parsed = parse_partners([about("novita", {"text-to-image": entries})])
    assert [row[2:] for row in facts(parsed)] == [
        ("a/b", "x", "single-model", "staging"),
        (None, "y", "tag-filter", "live"),
    ]
    assert refused(parsed) == [("$.text-to-image[2]", "model_id:missing")]


def test_what_is_no_mapping_is_rejected_with_its_place() -> None:
    answer = {
        "conversational": {
            "a/b": "live",
            "a/c": {"status": "live"},
            "no model": {"providerId": "x", "status": "live"},
            "a/d": {"providerId": "y", "status": "live", "region": "eu"},
        },
        "text-to-image": "soon",
    }
    parsed = parse_partners([about("novita", answer)])
    assert sorted(refused(parsed)) == [
        ("$.conversational.a/b", "entry:not_an_object"),
        ("$.conversational.a/c", "provider_model_id:not_nullable"),
        ("$.conversational.no model", "model_id:str_matches"),
        ("$.text-to-image", "task:wrong_type"),
    ]
    assert parsed.summary.records == 5
    assert parsed.summary.drift["field"].to_list() == ["mapping.", "mapping.region"]


@pytest.mark.parametrize(
    "body",
    [
        b'{"t":{"a/b":{"providerId":"x"},"a/b":{"providerId":"y"}}}',
        b'{"t":{"a/b":{"providerId":"x"}},"t":{"a/c":{"providerId":"y"}}}',
        b'{"t":{"a/b":{"providerId":"x"}, "a/b":{"providerId":"y"}}}',
        b'{"t":{"a/b":{"providerId":"x"},"\\u0061/b":{"providerId":"y"}}}',
    ],
)
def test_a_key_twice_is_not_chosen_from(body: bytes) -> None:
    parsed = parse_partners([about("novita", body)])
    assert parsed.offerings.is_empty()
    assert refused(parsed) == [("$.t", "task:key_twice")]


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'"live"', b"<html>"])
def test_an_answer_that_is_no_object_stops_the_feed_with_a_named_error(body: bytes) -> None:
    with pytest.raises(FeedMalformed, match="partners: the answer about novita") as caught:
        parse_partners([about("novita", body)])
    assert caught.value.code == "wrong_shape"


def test_an_answer_about_no_provider_stops_the_feed() -> None:
    with pytest.raises(FeedMalformed) as caught:
        parse_partners([Page(b"{}", "h", url="https://hub.test/api/models")])
    assert caught.value.code == "wrong_address"


@pytest.mark.parametrize(
    ("url", "provider"),
    [
        ("https://huggingface.co/api/partners/fal-ai/models?status=live", "fal-ai"),
        ("https://gateway.test/hub/api/partners/zai-org/models", "zai-org"),
        ("https://huggingface.co/api/models", None),
        ("", None),
    ],
)
def test_the_provider_of_an_address(url: str, provider: str | None) -> None:
    assert partner_of(url) == provider


@settings(max_examples=60, deadline=None)
@given(mutations(DOCUMENTED))
def test_broken_answers_reconcile_or_are_named(answer: Any) -> None:
    if not isinstance(answer, dict):
        with pytest.raises(FeedMalformed):
            parse_partners([about("novita", answer)])
        return
    parsed = parse_partners([about("novita", answer)])
    groups = [len(v) if isinstance(v, dict | list) else 1 for v in answer.values()]
    assert parsed.summary.records == sum(groups)
    kept, rejected = validate_offerings(parsed, contract=PARTNER_MAPPINGS)
    assert kept.offerings.height + rejected.height == parsed.summary.records
    assert set(rejected["inference_provider"]) <= {"novita"}
