"""The multipliers of DeepInfra's `tokens` rows: cached tokens, cache writes and service tiers.

Public readers of the list agree on its shapes: `rate_per_explicit_cache_write_token` is null or an
object of retentions, `{"5m": 1.25, "1h": 2.0}`; every other rate is null or a number.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.deepinfra_rows import TOKENS, amounts, prices

CACHED = "rate_per_input_token_cached"
WRITE = "rate_per_input_token_cache_write"
EXPLICIT = "rate_per_explicit_cache_write_token"
FLEX, PRIORITY = "rate_per_service_tier_flex", "rate_per_service_tier_priority"
INPUT, OUTPUT = Decimal("0.000001"), Decimal("0.000002")
NOT_OFFERED = (None, "not_published", "not_offered")
MAIN = {("input_token", "standard"): INPUT, ("output_token", "standard"): OUTPUT}


def test_a_row_with_every_rate_has_each_unit_in_each_tier() -> None:
    rates = {CACHED: 0.2, EXPLICIT: {"5m": 1.25, "1h": 2.0}, FLEX: 0.8, PRIORITY: 1.5}
    found = amounts({**TOKENS, **rates, "explicit_cache_granularity_tokens": 1024})
    each = {
        "input_token": INPUT,
        "output_token": OUTPUT,
        "cached_input_token": INPUT * Decimal("0.2"),
        "cache_write_token": INPUT * Decimal("1.25"),
    }
    times = {"standard": Decimal(1), "flex": Decimal("0.8"), "priority": Decimal("1.5")}
    assert found == {(unit, tier): each[unit] * times[tier] for unit, tier in product(each, times)}


def test_a_rate_of_null_or_zero_is_not_offered_and_an_absent_one_not_stated() -> None:
    for nothing in (None, 0, 0.0):
        found = prices({**TOKENS, **dict.fromkeys((CACHED, WRITE, FLEX, PRIORITY), nothing)})
        assert {series: price for series, price in found.items() if series not in MAIN} == {
            ("cached_input_token", "standard"): NOT_OFFERED,
            ("cache_write_token", "standard"): NOT_OFFERED,
            ("input_token", "flex"): NOT_OFFERED,
            ("output_token", "flex"): NOT_OFFERED,
            ("input_token", "priority"): NOT_OFFERED,
            ("output_token", "priority"): NOT_OFFERED,
        }
    bare = {key: value for key, value in TOKENS.items() if "rate" not in key}
    assert set(prices(bare)) == set(MAIN)


@pytest.mark.parametrize(
    ("stated", "rate"),
    [
        ({WRITE: 1.25, EXPLICIT: None}, "1.25"),
        ({WRITE: None, EXPLICIT: 1.25}, "1.25"),
        ({WRITE: None, EXPLICIT: {"5m": 1.25}}, "1.25"),
        ({WRITE: None, EXPLICIT: {"1h": 2.0, "5m": 1.25}}, "1.25"),  # the shortest retention
        ({WRITE: 0, EXPLICIT: {"1h": 2.0, "90s": 1.1, "2m": 1.2}}, "1.1"),
        ({WRITE: None, EXPLICIT: {"5m": None, "1h": 2.0}}, "2.0"),
        # what every request pays comes before what is only paid for an explicit retention
        ({WRITE: 1.5, EXPLICIT: {"5m": 1.25, "1h": 2.0}}, "1.5"),
        ({WRITE: None, EXPLICIT: {}}, None),
        ({WRITE: 0, EXPLICIT: 0}, None),
        ({WRITE: None, EXPLICIT: {"5m": 0}}, None),
    ],
)
def test_the_rate_of_a_cache_write(stated: dict[str, Any], rate: str | None) -> None:
    found = prices({**TOKENS, **stated})["cache_write_token", "standard"]
    if rate is None:
        assert found == NOT_OFFERED
    else:
        assert found == (INPUT * Decimal(rate), "priced", None)


@pytest.mark.parametrize("key", [CACHED, WRITE, EXPLICIT, FLEX, PRIORITY])
@pytest.mark.parametrize(
    "odd", [-0.2, "0.2", True, [], 1e12, 1e300, 1e-9, 100, {"forever": 1.25}, {"5m": "1.25"}]
)
def test_an_odd_rate_leaves_the_main_prices_and_gives_no_other_number(
    key: str, odd: object
) -> None:
    found = prices({**TOKENS, key: odd})
    assert {series: found[series].amount for series in MAIN} == MAIN
    others = [price for series, price in found.items() if series not in MAIN]
    assert {price.amount for price in others} == {None}
    assert {price.price_status for price in others} <= {"not_published", "unparsed"}
    assert any((price.reason or "").startswith(f"not_a_number: {key}") for price in others)


def test_a_cached_token_is_never_dearer_than_one_that_is_read() -> None:
    found = prices({**TOKENS, CACHED: 1.5})["cached_input_token", "standard"]
    assert found == (None, "not_published", f"not_a_number: {CACHED}")


def test_the_noise_of_a_float_is_no_other_rate() -> None:
    noisy = prices({**TOKENS, CACHED: 0.30000000000000004})["cached_input_token", "standard"]
    assert noisy.amount == INPUT * Decimal("0.3")
    assert prices({**TOKENS, CACHED: 0.07692307692307693})[
        "cached_input_token", "standard"
    ].amount == Decimal("0.000000076923076923")


def test_rates_of_an_embedding_and_of_an_image_are_those_of_their_own_units() -> None:
    embedding = {**TOKENS, "cents_per_output_token": 0, CACHED: 0.5, FLEX: 0.8}
    assert amounts(embedding, "embedding", "embeddings") == {
        ("input_token", "standard"): INPUT,
        ("input_token", "flex"): INPUT * Decimal("0.8"),
        ("cached_input_token", "standard"): INPUT / 2,
        ("cached_input_token", "flex"): INPUT / 2 * Decimal("0.8"),
    }
    image = {"type": "input_tokens", "cents_per_input_token": 1e-4}
    assert amounts(image, "image", "text-to-image") == {("output_token", "standard"): INPUT}
    assert amounts(image, "other", "reranker") == {("input_token", "standard"): INPUT}


def test_rates_beside_an_unknown_key_are_marked_like_the_numbers() -> None:
    found = prices({**TOKENS, CACHED: 0.2, FLEX: 0.8, "surcharge": 3})
    assert {price.reason for price in found.values() if price.amount is not None} == {
        "unknown_key: surcharge"
    }


RATES = st.none() | st.sampled_from([0.0, 0.1, 0.2, 0.5, 0.8, 1.0, 1.25, 1.5, 2.0, 12.0, -1.0])


@settings(deadline=None, max_examples=60)
@given(cached=RATES, write=RATES, flex=RATES, priority=RATES)
def test_every_number_is_a_main_price_times_rates_that_are_stated(
    cached: float | None, write: float | None, flex: float | None, priority: float | None
) -> None:
    rates = {CACHED: cached, WRITE: write, FLEX: flex, PRIORITY: priority}
    units = {"cached_input_token": cached, "cache_write_token": write}
    tiers = {"flex": flex, "priority": priority}
    for (unit, tier), amount in amounts({**TOKENS, **rates}).items():
        base = OUTPUT if unit == "output_token" else INPUT
        of_unit = Decimal(str(units[unit])) if unit in units else Decimal(1)
        of_tier = Decimal(str(tiers[tier])) if tier in tiers else Decimal(1)
        assert amount == base * of_unit * of_tier
        assert 0 < amount <= base * 100
