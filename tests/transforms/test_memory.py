"""Which remembered price a returning one is compared with, and which ids are one offer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.remembered import OFFER_PAIRS, REMEMBERED
from schemas.state import PRICES
from transforms.gate.families import group_offers
from transforms.gate.memory import PriceMemory, recall_good

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def offers(**models: str) -> pl.DataFrame:
    """Return offers by id, all at one provider for one task."""
    return pl.DataFrame({"offer_id": list(models), "model_id": list(models.values())}).with_columns(
        source=pl.lit("huggingface"),
        inference_provider=pl.lit("novita"),
        task=pl.lit("conversational"),
    )


def models(**hub_ids: str) -> pl.DataFrame:
    """Return the Hub's ids of models; `__` is the slash of a model id."""
    names = [name.replace("__", "/") for name in hub_ids]
    return pl.DataFrame(
        {"model_id": names, "hub_id": list(hub_ids.values())},
        schema={"model_id": pl.String, "hub_id": pl.String},
    )


def links(*pairs: tuple[str, str]) -> pl.DataFrame:
    return pl.DataFrame(pairs, schema=OFFER_PAIRS.dtypes, orient="row")


def groups(*pairs: tuple[str, str], **named: str) -> pl.DataFrame:
    return group_offers(offers(**named), models(), links(*pairs))


def stated(offer_id: str, amount: str, *, days: float = 1, **facts: Any) -> dict[str, Any]:
    """Return a price (REMEMBERED) that was last stated some days ago."""
    return {
        "offer_id": offer_id,
        "unit": "input_token",
        "tier": "standard",
        "feed": "router",
        "amount": Decimal(amount),
        "currency": "USD",
        "price_status": "priced",
        "valid_from": NOW - timedelta(days=days + 1),
        "seen_at": NOW - timedelta(days=days),
        "is_last": True,
    } | facts


def remembered(*prices: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(
        [dict.fromkeys(REMEMBERED.dtypes) | price for price in prices],
        schema=REMEMBERED.dtypes,
        orient="row",
    )


def recalled(
    *prices: dict[str, Any],
    named: dict[str, str],
    amount: str = "5",
    linked: tuple[tuple[str, str], ...] = (),
    priced_now: tuple[str, ...] = ("a",),
) -> Decimal | None:
    """Return the amount that a price of offer `a` is compared with."""
    found = recall_good(
        PriceMemory(remembered(*prices), oldest={"router": NOW - timedelta(days=90)}),
        previous=PRICES.empty().with_columns(seen_at=pl.lit(NOW)),
        candidates=remembered(stated("a", amount, days=0)),
        groups=groups(*linked, **named),
        stated=pl.Series(priced_now, dtype=pl.String),
    )
    return found["amount"].item() if found.height else None


@pytest.mark.parametrize(
    ("named", "hub_ids", "families"),
    [
        ({"a": "org/m", "b": "Org/M"}, {}, 1),
        ({"a": "org/m", "b": "org/n"}, {}, 2),
        ({"a": "org/m", "b": "team/n"}, {"org__m": "1", "team__n": "1"}, 1),
        ({"a": "org/m", "b": "team/n"}, {"org__m": "1", "team__n": "2"}, 2),
    ],
)
def test_a_family_is_one_repository_in_any_spelling(
    named: dict[str, str], hub_ids: dict[str, str], families: int
) -> None:
    grouped = group_offers(offers(**named), models(**hub_ids), links())
    assert grouped["family"].n_unique() == families


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=20), st.randoms())
def test_lines_do_not_depend_on_the_order_of_links(
    pairs: list[tuple[int, int]], chance: Any
) -> None:
    named = {str(number): f"org/m{number}" for number in range(10)}
    some = [(str(old), str(new)) for old, new in pairs]
    mixed = [tuple(chance.sample(pair, 2)) for pair in chance.sample(some, len(some))]
    one, other = groups(*some, **named), groups(*mixed, **named)
    assert one.equals(other)
    lines = dict(one.select("offer_id", "line").iter_rows())
    families = dict(one.select("offer_id", "family").iter_rows())
    assert all(lines[old] == lines[new] and families[old] == families[new] for old, new in some)
    assert all(line <= name for name, line in lines.items())


def test_the_latest_price_of_any_linked_id_counts() -> None:
    named = {"a": "org/m", "b": "org/m", "c": "org/m"}
    prices = (stated("a", "1", days=9), stated("b", "2", days=5), stated("c", "3", days=1))
    assert recalled(*prices, named=named, linked=(("a", "b"),)) == 2
    assert recalled(*prices, named=named) == 1
    assert recalled(*prices[1:], named=named) == 3


def test_an_id_that_is_still_priced_is_no_memory_of_another() -> None:
    named = {"a": "org/m", "b": "org/m"}
    price = stated("b", "2")
    assert recalled(price, named=named) == 2
    assert recalled(price, named=named, priced_now=("a", "b")) is None
    assert recalled(stated("b", "2"), named={"a": "org/m", "b": "org/n"}) is None


def test_of_two_ids_that_ended_together_the_nearer_price_counts() -> None:
    named = {"a": "org/m", "b": "org/m", "c": "org/m"}
    prices = (stated("b", "0.2"), stated("c", "20"))
    assert recalled(*prices, named=named, amount="0.3") == Decimal("0.2")
    assert recalled(*prices, named=named, amount="30") == 20


@pytest.mark.parametrize(("days", "amount"), [(89, 1), (90, 1), (90.01, None), (91, None)])
def test_memory_ends_after_its_days(days: float, amount: int | None) -> None:
    assert recalled(stated("a", "1", days=days), named={"a": "org/m"}) == amount


@pytest.mark.parametrize("status", ["suspect", "unparsed"])
def test_only_a_good_price_is_remembered(status: str) -> None:
    prices = (stated("a", "1", days=3), stated("a", "7", price_status=status))
    assert recalled(*prices, named={"a": "org/m"}) == 1
