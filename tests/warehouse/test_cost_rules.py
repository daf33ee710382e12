"""Costing of long prompts, routing words, and columns and numbers that the macro refuses."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import duckdb
import polars as pl
import pytest

from schemas.usage import QUANTITIES, SPELLINGS
from tests.support.cost_examples import (
    CALL,
    cost_rows,
    one,
    two_prices,
    usage,
)
from tests.support.cost_history import ROUTING_SUFFIXES, Row
from warehouse.connect import Connection
from warehouse.publication.billing import compare_rows


def test_a_long_prompt_has_the_price_of_the_largest_size_below_it(con: Connection) -> None:
    log, offer = two_prices()
    log.price(offer, "input_token", "0.000004", tier="context>100000")
    log.price(offer, "input_token", "0.000003", at=2, tier="context>32768")
    log.price(offer, "output_token", "0.000006", tier="context>32768")
    log.price(offer, "cached_input_token", None, reason="not_offered")
    log.price(offer, "input_token", "0.0000005", tier="flex")
    call: Row = {"output_tokens": 1000, "at": 3}

    def amounts(tokens: int, **more: Any) -> list[tuple[str, str]]:
        found = one(con, log, **{**call, "input_tokens": tokens, **more})
        return [(price["tier"], f"{price['amount'].normalize():f}") for price in found["prices"]]

    short = [("standard", "0.000001"), ("standard", "0.000002")]
    assert amounts(32768) == amounts(32768, tier="standard") == short
    assert amounts(32769) == [("context>32768", "0.000003"), ("context>32768", "0.000006")]
    assert amounts(100_001) == [("context>100000", "0.000004"), ("context>32768", "0.000006")]
    # before the size had a price, the next smaller one, here that of every prompt
    assert amounts(40_000, at=1) == [short[0], ("context>32768", "0.000006")]
    assert amounts(40_000, tier="flex", output_tokens=0) == [("flex", "0.0000005")]
    cached = one(con, log, **call, input_tokens=40_000, cached_input_tokens=40_000)
    assert (cached["cost"], cached["flags"]) == (Decimal("0.126"), ["at_input_price"])
    log.price(offer, "input_token", None, at=4, tier="context>32768")
    assert one(con, log, at=5, input_tokens=40_000)["why"] == "suspect"


@pytest.mark.parametrize("suffix", [*ROUTING_SUFFIXES, "Fastest "])
def test_a_routing_suffix_names_no_provider(con: Connection, suffix: str) -> None:
    log, offer = two_prices()
    log.speeds = [(offer, 50, 0)]
    rows = [
        {**CALL, "model": f"org/a:{suffix}"},
        {**CALL, "model": "org/a:novita", "provider": suffix},
        {**CALL, "model": f"org/a:{suffix}", "provider": None},
        {**CALL, "provider": suffix},
    ]
    is_default = suffix.strip().lower() == "fastest"
    with log.loaded(con):
        for default_route in (False, True):
            found = cost_rows(con, [usage(row) for row in rows], default_route=default_route)
            reason = None if is_default and default_route else "no_provider"
            assert [row["why"] for row in found] == [None, None, reason, reason]
    stated = [{**usage(row), "stated_cost": "1"} for row in rows[2:]]
    with log.loaded(con):
        compared = compare_rows(con, pl.DataFrame(stated))
    assert compared["verdict"].to_list() == ["not_compared"] * 2


@pytest.mark.parametrize("name", SPELLINGS)
def test_the_macro_refuses_a_column_by_its_other_name(con: Connection, name: str) -> None:
    log, _ = two_prices()
    row = {n: v for n, v in usage(CALL).items() if n != SPELLINGS[name]}
    kept = {**row, SPELLINGS[name]: usage(CALL).get(SPELLINGS[name])}
    with log.loaded(con):
        con.register("mine", pl.DataFrame([{**row, name.upper(): 1}]).to_arrow())
        with pytest.raises(duckdb.Error, match=f"column {name}; name it {SPELLINGS[name]}"):
            con.sql("FROM cost('mine')").fetchall()
    with log.loaded(con):
        con.register("mine", pl.DataFrame([{**kept, name: None}]).to_arrow())
        assert con.sql("SELECT cost FROM cost('mine')").fetchall() == [(Decimal("0.00102"),)]
    con.unregister("mine")


@pytest.mark.parametrize("name", QUANTITIES)
def test_a_quantity_that_is_no_number_is_invalid_in_the_macro(con: Connection, name: str) -> None:
    log, _ = two_prices()
    frame = pl.DataFrame([usage({**CALL, "output_tokens": 10, name: float("nan")})])
    with log.loaded(con):
        con.register("mine", frame.to_arrow())
        assert con.sql("SELECT why FROM cost('mine')").fetchall() == [("invalid_usage",)]
    con.unregister("mine")
