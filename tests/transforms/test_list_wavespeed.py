"""WaveSpeedAI's rows in both shapes, and the formulas of its products."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import FeedMalformed
from tests.support.list_answers import bare_array, wavespeed_envelope
from tests.support.list_rows import wavespeed_own_row, wavespeed_product
from tests.support.price_claims import claim, claims, parsed
from tests.support.recorded_lists import PRICES, recorded_files
from transforms.parsing.parsed_feed import Page, ParsedFeed
from transforms.parsing.wavespeed_formula import RunFormula, read_formula
from transforms.parsing.wavespeed_list import parse_wavespeed_list

FEED = "wavespeed_list"
RECORDED = [json.loads(row) for rows in recorded_files(FEED) for row in rows]
"""The excerpt: each row with `model_id` and `formula`."""


def renamed(row: Mapping[str, Any]) -> str:
    """Return a recorded row as the list has it: another key for its id, and no formula."""
    kept = {key: value for key, value in row.items() if key not in {"model_id", "formula"}}
    return json.dumps({"model_uuid": row["model_id"], **kept})


def parse(*pages: str | Page) -> ParsedFeed:
    given = [page if isinstance(page, Page) else Page(page.encode(), "list") for page in pages]
    return parse_wavespeed_list(given, inference_provider="wavespeed")


def product(body: str, *, about: str = "a/b", status: int = 200) -> Page:
    return Page(body.encode(), "detail", about=about, status=status)


def stated(feed: ParsedFeed) -> list[tuple[Any, ...]]:
    columns = ("provider_model_id", "native_unit", "raw_text", "native_quantity", "problem")
    return feed.quotes.select(columns).rows()


def reasons(feed: ParsedFeed) -> list[tuple[Any, ...]]:
    return feed.rejected.select("record_key", "reasons").rows()


def test_every_recorded_row_states_the_same_price_under_either_key() -> None:
    own = parsed(FEED, [renamed(row) for row in RECORDED])
    assert own.rejected.is_empty()
    worked_out = [
        (row["model_id"], "run", str(row["base_price"]), Decimal(1), None) for row in RECORDED
    ]
    assert stated(own) == worked_out  # a row without a formula is per run, whatever its task
    excerpt = parsed(FEED, [json.dumps(row) for row in RECORDED])
    by_length = {row["model_id"] for row in RECORDED if row["formula"]}
    assert {name for name, unit, *_ in stated(excerpt) if unit == "second"} == by_length
    flat = [line for line in stated(excerpt) if line[0] not in by_length]
    assert flat == [line for line in worked_out if line[0] not in by_length]


def test_the_products_of_recorded_rows_restore_their_formulas() -> None:
    answers = [
        product(
            wavespeed_product(row["model_id"], row["base_price"], row["formula"]),
            about=row["model_id"],
        )
        for row in RECORDED
    ]
    own = parse(wavespeed_envelope([renamed(row) for row in RECORDED]), *answers)
    assert stated(own) == stated(parse(bare_array([json.dumps(row) for row in RECORDED])))
    assert own.rejected.is_empty()


@pytest.mark.skipif(not PRICES.is_dir(), reason="the recordings are not beside the checkout")
def test_the_recorded_quote_is_the_price_of_the_recorded_row() -> None:
    quote = json.loads((PRICES / "wavespeed_quote_flux-dev.json").read_text("utf-8"))
    name, data = quote["body"]["model_id"], quote["response"]["data"]
    (row,) = [row for row in RECORDED if row["model_id"] == name]
    (found,) = claims(FEED, [renamed(row)], name, group="image")
    assert (str(found["amount"].normalize()), found["currency"]) == (
        str(data["unit_price"]),
        data["currency"],
    )


@pytest.mark.parametrize(
    ("ids", "name"),
    [
        ({"model_uuid": "a/b"}, "a/b"),
        ({"model_id": "a/b"}, "a/b"),
        ({"model_uuid": "a/b", "model_id": "a/b"}, "a/b"),
        ({"model_uuid": "a/b", "model_id": 17}, "a/b"),
        ({"model_uuid": "a/b", "model_id": "prod-17"}, "a/b"),
        ({"model_uuid": "a/b", "model_id": None}, "a/b"),
        ({"model_uuid": "", "model_id": "a/b"}, "a/b"),
        ({"model_uuid": None, "model_id": "a/b"}, "a/b"),
    ],
)
def test_a_row_is_known_by_the_id_of_either_key(ids: dict[str, Any], name: str) -> None:
    own = parse(bare_array([json.dumps({**ids, "base_price": 12000})]))
    assert [line[0] for line in stated(own)] == [name]
    assert own.rejected.is_empty()


@pytest.mark.parametrize(
    ("ids", "key", "reason"),
    [
        ({"model_uuid": "a/b", "model_id": "a/c"}, "a/b", "provider_model_id:two"),
        ({"model_uuid": 7}, None, "provider_model_id:missing"),
        ({"model_uuid": ""}, None, "provider_model_id:missing"),
        ({"name": "a/b"}, None, "provider_model_id:missing"),
    ],
)
def test_a_row_with_two_ids_or_none_is_rejected_alone(
    ids: dict[str, Any], key: str | None, reason: str
) -> None:
    odd = json.dumps({**ids, "base_price": 12000})
    own = parse(bare_array([odd, wavespeed_own_row("c/d", 5000)]))
    assert [line[0] for line in stated(own)] == ["c/d"]
    assert reasons(own) == [(key, [reason])]
    assert own.summary.records == 2


def test_one_id_under_both_keys_in_two_rows_is_listed_twice() -> None:
    other = json.dumps({"model_id": "a/b", "base_price": 6000})
    own = parse(bare_array([wavespeed_own_row("a/b", 5000), other]))
    assert [line[-1] for line in stated(own)] == ["listed_twice"]


@pytest.mark.parametrize(
    "envelope",
    [
        "%s",
        '{"total": 1, "items": %s}',
        '{"code": 200, "message": "success", "data": {"items": %s, "tags": []}}',
        '{"page": {"filters": ["x"], "rows": %s}}',
    ],
)
@pytest.mark.parametrize("key", ["model_uuid", "model_id"])
def test_rows_of_either_key_are_found_in_any_envelope(envelope: str, key: str) -> None:
    own = parse(envelope % f'[{{"{key}": "a/b", "base_price": 5000}}]')
    assert [line[0] for line in stated(own)] == ["a/b"]


def test_two_arrays_of_rows_are_refused_whichever_keys_they_have() -> None:
    with pytest.raises(FeedMalformed, match="'model_uuid' or 'model_id'") as caught:
        parse('{"new": [{"model_uuid": "a/b"}], "old": [{"model_id": "c/d"}]}')
    assert caught.value.code == "two_arrays"


@pytest.mark.parametrize(
    ("formula", "read"),
    [
        ('{"total_price": base_price * duration / 5}', RunFormula("second", 1, 5)),
        ("base_price * duration / 5", RunFormula("second", 1, 5)),
        ('{"total_price": duration / 5 * base_price }', RunFormula("second", 1, 5)),
        ('{"total_price": (base_price / 5) * duration}', RunFormula("second", 1, 5)),
        ('{"total_price": base_price * duration * 0.2}', RunFormula("second", 1, 5)),
        ("{'total_price': duration * base_price}", RunFormula("second", 1, 1)),
        ('{"total_price":base_price * 1}', RunFormula("run", 1, 1)),
        ('{"total_price": base_price}', RunFormula("run", 1, 1)),
        ('{"total_price":base_price * num_images}', RunFormula("image", 1, 1)),
        ("base_price * $length(text) / 1000", RunFormula("input_character", 1, 1000)),
        ("base_price * 3 / 2", RunFormula("run", 3, 2)),
    ],
)
def test_a_product_of_known_quantities_is_read(formula: str, read: RunFormula) -> None:
    assert read_formula(formula) == read


@pytest.mark.parametrize(
    "formula",
    [
        "",
        "5",
        "duration / 5",
        "base_price + duration",
        "base_price - 1",
        "-base_price",
        "base_price * 0",
        "base_price / 0 * duration",
        "base_price * base_price",
        "base_price / duration",
        "base_price * duration * duration",
        "base_price * duration * num_images",
        "base_price * (steps / 1000)",
        "base_price * duration / 5 ; 1",
        "base_price duration",
        "(base_price * duration / 5",
        "base_price * duration / 5)",
        "base_price * 5e1",
        "base_price * $ceil($length(text) / 1000)",
        "$ceil(base_price * $length(text) / 1000)",
        "base_price * $ceil(get_duration(video))",
        "base_price * $min([duration, 30]) / 5",
        'base_price * (resolution = "1080p" ? 2 : 1)',
        '{"total_price": base_price, "tax": 1}',
        '{"other_price": base_price}',
        "{base_price}",
        "(" * 5000 + "base_price" + ")" * 5000,
        "process.exit()",
    ],
)
def test_any_other_formula_is_refused_and_gives_no_number(formula: str) -> None:
    assert read_formula(formula) is None
    if formula:
        row = json.dumps({"model_uuid": "a/b", "base_price": 5000, "formula": formula})
        (found,) = claims(FEED, [row], "a/b", group="video")
        assert (found["amount"], found["price_status"]) == (None, "unparsed")
        assert found["reason"].startswith("unknown_formula: ")


FACTORS = st.lists(st.tuples(st.sampled_from("*/"), st.integers(1, 30)), max_size=3)


@settings(deadline=None)
@given(before=FACTORS, after=FACTORS, last=st.booleans())
def test_a_formula_is_what_its_arithmetic_comes_to(
    before: list[tuple[str, int]], after: list[tuple[str, int]], last: bool
) -> None:
    factors = [*before, ("*", "duration"), *after]
    factors = [*factors, ("*", "base_price")] if last else [("*", "base_price"), *factors]
    text = " ".join(["1", *(f"{sign} {factor}" for sign, factor in factors)])
    value = Fraction(1)
    for sign, factor in [*before, *after]:
        value = value * factor if sign == "*" else value / factor
    assert read_formula(text) == RunFormula("second", value.numerator, value.denominator)


@settings(deadline=None)
@given(st.text(alphabet="base_price*/()duration $length(text)0159.{}:\"'", max_size=40))
def test_no_text_breaks_the_reader(text: str) -> None:
    found = read_formula(text)
    assert found is None or "base_price" in text


@pytest.mark.parametrize("blank", ["null", '""', '"  "'])
def test_a_product_without_a_formula_leaves_its_row_per_run(blank: str) -> None:
    answer = product(f'{{"data": {{"model_uuid": "a/b", "formula": {blank}}}}}')
    own = parse(bare_array([wavespeed_own_row("a/b", 5000)]), answer)
    assert stated(own) == [("a/b", "run", "5000", Decimal(1), None)]
    assert own.rejected.is_empty()


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (product("{}", status=404), "http_404"),
        (product("", status=503), "http_503"),
        (product("<html>"), "wrong_shape"),
        (product("[]"), "wrong_shape"),
        (product('{"code": 200, "data": null}'), "wrong_shape"),
        (product('{"code": 500, "data": {"model_uuid": "a/b"}}'), "code_500"),
        (product(wavespeed_product("c/d", 5000, "base_price")), "another_id"),
        (product('{"data": {"base_price": 5000}}'), "another_id"),
        (product(wavespeed_product("a/b", 6000, "base_price")), "another_price"),
    ],
)
def test_a_row_whose_product_is_unusable_stays_per_run_with_the_reason(
    answer: Page, why: str
) -> None:
    own = parse(bare_array([wavespeed_own_row("a/b", 5000)]), answer)
    assert stated(own) == [("a/b", "run", "5000", Decimal(1), None)]
    assert own.quotes["remark"].to_list() == [f"formula_not_read: {why}"]
    assert own.rejected.is_empty()
    assert own.summary.records == own.summary.rows == own.summary.distinct == 1


def test_an_unknown_formula_of_a_product_leaves_no_number() -> None:
    answer = product(wavespeed_product("a/b", 5000, "base_price * steps"))
    own = parse(bare_array([wavespeed_own_row("a/b", 5000)]), answer)
    assert [line[-1] for line in stated(own)] == ["unknown_formula: base_price * steps"]


@pytest.mark.parametrize(
    ("rate", "problem"),
    [
        (None, None),
        (100, None),
        (0, None),
        (95, "unknown_key: discount_rate"),
        (0.5, "unknown_key: discount_rate"),
        ("95", "unknown_key: discount_rate"),
    ],
)
@pytest.mark.parametrize("of_product", [False, True])
def test_a_price_beside_a_discount_waits_for_its_confirmation(
    rate: object, problem: str | None, of_product: bool
) -> None:
    row, more = json.loads(wavespeed_own_row("a/b", 5000)), {"discount_rate": rate}
    answer = wavespeed_product("a/b", 5000, "base_price * duration", **(more if of_product else {}))
    row = row if of_product else {**row, **more}
    own = parse(bare_array([json.dumps(row)]), product(answer))
    assert stated(own) == [("a/b", "second", "5000", Decimal(1), problem)]


@pytest.mark.parametrize("price", ["0.3", "25000.5", "3e-1", "1e-9999999"])
def test_a_fraction_of_a_millionth_is_no_price(price: str) -> None:
    row = f'{{"model_uuid": "a/b", "base_price": {price}}}'
    found = claim("wavespeed_list", row, "a/b", group="video")
    assert (found["price_status"], found["reason"]) == ("unparsed", "not_whole: base_price")
    whole = '{"model_uuid": "a/b", "base_price": 25000.0}'
    assert claim("wavespeed_list", whole, "a/b", group="video")["amount"] == Decimal("0.025")


def test_a_row_that_states_one_key_twice_has_no_price() -> None:
    own = parse('[{"model_uuid": "a/b", "base_price": 5000, "base_price": 9000}]')
    assert [line[-1] for line in stated(own)] == ["key_twice"]


def test_a_video_by_its_length_shows_how_the_price_follows() -> None:
    answer = product(wavespeed_product("a/b", 300000, "base_price * duration * 2 / 5"))
    own = parse(bare_array([wavespeed_own_row("a/b", 300000)]), answer)
    (line,) = own.quotes.to_dicts()
    assert (line["times"], line["native_quantity"], line["derived"]) == (2, Decimal(5), True)
