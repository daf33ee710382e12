"""Stated costs compared with ours: by brute force, and one example of each verdict."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.errors import UsageError
from tests.support.cost_examples import (
    CALL,
    PROVIDERS,
    random_log,
    two_prices,
    usage,
)
from warehouse.connect import Connection
from warehouse.publication.billing import compare_routes, compare_rows


@settings(max_examples=2, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10**9))
def test_injected_discrepancies_are_all_found_and_none_is_invented(
    con: Connection, seed: int
) -> None:
    random = Random(seed)  # noqa: S311 - the seed is hypothesis's
    log = random_log(random)
    rows, wrong, right = [], set(), set()
    for number in range(1, 61):
        row = {**CALL, "model": random.choice(["org/a", "org/b"]), "at": random.uniform(0, 9)}
        row |= {"input_tokens": random.randint(1, 10**6), "provider": random.choice(PROVIDERS)}
        cost, _ = log.cost(row)
        digits = random.randint(2, 10)
        stated = round(cost or Decimal(1), digits)
        if random.random() < 0.3:
            stated += random.choice([-1, 1]) * random.randint(1, 5) * Decimal(1).scaleb(-digits)
        if cost is not None:
            apart, half = abs(stated - cost), Decimal(5).scaleb(-digits - 1)
            if apart <= min(half, cost * Decimal("0.005")):
                right.add(number)
            elif apart > half or apart >= cost:
                wrong.add(number)
        rows.append({**usage(row), "stated_cost": f"{stated:f}", "currency": "USD"})
    with log.loaded(con):
        compared = compare_rows(con, pl.DataFrame(rows, infer_schema_length=None))
    verdicts = dict(zip(compared["row"], compared["verdict"], strict=True))
    other = {n for n, row in enumerate(compared["cost"], 1) if row is None}
    assert {n for n, verdict in verdicts.items() if verdict == "contradicted"} == wrong - other
    assert {n for n, verdict in verdicts.items() if verdict == "confirmed"} == right - other
    routes = compare_routes(compared)
    assert routes["contradicted"].sum() == len(wrong - other)
    assert routes["rows"].sum() == len(rows)


@pytest.mark.parametrize(
    ("tokens", "stated", "currency", "verdict", "why"),
    [
        (50_000, "0.05", "USD", "confirmed", None),
        (50_000, "0.0", "USD", "contradicted", None),
        (50_000, "0", None, "contradicted", None),
        (50_000, "0", "EUR", "contradicted", None),
        (50_000, "1e-30", "USD", "contradicted", None),
        (50_000, "0.1", "USD", "contradicted", None),
        (50_000, "-0.05", "USD", "contradicted", None),
        (50_000, "0.05", "EUR", "not_compared", "other_currency"),
        (50_000, None, "USD", "not_compared", "no_stated_cost"),
        (54_000, "0.05", "USD", "not_compared", "too_few_digits"),
        (54_000, "0.054", "usd", "confirmed", None),
        (54_000, "0.07", "USD", "contradicted", None),
        (1_000_499, "1", "USD", "confirmed", None),
        (0, "5.00", "USD", "contradicted", "no_usage"),
        (0, "0", "USD", "confirmed", "no_usage"),
        (None, "5.00", "USD", "not_compared", "no_usage"),
    ],
)
def test_few_digits_confirm_no_other_cost_and_nothing_is_no_cost(
    con: Connection, tokens: int | None, stated: str, currency: str, verdict: str, why: str
) -> None:
    log, _ = two_prices()
    row = usage({**CALL, "input_tokens": tokens, "output_tokens": None})
    rows = [{**row, "stated_cost": stated, "currency": currency}]
    with log.loaded(con):
        compared = compare_rows(
            con, pl.DataFrame(rows, schema_overrides={"stated_cost": pl.String})
        )
    assert (compared["verdict"].item(), compared["why"].item()) == (verdict, why)
    (route,) = compare_routes(compared).to_dicts()
    has_sum = verdict in ("confirmed", "contradicted")
    assert all((route[name] is not None) == has_sum for name in ("stated", "cost", "difference"))
    assert not has_sum or route["stated"] - route["cost"] == route["difference"]


def test_a_stated_cost_beyond_every_bill_is_refused(con: Connection) -> None:
    row = {**usage(CALL), "stated_cost": "1e30"}
    with pytest.raises(UsageError, match="row 1, column stated_cost: 1e30"):
        compare_rows(con, pl.DataFrame([row]))
