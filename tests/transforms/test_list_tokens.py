"""Lists whose rows state rates per token: the recorded rows by hand, the others as documented.

The amounts of the recorded rows were worked out from the rows with pencil and paper.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.quotes import NOT_OFFERED
from tests.support.price_claims import claims, parsed
from tests.support.recorded_lists import PRICES, recorded_files

needs_recordings = pytest.mark.skipif(
    not PRICES.is_dir(), reason="the recordings are not beside the checkout"
)
RECORDED = ("featherless_list", "ovhcloud_list", "sambanova_list")
ROWS = {
    feed: {json.loads(row)["id"]: row for rows in recorded_files(feed) for row in rows}
    for feed in RECORDED
}
Priced = dict[tuple[str, str], Any]
NO = NOT_OFFERED
FIGURES: list[tuple[str, str, str, str | None, str | None, str | None, str | None]] = [
    # feed, id, task group, USD per input and output token, of cached input, of cache writing;
    # None: the list states none, or no number of it counts
    ("featherless_list", "recursal/EagleX_1-7T", "text", "0.0000001", "0.0000002", None, None),
    ("featherless_list", "moonshotai/Kimi-K3", "text", "0.000003", "0.000015", None, None),
    ("featherless_list", "zai-org/GLM-5.2", "text", "0.00000075", "0.0000024", None, None),
    (
        "featherless_list",
        "meta-llama/Llama-3.3-70B-Instruct",
        "text",
        "0.00000065",
        "0.00000075",
        None,
        None,
    ),
    (
        "featherless_list",
        "unsloth/Llama-3.3-70B-Instruct",
        "text",
        "0.0000026",
        "0.000003",
        None,
        None,
    ),
    ("ovhcloud_list", "whisper-large-v3-turbo", "audio", None, None, None, None),
    ("ovhcloud_list", "bge-m3", "embedding", "0.00000001", None, NO, NO),
    ("ovhcloud_list", "gpt-oss-120b", "text", "0.00000009", "0.00000047", NO, NO),
    ("ovhcloud_list", "Qwen3-32B", "text", "0.00000009", "0.00000025", NO, NO),
    ("ovhcloud_list", "Qwen3Guard-Gen-8B", "text", None, None, NO, NO),
    ("sambanova_list", "DeepSeek-V3.1", "text", "0.000003", "0.0000045", None, None),
    ("sambanova_list", "DeepSeek-V3.2", "text", "0.000003", "0.0000045", None, None),
    ("sambanova_list", "Meta-Llama-3.3-70B-Instruct", "text", "0.0000006", "0.0000012", None, None),
    ("sambanova_list", "MiniMax-M3", "text", "0.0000006", "0.0000024", "0.00000006", NO),
    ("sambanova_list", "gemma-4-31B-it", "text", "0.00000038", "0.00000115", None, None),
    ("sambanova_list", "gpt-oss-120b", "text", "0.00000022", "0.00000059", None, None),
]
UNITS = ("input_token", "output_token", "cached_input_token", "cache_write_token")


def by_unit(feed: str, rows: list[str], name: str, group: str = "text") -> Priced:
    """Return (unit, tier) → the amount of a claim, else its reason."""
    return {
        (found["unit"], found["tier"]): found["amount"]
        if found["price_status"] == "priced"
        else found["reason"]
        for found in claims(feed, rows, name, group=group)
    }


def standard(found: Priced) -> dict[str, Any]:
    return {unit: amount for (unit, tier), amount in found.items() if tier == "standard"}


@needs_recordings
def test_the_table_names_every_recorded_row_and_each_is_accepted() -> None:
    named = [(feed, name) for feed, name, *_ in FIGURES]
    assert sorted(named) == sorted((feed, name) for feed, rows in ROWS.items() for name in rows)
    for feed, rows in ROWS.items():
        found = parsed(feed, list(rows.values()))
        assert found.rejected.is_empty()
        assert set(found.quotes["provider_model_id"]) == set(rows)


@needs_recordings
@pytest.mark.parametrize(("feed", "name", "group", *UNITS), FIGURES)
def test_a_row_s_figures_are_those_worked_out_by_hand(
    feed: str,
    name: str,
    group: str,
    input_token: str | None,
    output_token: str | None,
    cached_input_token: str | None,
    cache_write_token: str | None,
) -> None:
    found = by_unit(feed, list(ROWS[feed].values()), name, group)
    amounts = dict(
        zip(UNITS, (input_token, output_token, cached_input_token, cache_write_token), strict=True)
    )
    expected = {
        unit: NO if amount == NO else Decimal(amount)
        for unit, amount in amounts.items()
        if amount is not None
    }
    if name == "Qwen3Guard-Gen-8B":
        expected |= dict.fromkeys(("input_token", "output_token"), "zero_not_stated_free")
    if name == "whisper-large-v3-turbo":
        expected = {"request": "listed_without_price"}
    assert standard(found) == expected


@needs_recordings
@pytest.mark.parametrize("feed", RECORDED)
def test_every_number_of_a_row_is_recomputed_from_its_text(feed: str) -> None:
    """The text of a price object, read with a regular expression and exact fractions."""
    keys = {
        "input": "input_token",
        "prompt": "input_token",
        "output": "output_token",
        "completion": "output_token",
        "input_cache_read": "cached_input_token",
    }
    count = 0
    for name, row in ROWS[feed].items():
        pricing = re.search(r'"pricing"\s*:\s*\{([^}]*)\}', row)
        assert pricing is not None
        per = 1_000_000 if feed == "featherless_list" else 1
        found = standard(by_unit(feed, [row], name))
        for key, number in re.findall(r'"(\w+)"\s*:\s*"?([0-9.]+)"?', pricing[1]):
            if key in keys and Fraction(number) > 0:
                assert Fraction(found[keys[key]]) == Fraction(number) / per, (name, key)
                count += 1
    assert count == {"featherless_list": 10, "ovhcloud_list": 5, "sambanova_list": 13}[feed]


def priced_row(feed: str, pricing: Any, **more: Any) -> str:
    name = "serverlessEndpoint" if feed == "together_list" else "id"
    return json.dumps({name: "a/b", "pricing": pricing, **more})


def openrouter(**more: Any) -> dict[str, Any]:
    return {"prompt": "0.000001", "completion": "0.000002", "currency_unit": "USD", **more}


PER_TOKEN = ("cerebras_list", "ovhcloud_list", "sambanova_list")
AS_DOCUMENTED: dict[str, tuple[str, dict[tuple[str, str], Any]]] = {
    "cerebras_list": (
        priced_row("cerebras_list", {"prompt": "0.00000035", "completion": "0.00000075"}),
        {
            ("input_token", "standard"): Decimal("0.00000035"),
            ("output_token", "standard"): Decimal("0.00000075"),
        },
    ),
    "together_list": (
        priced_row("together_list", {"input": 2.7, "output": 13.5, "cachedInput": 0.27}),
        {
            ("input_token", "standard"): Decimal("0.0000027"),
            ("output_token", "standard"): Decimal("0.0000135"),
            ("cached_input_token", "standard"): Decimal("0.00000027"),
        },
    ),
    "novita_list": (
        priced_row(
            "novita_list",
            {
                "prompt": {"price_per_m": 1500, "price_per_m_decimal": "0.15"},
                "completion": {"price_per_m": 5000, "price_per_m_decimal": "0.5"},
                "input_cache_read": {"price_per_m": 300, "price_per_m_decimal": "0.03"},
            },
            input_token_price_per_m=1500,
            is_tiered_billing=False,
        ),
        {
            ("input_token", "standard"): Decimal("0.00000015"),
            ("output_token", "standard"): Decimal("0.0000005"),
            ("cached_input_token", "standard"): Decimal("0.00000003"),
        },
    ),
    "fireworks_list": (
        priced_row(
            "fireworks_list",
            [
                {"sku": "LLM input tokens (cached)", "amount": "0.14", "unit": "1M tokens"},
                {"sku": "LLM input tokens (uncached)", "amount": "1.4", "unit": "1M tokens"},
                {"sku": "LLM output tokens", "amount": "4.4", "unit": "1M tokens"},
            ],
            serverless_mode="standard",
        ),
        {
            ("input_token", "standard"): Decimal("0.0000014"),
            ("output_token", "standard"): Decimal("0.0000044"),
            ("cached_input_token", "standard"): Decimal("0.00000014"),
        },
    ),
}
"""Feed → a row as readers of the list describe it, and its amounts."""


@pytest.mark.parametrize("feed", AS_DOCUMENTED)
def test_a_row_of_the_documented_shape_is_read(feed: str) -> None:
    row, expected = AS_DOCUMENTED[feed]
    assert by_unit(feed, [row], "a/b") == expected


@pytest.mark.parametrize("feed", PER_TOKEN)
@pytest.mark.parametrize("nothing", ["0", "0.00000000", 0, "", None])
def test_a_cache_rate_that_is_empty_or_0_is_not_offered(feed: str, nothing: Any) -> None:
    found = standard(by_unit(feed, [priced_row(feed, openrouter(input_cache_read=nothing))], "a/b"))
    assert found["cached_input_token"] == NOT_OFFERED
    assert found["input_token"] == Decimal("0.000001")


@pytest.mark.parametrize("feed", PER_TOKEN)
def test_a_cache_rate_without_a_key_is_not_stated(feed: str) -> None:
    assert set(standard(by_unit(feed, [priced_row(feed, openrouter())], "a/b"))) == {
        "input_token",
        "output_token",
    }


@pytest.mark.parametrize(
    ("pricing", "reason"),
    [
        ({}, "listed_without_price"),
        (None, "listed_without_price"),
        ({"input_cache_read": "0"}, "listed_without_price"),
        ({"prompt": None, "completion": ""}, "listed_without_price"),
        ("free", "not_an_object: pricing"),
        ({"prompt": "cheap", "completion": "0.1"}, "not_a_number: prompt"),
        ({"prompt": "-1", "completion": "0.1"}, "not_a_usable_number"),
        ({"prompt": "0", "completion": "0"}, "zero_not_stated_free"),
        ({"prompt": "1e-6", "input": "2e-6"}, "unknown_key: input"),
    ],
)
def test_a_price_object_without_a_usable_rate_gives_a_reason(pricing: Any, reason: str) -> None:
    found = claims("sambanova_list", [priced_row("sambanova_list", pricing)], "a/b", group="text")
    assert reason in {one["reason"] for one in found}
    odd = [one for one in found if one["price_status"] == "priced" and one["reason"] is None]
    assert [one["unit"] for one in odd] == (["output_token"] if "0.1" in str(pricing) else [])


def test_a_key_of_0_changes_nothing_and_another_is_marked() -> None:
    plain = priced_row("ovhcloud_list", openrouter(image="0", request="0"))
    assert {c["reason"] for c in claims("ovhcloud_list", [plain], "a/b", group="text")} == {None}
    with_fee = priced_row("ovhcloud_list", openrouter(request="0.001"))
    found = claims("ovhcloud_list", [with_fee], "a/b", group="text")
    assert {one["reason"] for one in found} == {"unknown_key: request"}


@pytest.mark.parametrize(
    ("code", "currency", "status"),
    [
        ("EUR", "EUR", "priced"),
        ("usd", "USD", "priced"),
        ("euros", "XXX", "unparsed"),
        ("", "XXX", "unparsed"),
        (None, "XXX", "unparsed"),
        (7, "XXX", "unparsed"),
    ],
)
def test_a_price_keeps_its_currency_and_one_of_none_does_not_count(
    code: Any, currency: str, status: str
) -> None:
    row = priced_row("ovhcloud_list", openrouter(currency_unit=code))
    found = claims("ovhcloud_list", [row], "a/b", group="text")
    assert {(one["currency"], one["price_status"]) for one in found} == {(currency, status)}


@pytest.mark.parametrize("feed", ["cerebras_list", "sambanova_list", "featherless_list"])
def test_a_list_that_names_no_currency_is_in_dollars_unless_a_row_names_one(feed: str) -> None:
    rates = {"prompt": "0.000001", "completion": "0.000002"}
    assert {
        c["currency"] for c in claims(feed, [priced_row(feed, rates)], "a/b", group="text")
    } == {"USD"}
    in_euros = priced_row(feed, {**rates, "currency": "EUR"})
    assert {c["currency"] for c in claims(feed, [in_euros], "a/b", group="text")} == {"EUR"}


def test_two_keys_of_one_rate_must_agree() -> None:
    twice = {"input": 0.1, "output": 0.2, "prompt": "0.0000001", "completion": 2e-7}
    agreed = by_unit("featherless_list", [priced_row("featherless_list", twice)], "a/b")
    assert standard(agreed) == {
        "input_token": Decimal("0.0000001"),
        "output_token": Decimal("0.0000002"),
    }
    other = priced_row("featherless_list", {**twice, "prompt": "0.0000002"})
    found = standard(by_unit("featherless_list", [other], "a/b"))
    assert found == {
        "input_token": "two_prices: input, prompt",
        "output_token": Decimal("0.0000002"),
    }


@pytest.mark.parametrize(("stated", "is_sold"), [(False, True), (None, True), (True, False)])
def test_a_deprecated_model_of_cerebras_has_no_price(stated: bool | None, is_sold: bool) -> None:
    row = priced_row("cerebras_list", openrouter(), deprecated=stated)
    found = {one["reason"] for one in claims("cerebras_list", [row], "a/b", group="text")}
    assert found == ({None} if is_sold else {"deprecated_in_list"})


def test_a_row_of_together_without_a_serverless_endpoint_is_rejected() -> None:
    found = parsed("together_list", ['{"id": "a/b", "pricing": {"input": 1}}'])
    assert found.quotes.is_empty()
    assert found.rejected["reasons"].to_list() == [["provider_model_id:missing"]]


def steps(*bounds: tuple[int, int | None, str]) -> str:
    ranges = [
        {
            "min_tokens": least,
            "max_tokens": most,
            "pricing": {
                "prompt": {"price_per_m_decimal": price},
                "completion": {"price_per_m_decimal": price},
            },
        }
        for least, most, price in bounds
    ]
    return priced_row(
        "novita_list", {}, is_tiered_billing=True, tiered_billing_configs=ranges, object="model"
    )


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("start", [0, 1])
def test_the_shortest_contexts_are_standard_and_longer_ones_tiers(order: int, start: int) -> None:
    bounds = [(start, 32768, "1"), (32769, 131072, "2"), (131072, None, "3")]
    found = by_unit("novita_list", [steps(*bounds[::order])], "a/b")
    assert {tier: amount for (unit, tier), amount in found.items() if unit == "input_token"} == {
        "standard": Decimal("0.000001"),
        "context>32768": Decimal("0.000002"),
        "context>131072": Decimal("0.000003"),
    }


@pytest.mark.parametrize(
    "bounds",
    [
        [],
        [(100, None, "1")],
        [(0, 32768, "1"), (40000, None, "2")],
        [(0, 32768, "1"), (0, 40000, "2")],
    ],
    ids=["none", "no start", "hole", "two of one length"],
)
def test_ranges_that_do_not_cover_every_length_have_no_price(bounds: list[Any]) -> None:
    found = by_unit("novita_list", [steps(*bounds)], "a/b")
    assert set(found.values()) == {"tiers_not_stated"}


def test_an_unknown_key_inside_a_rate_is_marked() -> None:
    rate = {"price_per_m_decimal": "1", "discount": 0.5}
    row = priced_row("novita_list", {"prompt": rate, "completion": {"price_per_m_decimal": "2"}})
    found = claims("novita_list", [row], "a/b", group="text")
    assert {one["reason"] for one in found} == {"unknown_key: prompt.discount"}


def test_a_text_beside_novita_s_rates_that_states_another_price_withholds_them() -> None:
    pricing = {"prompt": {"price_per_m_decimal": "1"}, "completion": {"price_per_m_decimal": "2"}}
    row = priced_row("novita_list", pricing, description="Costs $3 per million input tokens.")
    assert set(by_unit("novita_list", [row], "a/b").values()) == {"stated_in_words"}
    same = priced_row("novita_list", pricing, description="$1 per million input tokens.")
    assert standard(by_unit("novita_list", [same], "a/b"))["input_token"] == Decimal("0.000001")


def test_whole_numbers_of_novita_are_never_a_price() -> None:
    row = priced_row("novita_list", {"prompt": {"price_per_m": 1500}}, input_token_price_per_m=1500)
    assert set(by_unit("novita_list", [row], "a/b").values()) == {"not_a_number: prompt"}


def fireworks(amount: str, name: str = "a/b", **more: Any) -> str:
    price = {"sku": "LLM input tokens (uncached)", "amount": amount, "unit": "1M tokens"}
    return json.dumps({"id": name, "pricing": [price], **more})


def test_a_service_tier_of_fireworks_is_a_tier_and_no_second_price() -> None:
    rows = [fireworks("2.8", service_tier="priority"), fireworks("1.4")]
    for each in (rows, rows[::-1]):
        assert by_unit("fireworks_list", each, "a/b") == {
            ("input_token", "priority"): Decimal("0.0000028"),
            ("input_token", "standard"): Decimal("0.0000014"),
        }


@pytest.mark.parametrize("tier", ["default", "standard", "", None])
def test_a_row_of_fireworks_that_names_the_default_tier_is_standard(tier: str | None) -> None:
    row = fireworks("1.4", service_tier=tier, serverless_mode=tier)
    assert by_unit("fireworks_list", [row], "a/b") == {
        ("input_token", "standard"): Decimal("0.0000014")
    }


def test_an_amount_of_fireworks_is_a_number_or_a_text() -> None:
    row = fireworks("1.4").replace('"1.4"', "1.4")
    assert by_unit("fireworks_list", [row], "a/b") == {
        ("input_token", "standard"): Decimal("0.0000014")
    }


def test_a_price_of_fireworks_keeps_its_currency_and_is_marked_beside_an_unknown_key() -> None:
    def stated(**more: Any) -> tuple[Any, ...]:
        price = {"sku": "LLM output tokens", "amount": "1", "unit": "1M tokens", **more}
        row = json.dumps({"id": "a/b", "pricing": [price]})
        (found,) = claims("fireworks_list", [row], "a/b", group="text")
        return found["currency"], found["price_status"], found["reason"]

    assert stated(currency="USD") == stated(discount=None) == ("USD", "priced", None)
    assert stated(currency="EUR") == ("EUR", "priced", None)
    assert stated(currency="dollars") == ("XXX", "unparsed", "unknown_currency: dollars")
    assert stated(discount="0.5") == ("USD", "priced", "unknown_key: discount")


@pytest.mark.parametrize(
    "odd",
    [
        {"service_tier": "gold"},
        {"service_tier": 7},
        {"serverless_mode": "spot"},
        {"serverless_mode": "fast", "service_tier": "priority"},
    ],
)
def test_a_tier_that_is_not_known_leaves_the_standard_price(odd: dict[str, Any]) -> None:
    rows = [fireworks("9", **odd), fireworks("1.4")]
    for each in (rows, rows[::-1]):
        found = by_unit("fireworks_list", each, "a/b")
        assert found["input_token", "standard"] == Decimal("0.0000014")
        assert found["request", "standard"] == "unknown_tier"


def test_a_row_with_a_name_of_its_own_is_another_id() -> None:
    rows = [fireworks("1.4"), fireworks("2.1", serverless_mode="fast", usage_identifier="a/b-fast")]
    assert set(standard(by_unit("fireworks_list", rows, "a/b")).values()) == {Decimal("0.0000014")}
    fast = standard(by_unit("fireworks_list", rows, "a/b-fast"))
    assert fast == {"input_token": Decimal("0.0000021")}


@pytest.mark.parametrize(
    ("price", "reason"),
    [
        (
            {"sku": "LLM output tokens", "amount": "1", "unit": "1K tokens"},
            "unknown_unit: 1K tokens",
        ),
        ({"sku": "GPU hours", "amount": "1", "unit": "hour"}, "unknown_key: GPU hours"),
        ({"sku": "LLM output tokens", "amount": "x", "unit": "1M tokens"}, "not_a_number: amount"),
        ({"sku": "LLM output tokens", "unit": "1M tokens"}, "not_an_array: pricing"),
    ],
)
def test_an_unknown_form_of_a_fireworks_price_gives_a_reason(
    price: dict[str, str], reason: str
) -> None:
    row = json.dumps({"id": "a/b", "pricing": [price]})
    assert set(by_unit("fireworks_list", [row], "a/b").values()) == {reason}


AMOUNTS = st.decimals("0.000001", "99", places=6).map(lambda number: f"{number:f}")


@settings(deadline=None)
@given(AMOUNTS, AMOUNTS)
def test_any_rate_per_million_is_a_millionth_per_token(first: str, second: str) -> None:
    text = f'{{"serverlessEndpoint": "a/b", "pricing": {{"input": {first}, "output": "{second}"}}}}'
    found = standard(by_unit("together_list", [text], "a/b"))
    assert [Fraction(found[unit]) for unit in ("input_token", "output_token")] == [
        Fraction(first) / 1_000_000,
        Fraction(second) / 1_000_000,
    ]


def test_tens_of_thousands_of_rows_are_one_frame() -> None:
    rows = [f'{{"id":"acme/m{n}","pricing":{{"input":0.1,"output":0.2}}}}' for n in range(5_000)]
    found = parsed("featherless_list", rows)
    assert found.summary.records == 5_000
    assert found.quotes.filter(pl.col("problem").is_null()).height == 10_000
