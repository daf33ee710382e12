"""Price objects in every shape: the number as written, or a problem; never a guess."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.parsing.price_object import ADDITIONAL_KEYS, PriceText, read_price

number_texts = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["", "-"]),
        st.integers(0, 10**30).map(str),
        st.just("") | st.text("0123456789", min_size=1, max_size=30).map(".{}".format),
        st.just("") | st.integers(-999, 999).map("e{}".format) | st.just("E+07"),
    ),
)
spaces = st.text(" \t\r\n", max_size=3)


@settings(max_examples=150, deadline=None)
@given(number_texts, number_texts, spaces)
def test_numbers_survive_digit_by_digit(one: str, other: str, space: str) -> None:
    body = f'{{{space}"input"{space}:{space}{one}{space},"output":{other}{space}}}'
    assert read_price(body.encode()) == PriceText(input=one, output=other)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"input":0.1,"output":0.30}', PriceText("0.1", "0.30")),
        ('{"input":0.030000000000000002,"output":3}', PriceText("0.030000000000000002", "3")),
        ('{"input":1E3,"output":1e-7}', PriceText("1E3", "1e-7")),
        ('{"input":1e400}', PriceText("1e400")),
        ('{"output":-1}', PriceText(None, "-1")),
        ('{"output":2,"input":1}', PriceText("1", "2")),
        ('{"input":' + "9" * 60 + "}", PriceText("9" * 60)),
        ('{"input":0,"output":0.0}', PriceText("0", "0.0")),
        ('{"input":null,"output":null}', PriceText()),
        ('{"input":null,"output":1}', PriceText(None, "1")),
        ("{}", PriceText()),
    ],
)
def test_numbers_are_kept_as_written_and_null_is_nothing(body: str, expected: PriceText) -> None:
    assert read_price(body.encode()) == expected


@pytest.mark.parametrize(
    "body",
    [
        '{"input":1,"output":2,"foo":0.5}',
        '{"input":1,"output":2,"unit":"token"}',
        '{"input":1,"output":2,"tiers":[{"input":2,"above":128000}]}',
        '{"input":1,"output":2,"":1}',
        '{"input":1,"output":2,"Input":1}',
        '{"input":1,"output":2,"input ":"a: b"}',
    ],
)
def test_an_unknown_key_marks_the_numbers_beside_it(body: str) -> None:
    price = read_price(body.encode())
    assert (price.input, price.output, price.problem) == ("1", "2", None)
    assert price.unknown is not None
    assert price.unknown.startswith("unknown_key: ")


def test_a_mark_names_every_unknown_key_that_states_something() -> None:
    price = read_price(b'{"per":1,"input":1,"batch":1,"unit":null}')
    assert price.unknown == "unknown_key: batch, per"


@pytest.mark.parametrize("written", ["EUR", 1, [], {"code": "USD"}])
def test_another_currency_than_dollars_is_a_problem(written: object) -> None:
    price = read_price(json.dumps({"input": 1, "currency": written}).encode())
    assert price.problem is not None
    assert price.problem.startswith("unknown_currency: ")
    assert read_price(b'{"input":1,"currency":"usd"}') == PriceText("1")
    assert read_price(b'{"input":1,"currency":null}') == PriceText("1")


@pytest.mark.parametrize(
    ("field", "key"), [(field, key) for field, keys in ADDITIONAL_KEYS.items() for key in keys]
)
def test_an_additional_price_is_read_by_each_of_its_names(field: str, key: str) -> None:
    given = f'{{"input":1,"output":2,"{key}":0.10}}'
    assert read_price(given.encode()) == PriceText("1", "2", **{field: "0.10"})


def test_an_additional_price_that_is_no_number_is_no_problem_of_the_others() -> None:
    given = b'{"input":1,"output":2,"cache_read":{"usd":1},"cacheWrite":"0.5","reasoning":null}'
    assert read_price(given) == PriceText("1", "2", cached='{"usd":1}', cache_write='"0.5"')


def test_two_names_of_one_additional_price_must_agree() -> None:
    assert read_price(b'{"cache_read":0.1,"cached_input":0.1}') == PriceText(cached="0.1")
    assert read_price(b'{"cache_read":0.1,"cached_input":0.2}') == PriceText(cached="0.1, 0.2")


@pytest.mark.parametrize(
    "body",
    ['{"input":1,"input":2}', '{"input":1,"foo":1,"foo":2}', '{"foo":{"a":1},"input":1,"input":2}'],
)
def test_a_key_twice_is_a_problem(body: str) -> None:
    assert read_price(body.encode()) == PriceText(problem="key_twice")


@pytest.mark.parametrize(
    "value", ['"0.5"', '""', "true", "false", "[]", "[1]", "{}", '{"amount":1}', '"1e3"']
)
def test_an_invalid_number_makes_the_whole_object_a_problem(value: str) -> None:
    price = read_price(f'{{"output":1,"input":{value}}}'.encode())
    assert price.problem is not None
    assert price.problem.startswith("not_a_number: input")
    assert (price.input, price.output) == (None, None)


@pytest.mark.parametrize(
    "body",
    [
        "[]",
        "[1,2]",
        "1",
        '"free"',
        "true",
        "null",
        "",
        "{",
        '{"input":1',
        '{"input":01}',
        '{"input":1.}',
        '{"input":.5}',
        '{"input":+1}',
        '{"input":NaN}',
        '{"input":Infinity}',
        '{"input":1_000}',
        '{"input":0x10}',
        "{input:1}",
    ],
)
def test_bytes_that_are_no_json_object_are_a_problem(body: str) -> None:
    price = read_price(body.encode())
    assert price.problem is not None
    assert price.problem.startswith("not_an_object")
    assert (price.input, price.output) == (None, None)


def test_a_very_long_value_is_cut_in_the_problem() -> None:
    problem = read_price(b'{"input":"' + b"x" * 100_000 + b'"}').problem
    assert problem is not None
    assert len(problem) < 200


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=60))
def test_read_price_accepts_any_bytes(body: bytes) -> None:
    price = read_price(body)
    for text in (price.input, price.output):
        assert text is None or Decimal(text) is not None
