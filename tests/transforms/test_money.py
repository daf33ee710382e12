"""The 12-digit rule against a second computation of it, with fractions and no decimal context."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from schemas.amounts import PER_MILLION
from transforms.money import read_amount

EXAMPLES = 200
_HALF = Fraction(1, 2)

digits = st.integers(0, 10**25).map(str)
fractions = st.integers(0, 10**25).map(lambda n: f".{n}")
exponents = st.integers(-25, 12).flatmap(lambda n: st.sampled_from([f"e{n}", f"E{n:+d}"]))
numbers = st.builds("".join, st.tuples(digits, st.just("") | fractions, st.just("") | exponents))
"""JSON numbers from 0 up: with and without a point, with both forms of exponents."""


def half_even(value: Fraction) -> int:
    """Round to a whole number; a tie goes to the even one."""
    whole, rest = divmod(value, 1)
    return int(whole) + (rest > _HALF or (rest == _HALF and whole % 2 == 1))


def twelve_digits(value: Fraction) -> Fraction:
    """Round to 12 significant digits, half even."""
    if value == 0:
        return value
    step = Fraction(1)
    while value / step >= 10**12:
        step *= 10
    while value / step < 10**11:
        step /= 10
    return half_even(value / step) * step


def to_scale(value: Fraction) -> Fraction:
    """Round to 18 decimals, half even: what DECIMAL(38,18) keeps."""
    return Fraction(half_even(value * 10**18), 10**18)


def too_small(value: Fraction) -> bool:
    """Tell whether a positive price per million would become a zero that nobody stated."""
    return value > 0 and to_scale(twelve_digits(value) / 1_000_000) == 0


def test_a_price_too_small_for_its_column_is_no_amount() -> None:
    assert read_amount("1e-13", reciprocal=PER_MILLION) is None
    assert read_amount("1e-12", reciprocal=PER_MILLION) is not None


@settings(max_examples=EXAMPLES, deadline=None)
@given(numbers)
def test_an_amount_is_the_rounded_native_amount_times_the_exact_reciprocal(text: str) -> None:
    stated = Fraction(text)
    assume(stated < 10**20 and not too_small(stated))
    money = read_amount(text, reciprocal=PER_MILLION)
    assert money is not None
    assert Fraction(money.amount) == to_scale(twelve_digits(stated) / 1_000_000)
    assert Fraction(money.native) == to_scale(stated)


@settings(max_examples=EXAMPLES, deadline=None)
@given(numbers)
def test_money_is_decimal_and_fits_its_column(text: str) -> None:
    money = read_amount(text, reciprocal=PER_MILLION)
    if money is None:
        assert Fraction(text) >= 10**20 - Fraction(1, 10**18) or too_small(Fraction(text))
        return
    for value in money:
        assert type(value) is Decimal
        exponent = value.as_tuple().exponent
        assert isinstance(exponent, int)
        assert exponent >= -18
        assert value < 10**20


def test_a_number_that_would_round_out_of_its_column_is_no_amount() -> None:
    assert read_amount("99999999999999999999.9999999999999999999", reciprocal=PER_MILLION) is None


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.decimals("0.000001", "99999", places=6).map(lambda d: d.normalize()))
def test_the_noise_of_a_float_is_no_price_change(written: Decimal) -> None:
    assume(len(written.as_tuple().digits) <= 11)
    noisy = json.dumps(float(written) * 3 / 3 + float(written) * 1e-16)
    plain = read_amount(f"{written:f}", reciprocal=PER_MILLION)
    read = read_amount(noisy, reciprocal=PER_MILLION)
    assert plain is not None
    assert read is not None
    assert read.amount == plain.amount


def test_the_noise_that_was_recorded_is_no_price_change() -> None:
    noisy = read_amount("0.030000000000000002", reciprocal=PER_MILLION)
    assert noisy is not None
    assert noisy.amount == Decimal("0.00000003")
    assert noisy.native == Decimal("0.030000000000000002")


@settings(max_examples=EXAMPLES, deadline=None)
@given(numbers, numbers)
def test_a_higher_price_is_never_a_lower_amount(one: str, other: str) -> None:
    low, high = sorted((one, other), key=Fraction)
    assume(Fraction(high) < 10**20)
    assume(not too_small(Fraction(low)) and not too_small(Fraction(high)))
    small = read_amount(low, reciprocal=PER_MILLION)
    large = read_amount(high, reciprocal=PER_MILLION)
    assert small is not None
    assert large is not None
    assert small.amount <= large.amount


@settings(max_examples=100, deadline=None)
@given(st.integers(10**11, 10**12 - 1), st.integers(-20, 7))
def test_every_change_of_the_twelfth_digit_that_a_column_can_hold_is_a_change(
    number: int, exponent: int
) -> None:
    one = read_amount(f"{number}e{exponent}", reciprocal=PER_MILLION)
    next_one = read_amount(f"{number + 1}e{exponent}", reciprocal=PER_MILLION)
    assert one is not None
    assert next_one is not None
    assert (one.amount != next_one.amount) or exponent < -12


@pytest.mark.parametrize(
    ("text", "per_token"),
    [
        ("0", "0"),
        ("0.0", "0"),
        ("-0", "0"),
        ("3", "0.000003"),
        ("0.42", "0.00000042"),
        ("1e-7", "0.0000000000001"),
        ("1E3", "0.001"),
        ("1.5e+2", "0.00015"),
        ("0.1000000000005", "0.0000001"),
        ("0.1000000000015", "0.000000100000000002"),
        ("123456789012.5", "123456.789012"),
        ("123456789013.5", "123456.789014"),
    ],
)
def test_amounts_by_hand(text: str, per_token: str) -> None:
    money = read_amount(text, reciprocal=PER_MILLION)
    assert money is not None
    assert money.amount == Decimal(per_token)


@pytest.mark.parametrize("text", ["1e-13", "0.0000000000004", "1e-400", "1e-9999999"])
def test_a_price_too_small_for_its_column_is_no_zero(text: str) -> None:
    assert read_amount(text, reciprocal=PER_MILLION) is None


@pytest.mark.parametrize(
    "text",
    [
        "-1",
        "-0.0000001",
        "NaN",
        "sNaN",
        "Infinity",
        "-Infinity",
        "1e400",
        "1e20",
        "1" * 5000,
        "1e99999999999999999999",
        "",
        "free",
        "0,5",
        "$1",
        "0x10",
        "1e",
    ],
)
def test_an_invalid_or_negative_number_is_no_amount(text: str) -> None:
    assert read_amount(text, reciprocal=PER_MILLION) is None


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.text(max_size=30) | numbers)
def test_read_amount_accepts_any_text(text: str) -> None:
    money = read_amount(text, reciprocal=PER_MILLION)
    assert money is None or money.amount >= 0
