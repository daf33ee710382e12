"""fal_pricing's units: the grammar of their names, and every recorded endpoint's figure.

The recording holds what the public pages of 565 endpoints state. Its facts are put into the shape
that fal documents for its interface: `{"endpoint_id", "unit_price", "unit", "currency"}`.
"""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samples.verbatim import Number, encode
from schemas.quotes import NATIVE_UNITS
from schemas.units import UNITS
from tests.support.list_rows import fal_row
from tests.support.price_claims import claim, claims, parsed
from tests.support.recorded_lists import PRICES
from transforms.parsing.billing_units import NAMES, UNSTATED, read_billing_unit
from transforms.parsing.fal_pricing import CEILING
from transforms.pricing.units import RULES
from transforms.task_groups import GROUPS

FEED = "fal_pricing"
RECORDING = PRICES / "fal_page_billing_2025-10-30.json"
needs_recording = pytest.mark.skipif(
    not RECORDING.is_file(), reason="the recordings are not beside the checkout"
)
REAL_UNITS = (
    *("seconds", "images", "megapixels", "compute seconds", "videos", "generations"),
    *("1000 characters", "1000 characters ", "video segments", "minutes", "steps", "units"),
    *("credits", "1m tokens", "1000 tokens", "5 seconds", "10 seconds", "30 seconds"),
    *("input seconds", "requests", "audios", "trainings", "cloned voices"),
    *("processed megapixels", "minute of video ", "1", ""),
)
"""Every unit that 827 public pages stated on 2025-10-30."""

BY_HAND: dict[tuple[str, str], tuple[str, int, str]] = {
    ("images", "image"): ("image", 1, "list"),
    ("images", "other"): ("image", 1, "list"),
    ("megapixels", "image"): ("image", 1, "derived"),
    ("megapixels", "video"): ("megapixel", 1, "list"),
    ("processed megapixels", "image"): ("megapixel", 1, "list"),
    ("generations", "image"): ("run", 1, "derived"),
    ("generations", "audio"): ("run", 1, "derived"),
    ("generations", "other"): ("run", 1, "derived"),
    ("seconds", "video"): ("second_of_video", 1, "list"),
    ("seconds", "audio"): ("second_of_audio", 1, "list"),
    ("5 seconds", "video"): ("second_of_video", 5, "list"),
    ("5 seconds", "audio"): ("second_of_audio", 5, "list"),
    ("30 seconds", "audio"): ("second_of_audio", 30, "list"),
    ("minutes", "video"): ("second_of_video", 60, "list"),
    ("minutes", "audio"): ("second_of_audio", 60, "list"),
    ("videos", "video"): ("run", 1, "derived"),
    ("audios", "audio"): ("run", 1, "derived"),
    ("compute seconds", "image"): ("second_of_compute", 1, "list"),
    ("compute seconds", "audio"): ("second_of_compute", 1, "list"),
    ("compute seconds", "video"): ("second_of_compute", 1, "list"),
    ("compute seconds", "other"): ("second_of_compute", 1, "list"),
    ("1000 characters", "audio"): ("character", 1000, "list"),
    ("1000 characters", "other"): ("character", 1000, "list"),
    ("steps", "other"): ("step", 1, "list"),
    ("requests", "other"): ("request", 1, "list"),
}
"""What each recorded unit is for a group of tasks, for how many of it the price is, and the basis;
worked out with pencil and paper. A pair that is not here has no price."""
NATIVE = {
    "seconds": ("second", 1),
    "minutes": ("minute", 1),
    "videos": ("video", 1),
    "input seconds": ("input_second", 1),
    "video segments": ("video_segment", 1),
    "1m tokens": ("token", 1_000_000),
    "1000 tokens": ("token", 1000),
    "units": ("unit", 1),
    "credits": ("credit", 1),
    "cloned voices": ("cloned_voice", 1),
    "1": ("unstated_unit", 1),
    "": ("unstated_unit", 1),
}
"""The native units of the pairs that have no price."""


def recorded() -> list[dict[str, Number | str]]:
    """Return the recorded facts; every number keeps its text."""
    text = RECORDING.read_text("utf-8")
    facts: list[dict[str, Number | str]] = json.loads(text, parse_float=Number, parse_int=Number)
    return facts


def documented_row(fact: dict[str, Number | str]) -> str:
    """Put a fact of a page into the shape of an entry of the interface."""
    return encode(
        {
            "endpoint_id": fact["id"],
            "unit_price": fact["price"],
            "unit": fact["billing_unit"],
            "currency": "USD",
        }
    )


