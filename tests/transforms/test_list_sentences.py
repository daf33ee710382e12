"""What texts beside a list's numbers state, and which numbers that leaves."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.price_claims import claims
from tests.support.recorded_lists import recorded_files

KEPT, WITHHELD, READ = "kept", "withheld", "read from the texts"
RECORDED = {
    # text-to-music, 0.1 cents: "$0.001 / second of audio", "$0.001 per second of generated music"
    "ACE-Step/acestep-v15-xl-sft": KEPT,
    # 0.00047 cents: "$4.7/M with video, $7.7/M without for 480p and 780p; $5.1/M with video, …"
    "ByteDance/Seedance-2.0": WITHHELD,
    # a price for each resolution: test_list_figures.py has the figures
    "Wan-AI/Wan2.7-I2V": READ,
    "PrunaAI/p-video": READ,
    "PrunaAI/p-video-avatar": READ,
    "nvidia/Cosmos3-Super": READ,
    "google/nano-banana-pro": READ,
    "google/gemini-3-pro-image": READ,
    "google/nano-banana-2": READ,
    "google/nano-banana-2-lite": READ,
}
"""Each recorded row of DeepInfra's list whose texts hold a figure → what becomes of its number."""
SECOND = {"type": "output_length", "cents_per_output_sec": 2.5}
TOKENS = {
    "type": "tokens",
    "cents_per_input_token": 0.00012,
    "cents_per_output_token": 0.0006,
    "rate_per_input_token_cached": 0.2,
}
CHARACTERS = {"type": "input_character_length", "cents_per_input_chars": 0.002}
IMAGE = {"type": "image_units", "cents_per_image_unit": 13.4}


def row_of(pricing: dict[str, Any], text: object, key: str = "short", **beside: object) -> str:
    nothing = {"short": None, "full": None, "table": None, "discount": None}
    return json.dumps({"model_name": "a/b", "pricing": {**nothing, **pricing, key: text}, **beside})


def statuses(row: str, group: str, feed: str = "deepinfra_list") -> set[tuple[str, str | None]]:
    found = claims(feed, [row], "a/b", group=group)
    assert all((c["amount"] is None) == (c["price_status"] != "priced") for c in found)
    return {(c["price_status"], c["reason"]) for c in found}


PRICED = {("priced", None)}
REFUSED = {("not_published", "stated_in_words")}


def test_every_recorded_row_with_a_figure_in_a_text_is_accounted_for() -> None:
    rows = [json.loads(row) for file in recorded_files("deepinfra_list") for row in file]
    stated = {
        row["model_name"]: row
        for row in rows
        for name in ("short", "full", "table")
        if any(map(str.isdigit, json.dumps(row["pricing"][name])))
    }
    assert set(RECORDED) - set(stated) <= {"PrunaAI/p-video-avatar"}  # not in the committed excerpt
    assert set(stated) <= set(RECORDED)
    for name, row in stated.items():
        group = "image" if row["type"] == "text-to-image" else "video"
        for found in claims("deepinfra_list", [json.dumps(row)], name, group=group):
            held = RECORDED[name] == WITHHELD
            wanted = ("not_published", "stated_in_words") if held else ("priced", None)
            assert (found["price_status"], found["reason"]) == wanted, name
            assert (found["basis"] == "derived") == (RECORDED[name] == READ), name
            assert json.dumps(row["pricing"]["full"])[1:-1] in found["evidence"]


def test_no_other_recorded_list_states_an_amount_in_a_text() -> None:
    for file in recorded_files("wavespeed_list"):
        assert not [row for row in file if "$" in row or "cent" in row]


