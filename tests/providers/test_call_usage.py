"""What a response states about cached tokens and its own cost, in any shape."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.call_usage import read_cached_tokens, read_stated_costs

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=4,
)


@pytest.mark.parametrize(
    ("stated", "amount"),
    [
        (Decimal("0.030000000000000002"), "0.030000000000000002"),
        (Decimal("8.4E-7"), "0.00000084"),
        ("0.0001", "0.0001"),
        (0, "0"),
        (True, None),
        (Decimal(-1), None),
        (Decimal("NaN"), None),
        (Decimal("1E+999"), None),
        (1_000_001, None),  # a unit that its name does not state
        ("free", None),
        (None, None),
        ([1], None),
    ],
)
def test_the_estimated_cost_of_the_usage_keeps_its_digits(
    stated: object, amount: str | None
) -> None:
    found = [cost.amount for cost in read_stated_costs({"estimated_cost": stated}, {})]
    assert found == ([] if amount is None else [Decimal(amount)])


@pytest.mark.parametrize(
    ("name", "text", "amount"),
    [
        ("x-compute-cost", "0.00012", "0.00012"),
        ("x-inference-cost-nano-usd", "120000", "0.00012"),
        ("x-cost-micro-usd", "120", "0.00012"),
        ("x-cost-in-cents", "0.012", "0.00012"),
    ],
)
def test_a_header_is_in_the_unit_of_its_name(name: str, text: str, amount: str) -> None:
    (cost,) = read_stated_costs({}, {name: text, "x-compute-time": "0.3"})
    assert (cost.source, cost.text, cost.amount) == (name, text, Decimal(amount))


@settings(max_examples=50)
@given(usage=st.dictionaries(st.sampled_from(["estimated_cost", "prompt_tokens"]), JSON), text=JSON)
def test_no_shape_of_usage_is_an_error(usage: dict[str, object], text: object) -> None:
    costs = read_stated_costs(usage, {"x-cost": str(text)})
    assert all(cost.amount.is_finite() and cost.amount >= 0 for cost in costs)
    read_cached_tokens({**usage, "prompt_tokens_details": text})


@pytest.mark.parametrize(
    ("usage", "cached"),
    [
        ({"prompt_tokens": 9, "prompt_tokens_details": {"cached_tokens": 4}}, 4),
        ({"prompt_tokens": 9, "prompt_cache_hit_tokens": 9}, 9),
        ({"prompt_tokens": 9, "prompt_tokens_details": None}, None),
        ({"prompt_tokens": 9, "prompt_tokens_details": {"cached_tokens": 10}}, None),
        ({"prompt_tokens": 9, "prompt_tokens_details": {"cached_tokens": -1}}, None),
        ({"prompt_tokens_details": {"cached_tokens": 1}}, None),
    ],
)
def test_cached_tokens_are_a_part_of_the_input_tokens(
    usage: dict[str, object], cached: int | None
) -> None:
    assert read_cached_tokens(usage) == cached