@needs_recording
def test_each_recorded_endpoint_is_priced_as_by_hand_or_stays_native_with_a_reason() -> None:
    outcomes = Counter[str]()
    for fact in recorded():
        name, unit = str(fact["id"]), str(fact["billing_unit"]).strip()
        group = GROUPS.get(str(fact["category"]), "other")
        found = claim(FEED, documented_row(fact), name, group=group)
        price = Fraction(str(fact["price"]))
        assert (found["raw_text"], Fraction(found["native_amount"])) == (str(fact["price"]), price)
        if price == 0:
            assert (found["amount"], found["reason"]) == (None, "zero_not_stated_free")
        elif (by_hand := BY_HAND.get((unit, group))) is None:
            assert (found["amount"], found["reason"]) == (None, "unit_not_convertible"), fact
            assert (found["native_unit"], found["native_quantity"]) == NATIVE[unit]
        else:
            ours, quantity, basis = by_hand
            assert (found["unit"], found["basis"], found["price_status"]) == (ours, basis, "priced")
            assert abs(Fraction(found["amount"]) - price / quantity) < Fraction(1, 10**17), fact
            assert found["formula"].endswith(CEILING) == (ours == "second_of_video")
        outcomes[found["price_status"]] += 1
    assert outcomes == {"priced": 416, "suspect": 83, "not_published": 66}


@needs_recording
def test_every_recorded_endpoint_is_accepted_as_one_answer() -> None:
    facts = recorded()
    parts = parsed(FEED, [documented_row(fact) for fact in facts])
    assert (parts.quotes.height, parts.rejected.height) == (len(facts), 0)
    assert parts.quotes["problem"].null_count() == len(facts) == 565


@pytest.mark.parametrize("unit", REAL_UNITS)
@pytest.mark.parametrize("group", [*sorted(set(GROUPS.values())), "other"])
def test_every_real_unit_gives_a_price_or_the_reason_in_every_group(unit: str, group: str) -> None:
    found = claim(FEED, fal_row("a/b", "0.6", unit), "a/b", group=group)
    if found["price_status"] == "priced":
        assert found["unit"] in UNITS
        assert found["amount"] > 0
    else:
        assert (found["price_status"], found["reason"]) == ("not_published", "unit_not_convertible")
        assert (found["amount"], found["native_amount"]) == (None, Decimal("0.6"))
        assert found["raw_text"] == "0.6"
    assert found["native_unit"] in NATIVE_UNITS


@pytest.mark.parametrize(
    ("unit", "group", "ours", "amount"),
    [
        ("minute of video ", "video", "second_of_video", "0.01"),
        ("minutes of video", "video", "second_of_video", "0.01"),
        ("per second of video", "video", "second_of_video", "0.6"),
        ("hours", "audio", "second_of_audio", "0.000166666666666667"),
        ("1,000 Characters", "audio", "character", "0.0006"),
        ("1k characters", "audio", "character", "0.0006"),
        ("PER 1M CHARACTERS", "audio", "character", "0.0000006"),
        ("10 seconds", "video", "second_of_video", "0.06"),
        ("image", "image", "image", "0.6"),
        ("1 megapixel", "image", "image", "0.6"),
        ("gpu-second", "image", "second_of_compute", "0.6"),
        ("1m tokens", "embedding", "input_token", "0.0000006"),
        ("1M input tokens", "text", "input_token", "0.0000006"),
        ("steps", "image", "step", "0.6"),
        ("requests", "image", "request", "0.6"),
    ],
)
def test_a_count_and_a_name_in_any_form_are_one_unit(
    unit: str, group: str, ours: str, amount: str
) -> None:
    found = claim(FEED, fal_row("a/b", "0.6", unit), "a/b", group=group)
    assert (found["unit"], found["amount"]) == (ours, Decimal(amount))


@pytest.mark.parametrize(
    ("unit", "group"),
    [
        ("minute of video", "audio"),
        ("second of audio", "video"),
        ("input seconds", "video"),
        ("videos", "image"),
        ("audios", "video"),
        ("seconds", "image"),
        ("1m tokens", "text"),
        ("1m tokens", "video"),
        ("video segments", "video"),
        ("trainings", "other"),
    ],
)
def test_a_unit_of_something_else_than_the_output_is_not_converted(unit: str, group: str) -> None:
    found = claim(FEED, fal_row("a/b", "0.6", unit), "a/b", group=group)
    assert (found["reason"], found["amount"]) == ("unit_not_convertible", None)