@pytest.mark.parametrize(
    ("pricing", "group", "text"),
    [
        (SECOND, "video", "$0.025 / second"),
        (SECOND, "video", "$.025/sec"),
        (SECOND, "video", "$0.0250 per second of generated video"),
        (SECOND, "video", "US$0.025 per second, billed per second"),
        (SECOND, "video", "2.5 cents per second"),
        (SECOND, "video", "2.5¢ / s"),
        (SECOND, "video", "0.025 USD per second"),
        (SECOND, "video", "0.025 / second"),
        (SECOND, "video", "$1.50 per minute"),
        (SECOND, "video", "$90 / hour"),
        (SECOND, "video", "**$0.025** / second"),
        (SECOND, "video", "<b>$0.025</b> per second"),
        (SECOND, "video", "&#36;0.025 / second"),
        (SECOND, "video", "\uff040.025 / second"),
        (SECOND, "video", "Price: $0.025"),
        (SECOND, "video", "per second"),
        (SECOND, "video", "billed per second, in USD"),
        (SECOND, "video", ""),
        (SECOND, "video", "720p"),
        (TOKENS, "text", "$1.20 in $6.00 out $0.24 cached / 1M tokens"),
        (TOKENS, "text", "$1.2 in $6 out"),
        (TOKENS, "text", "$1.20/M input, $6.00/M output"),
        (TOKENS, "text", "input $1.2, output $6"),
        (TOKENS, "text", "$1.20 per 1,000,000 input tokens and $6.00 per million output tokens"),
        (TOKENS, "text", "$0.0012 per 1K input tokens, $0.006 per 1k output tokens"),
        (TOKENS, "text", "120 cents per million input tokens"),
        (TOKENS, "text", "per 1M tokens"),
        (CHARACTERS, "audio", "$20 per 1M characters"),
        (CHARACTERS, "audio", "$0.02 / 1000 characters"),
        (IMAGE, "image", "$0.134 per image"),
        (IMAGE, "image", "$0.13 per image"),
    ],
)
def test_a_text_that_repeats_the_number_leaves_it(
    pricing: dict[str, Any], group: str, text: str
) -> None:
    for key in ("short", "full"):
        assert statuses(row_of(pricing, text, key), group) == PRICED


@pytest.mark.parametrize(
    ("pricing", "group", "text"),
    [
        (SECOND, "video", "$0.0225 / second"),
        (SECOND, "video", "$0.03 / second"),  # too coarse to be rounded
        (SECOND, "video", "$2.5 / second"),
        (SECOND, "video", "2.5 / second"),
        (SECOND, "video", "$0.025 for 720P, $0.05 for 1080P"),
        (SECOND, "video", "$0.025 / second (720p)"),
        (SECOND, "video", "$0.025 / second, minimum 5 seconds"),
        (SECOND, "video", "$0.02\u2013$0.05 / second"),
        (SECOND, "video", "$0.025-0.05 / second"),
        (SECOND, "video", "from $0.025 / second"),
        (SECOND, "video", "~$0.025 / second"),
        (SECOND, "video", "$0.025+ / second"),
        (SECOND, "video", "$0.025 / second + $0.10 per request"),
        (SECOND, "video", "$0.025 per 5 seconds"),
        (SECOND, "video", "$0.025 / input second"),
        (SECOND, "video", "$0.025 / image"),
        (SECOND, "video", "\u20ac0.025 / second"),
        (SECOND, "video", "CA$0.025 / second"),
        (SECOND, "video", "two cents per second"),
        (SECOND, "video", "free"),
        (SECOND, "video", "Free until December"),
        (SECOND, "video", "20% off"),
        (SECOND, "video", "560 tokens per input image"),
        (SECOND, "video", "up to 32K"),
        (TOKENS, "text", "$1.2 in $6 out $0.24 cached <= 32K, $2.4 in $12 out > 64K"),
        (TOKENS, "text", "$1.2 in $6 out up to 32K, $2.4 in $12 out above"),
        (TOKENS, "text", "$1.2 in $6 out up to 32K"),
        (TOKENS, "text", "$1.2 in $7 out"),
        (TOKENS, "text", "$6 in $1.2 out"),
        (TOKENS, "text", "$1.2 in $6 out $0.5 cached"),
        (TOKENS, "text", "$1.2 / 1M tokens"),
        (TOKENS, "text", "$1.2 per 1K input tokens"),
        (CHARACTERS, "audio", "$20 per 1K characters"),
        (IMAGE, "image", "$0.1 per image"),
        (IMAGE, "image", "1120 tokens ($0.134) for 1K and 2K"),
    ],
)
def test_a_text_that_states_more_or_other_withholds_every_number_of_the_row(
    pricing: dict[str, Any], group: str, text: str
) -> None:
    for key in ("short", "full"):
        assert statuses(row_of(pricing, text, key), group) == REFUSED


def test_one_text_that_agrees_does_not_outweigh_another_that_does_not() -> None:
    row = row_of({**SECOND, "full": "$0.03 / second"}, "$0.025 / second")
    assert statuses(row, "video") == REFUSED


