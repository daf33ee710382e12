"""What lists state in ways that a careless reader gets wrong by a factor of a hundred, or more."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from tests.support.price_claims import claim, claims, parsed
from transforms.parsing.deepinfra_list import PRICED


def deepinfra(name: str = "a/b", *, deprecated: Any = None, **pricing: Any) -> str:
    texts = dict.fromkeys(("short", "full", "table", "discount", "discount_ends_at"))
    return json.dumps(
        {"model_name": name, "deprecated": deprecated, "pricing": {**texts, **pricing}}
    )


def image_units(cents: float, *, width: int = 0, height: int = 0, **more: Any) -> str:
    return deepinfra(
        type="image_units",
        cents_per_image_unit=cents,
        default_width=width,
        default_height=height,
        default_iterations=0,
        default_price_cents=None,
        usage_from_cost=False,
        **more,
    )


def fal(price: str, unit: str, *, name: str = "a/b", currency: str = "USD", more: str = "") -> str:
    return (
        f'{{"endpoint_id": "{name}", "unit_price": {price}, "unit": "{unit}", '
        f'"currency": "{currency}"{more}}}'
    )


def wavespeed(price: str, formula: str | None = None, name: str = "a/b") -> str:
    text = json.dumps(formula)
    return f'{{"model_id": "{name}", "type": "x", "base_price": {price}, "formula": {text}}}'


def test_deepinfra_s_numbers_are_cents_and_not_dollars() -> None:
    found = claim("deepinfra_list", image_units(3.0), "a/b", group="image")
    assert found["raw_text"] == "3.0"
    assert found["native_amount"] == found["amount"] == Decimal("0.03")
    assert found["currency"] == "USD"


def test_deepinfra_s_characters_are_priced_each_and_not_per_million() -> None:
    row = deepinfra(type="input_character_length", cents_per_input_chars=0.0035)
    found = claim("deepinfra_list", row, "a/b", group="audio")
    assert (found["unit"], found["amount"]) == ("character", Decimal("0.000035"))
    assert found["amount"] * 1_000_000 == Decimal("35")


def test_wavespeed_s_numbers_are_millionths_of_a_dollar() -> None:
    found = claim("wavespeed_list", wavespeed("12000"), "a/b", group="image")
    assert (found["raw_text"], found["amount"]) == ("12000", Decimal("0.012"))


def test_a_default_size_of_zero_is_dropped_and_makes_nothing_free() -> None:
    found = claim("deepinfra_list", image_units(1.5, width=0, height=0), "a/b", group="image")
    assert (found["amount"], found["basis"]) == (Decimal("0.015"), "list")
    one_side = claim("deepinfra_list", image_units(1.5, width=1024), "a/b", group="image")
    assert one_side["amount"] == Decimal("0.015")


def test_a_price_for_another_default_size_is_scaled_and_marked_derived() -> None:
    row = image_units(1.0, width=512, height=512)
    found = claim("deepinfra_list", row, "a/b", group="image")
    assert (found["amount"], found["basis"]) == (Decimal("0.04"), "derived")
    assert found["formula"].endswith(" * 1048576 / 262144")


@pytest.mark.parametrize(
    ("feed", "row"),
    [
        ("deepinfra_list", deepinfra(type="input_character_length", cents_per_input_chars=0.0)),
        ("wavespeed_list", wavespeed("0")),
        ("fal_pricing", fal("0.0", "images")),
    ],
)
def test_a_zero_is_suspect_and_never_free(feed: str, row: str) -> None:
    found = claim(feed, row, "a/b", group="image")
    assert (found["price_status"], found["amount"]) == ("suspect", None)
    assert found["reason"] == "zero_not_stated_free"


def test_an_image_unit_of_a_video_is_one_video_and_gives_no_price_of_a_second() -> None:
    found = claim("deepinfra_list", image_units(20.0), "a/b", group="video")
    assert (found["unit"], found["amount"], found["basis"]) == ("run", Decimal("0.2"), "derived")
    assert found["native_unit"] == "image_unit"


@pytest.mark.parametrize(("kind", "amount"), [("text-to-video", "0.2"), ("text-to-image", "0.8")])
def test_only_the_price_of_an_image_is_scaled_to_our_size(kind: str, amount: str) -> None:
    row = image_units(20.0, width=512, height=512).replace("{", f'{{"type": "{kind}", ', 1)
    found = claim("deepinfra_list", row, "a/b", group=kind.removeprefix("text-to-"))
    assert found["amount"] == Decimal(amount)


def test_zero_dollars_per_compute_second_is_no_estimate_of_zero() -> None:
    found = claims(
        "fal_pricing", [fal("0", "compute seconds")], "a/b", group="image", latency_ms=900.0
    )
    assert [(c["unit"], c["price_status"], c["amount"]) for c in found] == [
        ("second_of_compute", "suspect", None)
    ]


def test_a_compute_second_price_gives_a_request_estimate_and_no_image_price() -> None:
    row = deepinfra(type="time", cents_per_sec=0.05)
    found = claims("deepinfra_list", [row], "a/b", group="image", latency_ms=1500.0)
    assert [(c["unit"], c["basis"], c["amount"]) for c in found] == [
        ("request", "estimate", Decimal("0.00075")),
        ("second_of_compute", "list", Decimal("0.0005")),
    ]
    unmeasured = claims("deepinfra_list", [row], "a/b", group="image")
    assert [c["basis"] for c in unmeasured] == ["list"]


@pytest.mark.parametrize("date", [1761252487, "2026-01-01", True])
def test_a_deprecated_row_prices_nothing_and_keeps_its_native_amount(date: Any) -> None:
    row = deepinfra(deprecated=date, type="time", cents_per_sec=0.05)
    found = claim("deepinfra_list", row, "a/b", group="image", latency_ms=900.0)
    assert (found["price_status"], found["reason"]) == ("not_published", "deprecated_in_list")
    assert (found["amount"], found["native_amount"]) == (None, Decimal("0.0005"))


@pytest.mark.parametrize("date", [None, False])
def test_a_row_that_is_not_deprecated_is_priced(date: Any) -> None:
    row = deepinfra(deprecated=date, type="output_length", cents_per_output_sec=14.0)
    assert claim("deepinfra_list", row, "a/b", group="video")["amount"] == Decimal("0.14")


def test_an_id_listed_twice_with_one_price_is_priced_once() -> None:
    rows = [wavespeed("12000"), wavespeed("12000"), wavespeed("5000", name="c/d")]
    parts = parsed("wavespeed_list", rows)
    assert (parts.summary.records, parts.quotes.height, parts.rejected.height) == (3, 2, 1)
    assert parts.rejected["reasons"].to_list() == [["provider_model_id:repeated"]]
    (found,) = claims("wavespeed_list", rows, "a/b", group="image")
    assert found["amount"] == Decimal("0.012")


def test_an_id_that_comes_twice_with_two_prices_has_none() -> None:
    rows = [wavespeed("12000"), wavespeed("24000")]
    (found,) = claims("wavespeed_list", rows, "a/b", group="image")
    assert (found["price_status"], found["reason"]) == ("unparsed", "listed_twice")
    parts = parsed("wavespeed_list", rows)
    assert (
        parts.summary.rows,
        parts.summary.distinct,
        parts.summary.repeats,
        parts.summary.nameless,
    ) == (2, 1, 1, 0)


def test_of_a_deprecated_and_a_sold_row_of_one_id_the_sold_row_counts() -> None:
    sold = deepinfra(type="output_length", cents_per_output_sec=14.0)
    old = deepinfra(deprecated=1, type="output_length", cents_per_output_sec=9.0)
    for rows in ([sold, old], [old, sold]):
        (found,) = claims("deepinfra_list", rows, "a/b", group="video")
        assert found["amount"] == Decimal("0.14")


def test_an_unknown_unit_gives_no_price() -> None:
    found = claim("fal_pricing", fal("0.003", "furlongs"), "a/b", group="image")
    assert (found["price_status"], found["amount"]) == ("unparsed", None)
    assert found["reason"] == "unknown_unit: furlongs"


@pytest.mark.parametrize("unit", ["units", "credits", "tokens"])
def test_a_unit_that_cannot_be_converted_stays_native(unit: str) -> None:
    found = claim("fal_pricing", fal("0.5", unit), "a/b", group="image")
    assert (found["price_status"], found["amount"]) == ("not_published", None)
    assert found["reason"] == "unit_not_convertible"
    assert (found["native_unit"], found["native_amount"]) == (unit[:-1], Decimal("0.5"))


@pytest.mark.parametrize(
    ("unit", "group", "ours", "amount", "basis"),
    [
        ("images", "image", "image", "0.6", "list"),
        ("megapixels", "image", "image", "0.6", "derived"),
        ("megapixels", "video", "megapixel", "0.6", "list"),
        ("processed megapixels", "image", "megapixel", "0.6", "list"),
        ("seconds", "video", "second_of_video", "0.6", "list"),
        ("seconds", "audio", "second_of_audio", "0.6", "list"),
        ("5 seconds", "video", "second_of_video", "0.12", "list"),
        ("minutes", "audio", "second_of_audio", "0.01", "list"),
        ("videos", "video", "run", "0.6", "derived"),
        ("compute seconds", "image", "second_of_compute", "0.6", "list"),
        ("1000 characters", "audio", "character", "0.0006", "list"),
    ],
)
def test_each_unit_of_fal_is_scaled_by_its_quantity(
    unit: str, group: str, ours: str, amount: str, basis: str
) -> None:
    found = claim("fal_pricing", fal("0.6", unit), "a/b", group=group)
    assert (found["unit"], found["amount"], found["basis"]) == (ours, Decimal(amount), basis)
    assert found["scope"] == "account"


def test_every_pricing_type_of_deepinfra_is_read() -> None:
    assert set(PRICED) == {
        "image_units",
        "tokens",
        "input_tokens",
        "input_length",
        "output_length",
        "input_character_length",
        "time",
        "uptime",
        "frame_units",
    }
    found = claim("deepinfra_list", deepinfra(type="by_mood", cents=1), "a/b", group="text")
    assert (found["price_status"], found["reason"]) == ("unparsed", "unknown_type: by_mood")


def test_tokens_are_priced_both_ways_and_a_cached_one_at_its_rate() -> None:
    row = deepinfra(
        type="tokens",
        cents_per_input_token=0.0001,
        cents_per_output_token=0.0002,
        rate_per_input_token_cached=0.25,
        rate_per_input_token_cache_write=None,
    )
    found = claims("deepinfra_list", [row], "a/b", group="text")
    assert {c["unit"]: (c["amount"], c["reason"]) for c in found} == {
        "input_token": (Decimal("0.000001"), None),
        "output_token": (Decimal("0.000002"), None),
        "cached_input_token": (Decimal("0.00000025"), None),
        "cache_write_token": (None, "not_offered"),
    }
    row = deepinfra(type="tokens", cents_per_input_token=0.0001, cents_per_output_token=0)
    assert [c["unit"] for c in claims("deepinfra_list", [row], "a/b", group="embedding")] == [
        "input_token"
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (image_units(1.0).replace('"discount": null', '"discount": 50'), "discount_not_underst"),
        (image_units(1.0).replace("1.0", '"1.0"'), "not_a_number: cents_per_image_unit"),
        (image_units(1.0).replace('"default_width": 0', '"default_width": -1'), "not_a_number"),
        (
            image_units(1.0).replace('"default_price_cents": null', '"default_price_cents": 7'),
            "two_prices: default_price_cents",
        ),
    ],
)
def test_a_price_object_that_is_not_as_known_is_no_price(row: str, reason: str) -> None:
    found = claim("deepinfra_list", row, "a/b", group="image")
    assert (found["price_status"], found["amount"]) == ("unparsed", None)
    assert found["reason"].startswith(reason)


def test_a_key_that_fal_never_had_makes_its_price_unreadable() -> None:
    row = fal("0.003", "images", more=', "per": 100')
    assert claim("fal_pricing", row, "a/b", group="image")["reason"] == "unknown_key: per"


def test_an_unknown_formula_gives_no_price() -> None:
    row = wavespeed("12000", '{"total_price": base_price * steps}')
    found = claim("wavespeed_list", row, "a/b", group="image")
    assert (found["price_status"], found["amount"]) == ("unparsed", None)


def test_the_length_in_a_formula_divides_the_base_price() -> None:
    row = wavespeed("300000", '{"total_price": base_price * duration / 5}')
    found = claim("wavespeed_list", row, "a/b", group="video")
    assert (found["unit"], found["amount"]) == ("second_of_video", Decimal("0.06"))
    assert (found["native_amount"], found["native_quantity"]) == (Decimal("0.3"), 5)
    assert found["basis"] == "derived"


def test_euros_stay_euros() -> None:
    found = claim("fal_pricing", fal("0.003", "images", currency="EUR"), "a/b", group="image")
    assert (found["currency"], found["amount"]) == ("EUR", Decimal("0.003"))
    odd = claim("fal_pricing", fal("0.003", "images", currency="credits"), "a/b", group="image")
    assert (odd["price_status"], odd["currency"]) == ("unparsed", "XXX")


def test_an_adapter_has_the_price_of_its_rule_with_that_reason() -> None:
    found = claim("wavespeed_list", wavespeed("15000"), "a/b", group="image", adapter=True)
    assert (found["amount"], found["basis"]) == (Decimal("0.015"), "derived")
    assert found["reason"] == "price_of_adapter_rule"


def test_an_account_price_gives_a_number_only_with_the_setting() -> None:
    rows = [fal("0.0037", "compute seconds")]
    (found,) = claims(
        "fal_pricing", rows, "a/b", group="image", latency_ms=900.0, show_account=False
    )
    assert (found["price_status"], found["scope"]) == ("not_published", "account")
    assert found["reason"] == "account_price_not_shown"
    assert "0037" not in json.dumps(found, default=str)
    found = claims("fal_pricing", rows, "a/b", group="image", latency_ms=900.0)
    assert {c["basis"] for c in found} == {"list", "estimate"}


def test_float_noise_is_rounded_to_twelve_digits_after_the_cents() -> None:
    found = claim("deepinfra_list", image_units(3.0000000000000004), "a/b", group="image")
    assert found["amount"] == Decimal("0.03")
    assert found["raw_text"] == "3.0000000000000004"


@pytest.mark.parametrize("feed", ["deepinfra_list", "fal_pricing", "wavespeed_list"])
def test_an_invalid_entry_or_one_without_a_name_is_rejected_and_counted(feed: str) -> None:
    parts = parsed(feed, ["{}", "7", '{"model_name": 4, "model_id": 4, "endpoint_id": 4}'])
    assert (parts.summary.records, parts.quotes.height, parts.rejected.height) == (3, 0, 3)
    assert {r for rs in parts.rejected["reasons"] for r in rs} == {"provider_model_id:missing"}