@pytest.mark.parametrize(
    "unit",
    [
        "furlongs",
        "1.000 tokens",
        "0 seconds",
        "5m",
        "tokens 1000",
        "image/s",
        "2 x 5 seconds",
        "–1",
    ],
)
def test_a_name_that_can_mean_two_things_or_nothing_is_not_read(unit: str) -> None:
    found = claim(FEED, fal_row("a/b", "0.6", unit), "a/b", group="video")
    assert (found["price_status"], found["reason"]) == ("unparsed", f"unknown_unit: {unit}")


@pytest.mark.parametrize("unit", ["null", '""', '" "', '"1"', "1"])
def test_a_price_without_a_unit_keeps_its_number_and_does_not_count(unit: str) -> None:
    row = fal_row("a/b", "0.02").replace('"images"', unit)
    found = claim(FEED, row, "a/b", group="video")
    assert (found["amount"], found["reason"]) == (None, "unit_not_convertible")
    assert (found["native_unit"], found["native_amount"]) == ("unstated_unit", Decimal("0.02"))


def test_a_price_of_a_length_of_video_is_a_ceiling_unless_the_id_rules_audio_out() -> None:
    for unit in ("seconds", "5 seconds", "minutes", "minute of video"):
        found = claim(FEED, fal_row("a/b", "0.14", unit), "a/b", group="video")
        assert (found["basis"], found["formula"].split("; ")[1:]) == ("list", [CEILING])
    for name in ("a/b/no-audio", "a/silent-video", "a/b/without_audio/x", "a/b-muted"):
        found = claim(FEED, fal_row(name, "0.14", "seconds"), name, group="video")
        assert found["formula"] == "round_12_digits(unit_price)"
    for unit, group in (("seconds", "audio"), ("videos", "video"), ("compute seconds", "video")):
        found = claim(FEED, fal_row("a/b", "0.14", unit), "a/b", group=group)
        assert CEILING not in found["formula"]


def test_a_price_list_without_such_prices_states_no_ceiling() -> None:
    row = json.dumps(
        {"model_name": "a/b", "pricing": {"type": "output_length", "cents_per_output_sec": 5.0}}
    )
    (found,) = claims("deepinfra_list", [row], "a/b", group="video")
    assert CEILING not in found["formula"]


def test_every_rule_is_of_a_known_native_unit_and_a_published_unit() -> None:
    assert {native for native, _ in RULES} <= set(NATIVE_UNITS)
    assert {rule.unit for rule in RULES.values()} <= set(UNITS)
    assert {native for native, _ in NAMES.values()} | {UNSTATED} <= set(NATIVE_UNITS)


NAME = st.sampled_from(sorted(NAMES))
COUNT = st.integers(1, 999_999_999)


@settings(max_examples=200, deadline=None)
@given(name=NAME, count=COUNT, data=st.data())
def test_how_a_unit_is_written_changes_nothing(name: str, count: int, data: st.DataObject) -> None:
    parts = name.split()
    places = data.draw(st.sets(st.sampled_from(range(len(parts)))))
    plural = [
        f"{part}s" if place in places and len(part) > 2 else part
        for place, part in enumerate(parts)
    ]
    number = data.draw(st.sampled_from([str(count), f"{count:,}"]))
    between = data.draw(st.sampled_from([" ", "  ", "_", "-", "\u00a0"]))
    prefix = data.draw(st.sampled_from(["", " ", "per ", "/", "PER  "]))
    written = (
        f"{prefix}{number} {between.join(plural)}{data.draw(st.sampled_from(['', ' ', chr(10)]))}"
    )
    if data.draw(st.booleans()):
        written = written.upper()
    native_unit, each = NAMES[name]
    assert read_billing_unit(written) == (native_unit, Decimal(count * each))


@settings(max_examples=100, deadline=None)
@given(
    name=NAME, count=st.integers(1, 999), scale=st.sampled_from(["k", " k", "K", "m", " million"])
)
def test_a_scale_multiplies_the_count(name: str, count: int, scale: str) -> None:
    times = 1000 if "k" in scale.lower() else 1_000_000
    scaled = read_billing_unit(f"{count}{scale} {name}")
    assert scaled == read_billing_unit(f"{count * times} {name}")
    assert scaled is not None


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=40))
def test_any_text_is_a_known_unit_with_a_count_or_none(text: str) -> None:
    found = read_billing_unit(text)
    assert found is None or (found.native_unit in NATIVE_UNITS and found.quantity > 0)
