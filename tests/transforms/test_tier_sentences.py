"""Prices that texts of DeepInfra's list state for each resolution, and for each context length."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.deepinfra_rows import TOKENS, amounts, claims_at, prices, row

SECOND = {"type": "output_length", "cents_per_output_sec": 2.0}
FRAME = {"type": "frame_units", "cents_per_frame_unit": 0.2}
IMAGE = {"type": "image_units", "cents_per_image_unit": 4.0}
BY_TOKEN = {"type": "input_tokens", "cents_per_input_token": 0.012}
VIDEO, PICTURE = ("video", "text-to-video"), ("image", "text-to-image")
CACHED = {**TOKENS, "rate_per_input_token_cached": 0.2}


def seconds(text: object, pricing: dict[str, Any] = SECOND, key: str = "full") -> dict[str, str]:
    found = amounts({**pricing, key: text}, *VIDEO)
    assert {unit for unit, _ in found} <= {"second_of_video"}
    return {tier: f"{amount.normalize():f}" for (_, tier), amount in found.items()}


def images(text: object, pricing: dict[str, Any] = IMAGE) -> dict[str, str]:
    found = amounts({**pricing, "full": text}, *PICTURE)
    assert {unit for unit, _ in found} <= {"image"}
    return {tier: f"{amount.normalize():f}" for (_, tier), amount in found.items()}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("$0.02 / second for 720P", {"standard": "0.02"}),
        ("$0.02 / second (720p)", {"standard": "0.02"}),
        ("720p: $0.02/s", {"standard": "0.02"}),
        (
            "$0.04 / second for 1080P, $0.02 / second for 720P",
            {"standard": "0.02", "1080p": "0.04"},
        ),
        ("$0.02/sec for 720p and $0.04/sec for 1080p.", {"standard": "0.02", "1080p": "0.04"}),
        ("720p: $0.02 / second; 1080p: $0.04 / second", {"standard": "0.02", "1080p": "0.04"}),
        ("720p: $0.02 / second\n4K: $0.08 / second", {"standard": "0.02", "4k": "0.08"}),
        ("$0.02 per second for 480p and 720p", {"standard": "0.02", "480p": "0.02"}),
        ("$0.02 / second for 720p, $0.04 for 1080p", {"standard": "0.02", "1080p": "0.04"}),
        ("$0.02 for 720P, $0.04 for 1080P", {"standard": "0.02", "1080p": "0.04"}),
        ("$0.02 / second of video for 1280x720", {"standard": "0.02"}),
        ("$0.02 / second for 720P, $0.005 / second for 720P DRAFT", {"standard": "0.02"}),
        ("$0.02 / second for 720p, $0.03 / second for 720p with audio", {"standard": "0.02"}),
        # against the number (2 cents), but they name the reference
        (
            "$0.025 / second for 720P, $0.045 / second for 1080P",
            {"standard": "0.025", "1080p": "0.045"},
        ),
        # the number is that of another resolution, and none is stated for 720p
        ("$0.02 / second for 480P, $0.04 / second for 1080P", {"480p": "0.02", "1080p": "0.04"}),
    ],
)
def test_a_price_for_each_resolution_is_read(text: str, wanted: dict[str, str]) -> None:
    assert seconds(text) == wanted
    assert {c["basis"] for c in claims_at([row({**SECOND, "full": text}, VIDEO[1])], "video")} == {
        "derived"
    }


@pytest.mark.parametrize(
    "text",
    [
        "$0.03 / second",
        "$0.02 / second for 720P, minimum 5 seconds",
        "$0.02 / second up to 720P",
        "$0.02 / second for 720P and below",
        "from $0.02 / second for 720P",
        "~$0.02 / second for 720P",
        "$0.02-0.04 / second for 720P",
        "$0.02+ / second for 720P",
        "$0.02 / second for 720P, $0.04 / second for 720P",
        "$0.02 / second for 720P, $0.04 / image for 1080P",
        "$0.02 / image for 720P",
        "$0.02 / second for 780P",
        "$0.02 / second for 720P, $0.04 / second for 780P",
        "€0.02 / second for 720P",
        "CA$0.02 / second for 720P",
        "$0.02k / second for 720P",
        "$1,000.5 / second for 720P",
        "$0.02 / second for 720P plus $0.10 per request",
        "$0.02 / second for 720P (billed per minute)",
        "$0.02 / second with audio, $0.01 / second without audio",
        "$0.04 / second for 1080P, $0.05 / second for 480P",  # what is the number, 2 cents?
        "$0.03 for 720P, $0.04 for 1080P",  # of what?
        "$0.02 / second for 720P, 20% off",
        "$4.7/M with video, $7.7/M without for 480p and 780p; $5.1/M with video",
        ", ".join(f"${n / 100} / second for {n}x{n}" for n in range(1000, 1050)),
    ],
)
def test_a_text_of_which_any_part_has_no_known_form_withholds_the_number(text: str) -> None:
    found = prices({**SECOND, "full": text}, *VIDEO)
    assert found == {("request", "standard"): (None, "not_published", "stated_in_words")}


def test_all_texts_of_a_row_have_to_go_together() -> None:
    full = "$0.15 / second for 1080P, $0.10 / second for 720P"
    table = {
        "columns": ["resolution", "$ cost per second"],
        "rows": [["780P", "$0.10"], ["1080P", "$0.15"]],
    }
    pricing = {"type": "output_length", "cents_per_output_sec": 10.0, "full": full}
    wanted = {"standard": "0.1", "1080p": "0.15"}
    assert seconds("$0.10 / second", {**pricing, "table": table}, "short") == wanted
    assert seconds(table, {**pricing, "full": "$0.10 / second for 720P"}, "table") == wanted
    # a name that no resolution has may only repeat a figure
    other = {**table, "rows": [["780P", "$0.12"], ["1080P", "$0.15"]]}
    assert seconds(other, pricing, "table") == {}
    assert seconds(table, {**pricing, "full": "$0.11 / second for 720P"}, "table") == {}
    for harmless in ({}, [], {"columns": ["resolution"], "rows": [["720P"]]}):
        assert seconds("$0.10 / second", {**pricing, "table": harmless}, "short") == wanted
    assert seconds("$0.15 / second", pricing, "short") == {}
    assert seconds("$0.12 / second", pricing, "short") == {}
    for odd in (
        {**table, "columns": ["resolution", "fps", "$ cost per second"]},
        {**table, "columns": ["resolution", "$ cost per request"]},
        {**table, "note": "from $0.09"},
        [["720P", "$0.10"]],
        {**table, "rows": [["720P"]]},
        {**table, "rows": [["720P", "$0.10 to $0.12"]]},
    ):
        assert seconds(odd, pricing, "table") == {}


def test_a_price_of_a_second_beside_one_of_a_frame_or_token_is_the_one_price() -> None:
    assert seconds("$0.0500 / second (720p)", FRAME, "short") == {"standard": "0.05"}
    assert seconds("$0.05 / second", FRAME, "short") == {"standard": "0.05"}
    assert seconds("$0.08 / second for 1080p", FRAME, "short") == {"1080p": "0.08"}
    assert seconds("$0.05 (720p)", FRAME, "short") == {}
    assert images("$0.034 per image", BY_TOKEN) == {"standard": "0.034"}


def test_what_comes_out_is_known_by_the_type_of_the_row() -> None:
    text = "$0.02 / second for 720P"
    for kind in ("text-to-video", "image-to-video"):
        assert amounts({**SECOND, "full": text}, "video", kind)
    for kind in ("text-to-music", "", "world-model"):
        assert not amounts({**SECOND, "full": text}, "video", kind)


def test_tokens_of_an_image_are_those_that_come_out() -> None:
    text = (
        "560 tokens per input image, with output image costs scaling by resolution: 1120 tokens "
        "($0.134) for 1K and 2K (roughly 1MP and 4MP), and 2000 tokens ($0.24) for 4K "
        "(roughly 16MP)"
    )
    assert images(text, BY_TOKEN) == {"standard": "0.134", "2k": "0.134", "4k": "0.24"}
    # tokens that do not cost what the text states: one of both is old
    assert images(text, {**BY_TOKEN, "cents_per_input_token": 0.006}) == {}
    assert images(text.replace("1120 tokens", "1,120 tokens"), BY_TOKEN) == {}
    assert images(text.replace("1K and 2K", "1K and 3.5K"), BY_TOKEN) == {}
    with_sizes = "1120 tokens ($0.134) per output image for 1024x1024"
    assert images(with_sizes, BY_TOKEN) == {"standard": "0.134"}
    small = "560 tokens ($0.067) per output image for 512, 1120 tokens ($0.134) for 1K"
    assert images(small, BY_TOKEN) == {"standard": "0.134"}


def test_a_figure_read_from_a_text_is_in_its_claim_as_it_is_written() -> None:
    text = "$0.025 / second for 720P, $0.0450 / second for 1080P"
    found = claims_at([row({**SECOND, "full": text}, VIDEO[1])], "video")
    assert {c["tier"]: (c["raw_text"], c["formula"]) for c in found} == {
        "standard": ("0.025", 'round_12_digits(pricing.full: "$0.025 / second for 720p")'),
        "1080p": ("0.0450", 'round_12_digits(pricing.full: "$0.0450 / second for 1080p")'),
    }
    for claim in found:
        assert text in claim["evidence"]
        assert claim["native_amount"] == Decimal(claim["raw_text"])


def test_a_rounded_figure_leaves_the_digits_of_the_number() -> None:
    pricing = {"type": "image_units", "cents_per_image_unit": 13.44}
    assert images("$0.134 / image for 1K, $0.24 / image for 4K", pricing) == {
        "standard": "0.1344",
        "4k": "0.24",
    }


def test_another_amount_outside_the_price_object_withholds_what_is_read() -> None:
    pricing = {**SECOND, "full": "$0.02 / second for 720P, $0.04 / second for 1080P"}
    for text, count in (("now $0.04 per second in 1080p", 2), ("now $0.01 per second", 1)):
        (*found,) = claims_at([row(pricing, VIDEO[1], description=text)], "video")
        assert len(found) == count
        assert {c["price_status"] for c in found} == {"priced" if count > 1 else "not_published"}


def test_a_discount_counts_for_each_price_that_the_number_confirms() -> None:
    full = {**SECOND, "discount": 0.5}
    before, after = ("0.02", "0.04"), ("0.01", "0.02")
    for small, large in (before, after):
        text = f"${small} / second for 720P, ${large} / second for 1080P"
        assert seconds(text, full) == {"standard": "0.01", "1080p": "0.02"}
    assert seconds("$0.015 / second for 720P, $0.04 / second for 1080P", full) == {}
    assert seconds("$0.05 / second (720p)", {**FRAME, "discount": 0.5}) == {}


BANDS = "$1 in $2 out $0.2 cached <= 32K, $2 in $4 out $0.4 cached <= 128K, $3 in $6 out > 128K"


def test_a_price_for_each_context_length_is_read() -> None:
    found = amounts({**CACHED, "full": BANDS})
    assert found == {
        ("input_token", "standard"): Decimal("0.000001"),
        ("output_token", "standard"): Decimal("0.000002"),
        ("cached_input_token", "standard"): Decimal("0.0000002"),
        ("input_token", "context>32768"): Decimal("0.000002"),
        ("output_token", "context>32768"): Decimal("0.000004"),
        ("cached_input_token", "context>32768"): Decimal("0.0000004"),
        ("input_token", "context>131072"): Decimal("0.000003"),
        ("output_token", "context>131072"): Decimal("0.000006"),
    }
    claims = claims_at([row({**CACHED, "full": BANDS})], "text")
    assert {c["basis"] for c in claims if c["tier"].startswith("context")} == {"derived"}
    assert all((c["raw_text"] or "") in c["evidence"] for c in claims)


def test_a_cached_price_that_is_not_the_rate_of_its_input_price_is_left_out() -> None:
    text = "$1 in $2 out $0.2 cached <= 128K, $2 in $4 out $2 cached"
    found = amounts({**CACHED, "full": text})
    assert {unit for unit, tier in found if tier == "context>131072"} == {
        "input_token",
        "output_token",
    }


WITHOUT_CACHED = {key: value for key, value in TOKENS.items() if "cached" not in key}


@pytest.mark.parametrize(
    ("more", "cached"),
    [
        ({"short": "$1 in $2 out $0.2 cached"}, "0.0000002"),
        ({"short": "$1.00 in $2.00 out $0.20 cached / 1M tokens"}, "0.0000002"),
        ({"short": "$1 in $2 out $0.2 cached", "full": "$1 in $2 out $0.20 cached"}, "0.0000002"),
        ({"short": "$1 in $2 out $0.2 cached", "full": "$1 in $2 out $0.3 cached"}, None),
        ({"short": "$1 in $2 out $0.2 cached", "discount": 0.5}, "0.0000001"),  # before it
        ({"short": "$0.5 in $1 out $0.2 cached", "discount": 0.5}, "0.0000002"),  # after it
        ({"short": "$1 in $2 out $20 cached"}, None),
        ({"short": "$1 in $2 out $0.2 cached / 1K tokens"}, None),
        ({"short": "$1 in $2 out $0.2 cached", "rate_per_input_token_cached": 0.2}, "0.0000002"),
        ({"short": "$1 in $2 out $0.2 cached", "rate_per_input_token_cached": None}, None),
    ],
)
def test_a_cached_price_that_only_a_text_states_is_read(
    more: dict[str, Any], cached: str | None
) -> None:
    pricing = {**WITHOUT_CACHED, **more}
    found = amounts(pricing)
    assert ("input_token", "standard") in found
    price = found.get(("cached_input_token", "standard"))
    assert price == (None if cached is None else Decimal(cached))
    for claim in claims_at([row(pricing)], "text"):
        if claim["unit"] == "cached_input_token":
            assert claim["reason"] != "not_offered"  # a text states one
            assert claim["raw_text"] in claim["evidence"]


@pytest.mark.parametrize(
    "text",
    [
        "$1 in $3 out <= 32K, $2 in $4 out > 32K",  # not the numbers
        "$1 in $2 out $0.3 cached <= 32K, $2 in $4 out > 32K",  # not the rate
        "$1 in $2 out <= 32K, $2 in $4 out > 64K",  # between both: what?
        "$1 in $2 out <= 32K, $2 in $4 out <= 32K",
        "$1 in $2 out <= 32K, $2 in $4 out <= 16K, $3 in $6 out",
        "$1 in $2 out, $2 in $4 out",
        "$1 in $2 out <= 32K",
        "$1 in $2 out > 32K, $2 in $4 out",
        "$1 in $2 out <= 32K, $2 in $4 out > 32K, batch half price",
        "$1 in $2 out up to 32K, $2 in $4 out above",
    ],
)
def test_bands_that_are_not_understood_withhold_the_numbers(text: str) -> None:
    assert prices({**CACHED, "full": text}) == {
        ("request", "standard"): (None, "not_published", "stated_in_words")
    }


PIECES = st.sampled_from(
    [
        *("$0.02", "$0.04", "$.5", "0.02", "$2", "720p", "1080p", "1k", "4K", "780p", "512", "/"),
        *("second", "per", "image", "for", "and", ",", ", ", "; ", "(", ")", ":", "roughly", "1mp"),
        *("draft", "with audio", "tokens", "1120 tokens", "in", "out", "cached", "<= 32K", "> 32K"),
        *("up to", "from", "free", "-", "%", "each", "\n", "€1", "²", "\u0663"),
    ]
)
WHOLE = st.lists(
    st.builds(
        "${} / {} for {}{}".format,
        st.sampled_from(["0.02", "0.04", "0.025", "1.5"]),
        st.sampled_from(["second", "image"]),
        st.sampled_from(["720p", "1080p", "1K", "4K", "480p and 720p"]),
        st.sampled_from(["", "", " draft", " with audio"]),
    ),
    min_size=1,
    max_size=4,
).map(", ".join)


@settings(deadline=None, max_examples=150)
@given(
    text=st.lists(PIECES, min_size=1, max_size=12).map(" ".join) | WHOLE,
    pricing=st.sampled_from([SECOND, FRAME, IMAGE, BY_TOKEN, CACHED]),
    kind=st.sampled_from(["text-to-video", "text-to-image", "text-generation"]),
    key=st.sampled_from(["short", "full", "table"]),
)
def test_no_price_is_anything_but_a_figure_of_the_row(
    text: str, pricing: dict[str, Any], kind: str, key: str
) -> None:
    line = row({**pricing, key: text}, kind)
    group = {"text-to-video": "video", "text-to-image": "image"}.get(kind, "text")
    numbers = {str(value) for value in pricing.values() if isinstance(value, float | int)}
    figures = set(re.findall(r"[0-9]*\.?[0-9]+", text))
    for claim in claims_at([line], group):
        if claim["amount"] is None:
            continue
        assert claim["raw_text"] in numbers | figures
        assert claim["raw_text"] in line
        if claim["raw_text"] not in numbers:
            assert f"${claim['raw_text']}" in text
            assert claim["basis"] == "derived"
            assert json.dumps(text)[1:-1] in claim["evidence"]


@settings(deadline=None, max_examples=100)
@given(
    stated=st.dictionaries(
        st.sampled_from(["480p", "720p", "1080p", "1440p", "4K"]),
        st.sampled_from(["0.02", "0.03", "0.045", "1.5"]),
        min_size=1,
    ),
    beside=st.sampled_from(["", "", "", " up to 10 s", " or more", "!", " (beta)"]),
)
def test_a_sentence_is_read_as_it_was_written_or_not_at_all(
    stated: dict[str, str], beside: str
) -> None:
    text = ", ".join(f"${price} / second for {name}" for name, price in stated.items()) + beside
    found = seconds(text, FRAME)
    wanted = {
        "standard" if name == "720p" else name.lower(): f"{Decimal(price).normalize():f}"
        for name, price in stated.items()
    }
    assert found == ({} if beside else wanted)
