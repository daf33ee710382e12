"""A discount of DeepInfra's list: the fraction off its numbers, until its end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from tests.support.deepinfra_rows import TOKENS, claims_at, row

START = datetime(2026, 11, 25, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
OUT = {"type": "output_length", "cents_per_output_sec": 2.0}
RATES = {
    "rate_per_input_token_cached": 0.2,
    "rate_per_input_token_cache_write": 1.25,
    "rate_per_service_tier_flex": 0.8,
}


def film(
    discount: object, end: object = None, observed_at: datetime | None = START, **more: Any
) -> dict[str, Any]:
    pricing = {**OUT, "discount": discount, "discount_ends_at": end, **more}
    (found,) = claims_at([row(pricing, "text-to-video")], "video", observed_at)
    return found


def unix(moment: datetime) -> int:
    return int(moment.timestamp())


@pytest.mark.parametrize("nothing", [None, 0, 0.0])
def test_no_discount_leaves_the_price_as_it_is_stated(nothing: object) -> None:
    found = film(nothing, unix(START + HOUR))
    assert (found["amount"], found["basis"], found["until"]) == (Decimal("0.02"), "list", None)


def test_a_discounted_price_keeps_the_number_of_the_list_and_names_the_fraction() -> None:
    found = film(0.25)
    assert (found["amount"], found["basis"]) == (Decimal("0.015"), "derived")
    assert (found["raw_text"], found["native_amount"]) == ("2.0", Decimal("0.02"))
    assert found["formula"] == "round_12_digits(cents_per_output_sec * 0.01) * (1 - 0.25)"
    assert (found["price_status"], found["until"]) == ("priced", None)


@pytest.mark.parametrize(
    "end",
    [
        unix(START + HOUR),
        unix(START + HOUR) * 1000,
        "2026-11-25T13:00:00Z",
        "2026-11-25T13:00:00",
        "2026-11-25 13:00:00+00:00",
        "2026-11-25T15:00:00.000+02:00",
    ],
)
def test_an_end_is_a_unix_time_or_a_date_in_iso_8601(end: object) -> None:
    before = film(0.5, end)
    assert (before["amount"], before["until"]) == (Decimal("0.01"), START + HOUR)
    for later in (START + HOUR, START + 30 * HOUR):
        after = film(0.5, end, later)
        assert (after["amount"], after["basis"], after["until"]) == (Decimal("0.02"), "list", None)


def test_a_day_ends_the_discount_when_it_begins() -> None:
    assert film(0.5, "2026-11-26")["until"] == datetime(2026, 11, 26, tzinfo=UTC)
    assert film(0.5, "2026-11-25")["amount"] == Decimal("0.02")


@pytest.mark.parametrize(
    "odd", [1, 1.0, 1.5, 30, -0.1, -1, "0.5", "30%", True, [], {}, 1e-30, 1e12]
)
def test_an_odd_discount_leaves_no_price(odd: object) -> None:
    found = film(odd)
    assert (found["price_status"], found["amount"]) == ("unparsed", None)
    assert found["reason"] == "discount_not_understood"


@pytest.mark.parametrize(
    "odd", ["soon", "", "20261201", "Dec 1, 2026", -1, 1e15, True, [], {}, "9999-12-31T23:59:59Z"]
)
def test_an_end_that_is_no_moment_leaves_no_price(odd: object) -> None:
    found = film(0.5, odd)
    assert found["amount"] is None
    assert found["reason"] in {"discount_end_not_understood", "stated_in_words"}


def test_of_a_list_without_a_time_it_is_not_known_whether_a_discount_ended() -> None:
    assert film(0.5, unix(START), None)["reason"] == "discount_end_not_understood"
    assert film(0.5, None, None)["amount"] == Decimal("0.01")


def test_a_discount_is_off_every_price_of_a_row() -> None:
    plain = claims_at([row({**TOKENS, **RATES})], "text", START)
    off = claims_at([row({**TOKENS, **RATES, "discount": 0.3})], "text", START)
    full = {(c["unit"], c["tier"]): c["amount"] for c in plain}
    found = {(c["unit"], c["tier"]): c["amount"] for c in off}
    assert len(full) == 10
    assert found == {
        series: amount * Decimal("0.7") if amount is not None else None
        for series, amount in full.items()
    }
    assert {c["native_amount"] for c in off} == {c["native_amount"] for c in plain}


def test_a_default_size_and_a_discount_are_both_counted() -> None:
    pricing = {
        "type": "image_units",
        "cents_per_image_unit": 1.0,
        "default_width": 512,
        "default_height": 512,
        "discount": 0.5,
    }
    (found,) = claims_at([row(pricing, "text-to-image")], "image", START)
    assert found["amount"] == Decimal("0.02")
    assert found["formula"].endswith(" * 1048576 / 262144 * (1 - 0.5)")


@pytest.mark.parametrize("text", ["$0.02 / second", "$0.01 / second"])
def test_a_text_may_repeat_the_number_before_the_discount_or_after_it(text: str) -> None:
    assert film(0.5, short=text)["amount"] == Decimal("0.01")


def test_a_text_that_states_neither_withholds_the_price() -> None:
    found = film(0.5, short="$0.015 / second")
    assert (found["price_status"], found["reason"]) == ("not_published", "stated_in_words")
    assert (found["amount"], found["until"]) == (None, None)


def test_the_zone_of_the_reader_does_not_matter() -> None:
    elsewhere = START.astimezone(timezone(timedelta(hours=9)))
    assert film(0.5, unix(START + HOUR), elsewhere)["until"] == START + HOUR