@pytest.mark.parametrize(
    "table",
    [
        {"columns": ["resolution", "$ cost per second"], "rows": [["720P", "$0.025"]]},
        {"columns": ["resolution", "$ cost per second"], "rows": [["720P", 0.025]]},
        [{"resolution": "720p", "price": "0.025"}],
    ],
)
def test_a_table_of_prices_withholds_the_one_number(table: object) -> None:
    assert statuses(row_of(SECOND, table, "table"), "video") == REFUSED


@pytest.mark.parametrize("table", [{}, [], {"columns": ["resolution"], "rows": [["720P"]]}])
def test_a_table_without_prices_does_not_matter(table: object) -> None:
    assert statuses(row_of(SECOND, table, "table"), "video") == PRICED


def test_a_contradicted_zero_is_no_suspect_zero() -> None:
    pricing = {"type": "input_character_length", "cents_per_input_chars": 0.0}
    assert statuses(row_of(pricing, "$35 per 1M characters"), "audio") == REFUSED
    suspect = {("suspect", "zero_not_stated_free")}
    assert statuses(row_of(pricing, "Free"), "audio") == suspect


def test_an_unknown_key_is_compared_too() -> None:
    assert statuses(row_of(SECOND, "$0.3 per second", "note"), "video") == REFUSED
    assert statuses(row_of(SECOND, None, note="$0.3 per second"), "video") == REFUSED
    assert statuses(row_of(SECOND, None, note={"en": ["now $0.3 per second"]}), "video") == REFUSED


def test_text_beside_the_price_matters_only_where_it_states_another_amount() -> None:
    for text in (
        "A royalty-free model of 14B parameters, up to 10 seconds at 1080p",
        "Trained for $5 million, on data worth $3 billion",
        "Our fast model, at only $0.025 per second for everybody",
    ):
        assert statuses(row_of(SECOND, None, description=text), "video") == PRICED


def test_every_list_is_compared_with_its_texts() -> None:
    wavespeed = {"model_id": "a/b", "base_price": 12000, "formula": None}
    for text, wanted in (("$0.012 per image", PRICED), ("$0.02 per image", REFUSED)):
        row = json.dumps({**wavespeed, "description": text})
        assert statuses(row, "image", "wavespeed_list") == wanted
    fal = {"endpoint_id": "a/b", "unit_price": 0.05, "unit": "images", "currency": "USD"}
    row = json.dumps({**fal, "note": "$0.09 per image"})
    assert statuses(row, "image", "fal_pricing") == REFUSED


def test_a_row_that_its_text_contradicts_still_counts_when_its_id_comes_twice() -> None:
    odd, plain = row_of(SECOND, "$0.03 / second"), row_of(SECOND, None)
    for rows in ([odd, plain], [plain, odd]):
        (found,) = claims("deepinfra_list", rows, "a/b", group="video")
        assert (found["price_status"], found["reason"]) == ("unparsed", "listed_twice")


PIECES = st.lists(
    st.tuples(
        st.sampled_from([Decimal("0.025"), Decimal("0.03"), Decimal("0.25"), Decimal("0.0251")]),
        st.sampled_from(
            [("", 1), (" / second", 1), (" per minute", 60), ("/s", 1), (" per hour", 3600)]
        ),
        st.sampled_from(["", "", "", " for 1080P", " (720p)", " up to 32K", " with audio off"]),
    ),
    min_size=1,
    max_size=3,
)


@given(pieces=PIECES, join=st.sampled_from([", ", "; ", "\n", " "]), key=st.sampled_from("sft"))
def test_a_published_number_is_contradicted_by_no_amount_of_its_texts(
    pieces: list[tuple[Decimal, tuple[str, int], str]], join: str, key: str
) -> None:
    text = join.join(f"${value * seconds}{unit}{limit}" for value, (unit, seconds), limit in pieces)
    name = {"s": "short", "f": "full", "t": "terms"}[key]
    row = row_of({**SECOND, "type": "output_length"}, text, name)
    only_the_number = all(value == Decimal("0.025") and not limit for value, _, limit in pieces)
    found = statuses(row, "video")
    if only_the_number:
        assert found & PRICED or name == "terms"
    else:
        assert found == REFUSED


def test_an_entry_with_too_much_text_to_compare_has_no_number() -> None:
    row = row_of({**SECOND, "type": "output_length"}, "Fast. " * 20_000)
    assert statuses(row, "video") == REFUSED
