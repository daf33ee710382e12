"""Free, suspect, unparsed, priced and not published: five states that must never be confused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.histories import (
    MODEL,
    Json,
    entry,
    hub_page,
    hub_statements,
    nothing_mapped,
    offering,
    router_page,
    router_statements,
)
from transforms.parsing.hub import parse_hub
from transforms.parsing.parsed_feed import Page
from transforms.parsing.router import parse_router
from transforms.pricing.token_prices import price_tokens
from transforms.resolve.catalog import identified

FREE, SUSPECT, UNPARSED, PRICED = "free", "suspect", "unparsed", "priced"


def router_claims(*given: Json) -> pl.DataFrame:
    parsed = parse_router([router_page({MODEL: given})])
    return claims_of(router_statements(parsed, nothing_mapped()).rows)


def hub_claims(*given: Json) -> pl.DataFrame:
    return claims_of(hub_statements(parse_hub([hub_page({MODEL: given})])).rows)


def claims_of(rows: pl.DataFrame) -> pl.DataFrame:
    return price_tokens(identified(rows), run_id="run")


def states(claims: pl.DataFrame) -> tuple[str | None, str | None]:
    """Return the price status of input and output; None where nothing is claimed."""
    found = dict(claims.select("unit", "price_status").rows())
    return found.get("input_token"), found.get("output_token")


# is_free × price object → status of the input and of the output price
CASES: list[tuple[Any, Any, str | None, str | None]] = [
    (False, {"input": 1, "output": 2}, PRICED, PRICED),
    (None, {"input": 1, "output": 2}, PRICED, PRICED),
    (False, {"input": 1e-7, "output": 1e3}, PRICED, PRICED),
    (False, {"input": 1}, PRICED, None),
    (False, {"output": 1}, None, PRICED),
    (False, {"input": 1, "output": None}, PRICED, None),
    (False, {"input": 0, "output": 0}, SUSPECT, SUSPECT),
    (None, {"input": 0, "output": 0}, SUSPECT, SUSPECT),
    ("true", {"input": 0, "output": 0}, SUSPECT, SUSPECT),
    (False, {"input": 0.0, "output": -0.0}, SUSPECT, SUSPECT),
    (False, {"input": 0, "output": 2}, SUSPECT, PRICED),
    (False, {"input": 0}, SUSPECT, None),
    (True, {"input": 0, "output": 0}, FREE, FREE),
    (True, {"input": 0}, FREE, FREE),
    (True, {}, FREE, FREE),
    (True, None, FREE, FREE),
    (True, "absent", FREE, FREE),
    (True, {"input": 1, "output": 2}, SUSPECT, SUSPECT),
    (True, {"input": 0, "output": 2}, FREE, SUSPECT),
    (True, {"input": "0", "tier": 1}, UNPARSED, UNPARSED),
    (True, {"tier": 1}, UNPARSED, UNPARSED),
    (True, {"input": "0"}, UNPARSED, UNPARSED),
    (True, [], UNPARSED, UNPARSED),
    (False, {"input": 1, "output": 2, "currency": "EUR"}, UNPARSED, UNPARSED),
    (False, {"input": 1, "output": 2, "currency": "USD"}, PRICED, PRICED),
    (False, {"input": 1, "output": 2, "batch": None}, PRICED, PRICED),
    (False, {"per_1k": 1}, UNPARSED, UNPARSED),
    (False, {"input": "1", "output": 2}, UNPARSED, UNPARSED),
    (False, {"input": 1, "output": [2]}, UNPARSED, UNPARSED),
    (False, {"input": 1, "output": -2}, PRICED, UNPARSED),
    (False, {"input": -1, "output": -2}, UNPARSED, UNPARSED),
    (False, {"input": 10**25, "output": 2}, UNPARSED, PRICED),
    (False, [], UNPARSED, UNPARSED),
    (False, "free", UNPARSED, UNPARSED),
    (False, 0, UNPARSED, UNPARSED),
    (False, False, UNPARSED, UNPARSED),
    (False, {}, None, None),
    (False, {"input": None, "output": None}, None, None),
    (False, None, None, None),
    (False, "absent", None, None),
    (None, "absent", None, None),
]


@pytest.mark.parametrize(("is_free", "pricing", "input_state", "output_state"), CASES)
def test_each_statement_has_one_state(
    is_free: Any, pricing: Any, input_state: str | None, output_state: str | None
) -> None:
    given = offering(is_free=is_free)
    if pricing != "absent":
        given["pricing"] = pricing
    claims = router_claims(given)
    assert states(claims) == (input_state, output_state)
    for row in claims.to_dicts():
        match row["price_status"]:
            case "priced":
                assert row["amount"] > 0
                assert row["reason"] is None
            case "free":
                assert row["amount"] == 0
                assert row["reason"] is None
            case _:
                assert row["amount"] is None
                assert row["reason"]


def test_the_hub_never_states_free_so_its_zero_is_suspect() -> None:
    zero = entry(providerDetails={"pricing": {"input": 0, "output": 0}})
    assert states(hub_claims(zero)) == (SUSPECT, SUSPECT)


@pytest.mark.parametrize("details", [None, {}, {"context_length": 5}, {"pricing": None}])
def test_a_mapping_entry_without_a_price_object_claims_nothing(details: Any) -> None:
    assert hub_claims(entry(providerDetails=details)).is_empty()


@pytest.mark.parametrize(
    ("task", "price_out", "expected"),
    [
        ("feature-extraction", 0, (PRICED, None)),
        ("feature-extraction", 0.0, (PRICED, None)),
        ("feature-extraction", 2, (PRICED, PRICED)),
        ("feature-extraction", None, (PRICED, None)),
        ("feature-extraction", -1, (PRICED, UNPARSED)),
        ("text-classification", 0, (PRICED, None)),
        ("conversational", 0, (PRICED, SUSPECT)),
        ("text-generation", 0, (PRICED, SUSPECT)),
    ],
)
def test_a_zero_for_output_is_ignored_where_no_text_comes_out(
    task: str, price_out: Any, expected: tuple[str | None, str | None]
) -> None:
    pricing = {"input": 0.02, "output": price_out}
    assert states(hub_claims(entry(task=task, providerDetails={"pricing": pricing}))) == expected


def test_an_embedding_at_zero_is_suspect_and_not_free() -> None:
    pricing = {"input": 0, "output": 0}
    given = entry(task="feature-extraction", providerDetails={"pricing": pricing})
    assert states(hub_claims(given)) == (SUSPECT, None)


def test_a_claim_carries_its_proof() -> None:
    given = offering({"input": 0.42, "output": 3})
    row = router_claims(given).row(0, named=True)
    assert row["raw_text"] == "0.42"
    assert (row["native_amount"], row["native_quantity"]) == (Decimal("0.42"), Decimal(1_000_000))
    assert (row["amount"], row["currency"]) == (Decimal("0.00000042"), "USD")
    assert (row["unit"], row["native_unit"], row["tier"]) == (
        "input_token",
        "input_token",
        "standard",
    )
    assert (row["basis"], row["scope"], row["feed"], row["run_id"]) == (
        "list",
        "public",
        "router",
        "run",
    )
    assert row["json_path"] == "$.data[0].providers[0]"
    assert '"input": 0.42' in row["evidence"]


def test_what_is_unparsed_keeps_its_raw_text_and_evidence() -> None:
    claims = router_claims(offering({"input": -1, "output": 2, "batch": 1}))
    assert claims["evidence"].str.contains('"batch": 1').all()
    assert router_claims(offering({"input": -1}))["raw_text"].to_list() == ["-1"]


def test_one_odd_price_does_not_touch_the_others() -> None:
    odd, good = offering([], "together"), offering({"input": 1, "output": 2})
    found = router_claims(odd, good, offering(None, "cohere"), offering(None, "groq", is_free=True))
    assert sorted(found["price_status"].to_list()) == [FREE] * 2 + [PRICED] * 2 + [UNPARSED] * 2


def test_a_number_at_the_edge_of_its_column_is_unparsed() -> None:
    body = (
        b'{"data":[{"id":"org/m","providers":[{"provider":"p","status":"live",'
        b'"pricing":{"input":99999999999999999999.9999999999999999999}}]}]}'
    )
    rows = router_statements(parse_router([Page(body, "h")]), nothing_mapped()).rows
    assert states(claims_of(rows)) == (UNPARSED, None)


def test_a_positive_price_too_small_to_keep_is_not_called_a_zero() -> None:
    row = router_claims(offering({"input": 1e-14}, is_free=False)).row(0, named=True)
    assert (row["price_status"], row["reason"]) == (UNPARSED, "not_a_usable_number")


numbers: st.SearchStrategy[Any] = st.sampled_from([0, 0.0, -1, 0.5, 3, 10**25, None, "1", [], {}])
prices = st.dictionaries(st.sampled_from(["input", "output", "x"]), numbers) | st.none() | numbers


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([True, False, None]), prices)
def test_only_priced_and_stated_free_claims_have_an_amount(
    is_free: bool | None, pricing: Any
) -> None:
    claims = router_claims(offering(is_free=is_free, pricing=pricing))
    for status, amount in claims.select("price_status", "amount").rows():
        assert (amount is not None) == (status in {PRICED, FREE})
        assert status != FREE or is_free is True
        assert status != PRICED or amount > 0
