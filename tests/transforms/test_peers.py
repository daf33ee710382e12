"""Which prices are unlike their peers: by the same model elsewhere, by size, author and group."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from schemas.contract import MONEY
from transforms.gate.peers import find_unlike
from transforms.reconcile.market_facts import find_confirmed

_TYPES: dict[str, Any] = {
    "offer_id": pl.String,
    "unit": pl.String,
    "tier": pl.String,
    "model_id": pl.String,
    "inference_provider": pl.String,
    "task_group": pl.String,
    "currency": pl.String,
    "amount": MONEY,
    "parameters": pl.Int64,
    "is_compared": pl.Boolean,
    "is_established": pl.Boolean,
}
PROVIDERS = ("novita", "scaleway", "together", "groq", "nscale")


def stated(model: str, provider: str, per_million: str, **facts: Any) -> dict[str, Any]:
    """Return one price in USD per 1,000,000 units, compared and new by default."""
    return {
        "offer_id": f"{model} {provider}",
        "unit": "input_token",
        "tier": "standard",
        "model_id": model,
        "inference_provider": provider,
        "task_group": "text",
        "currency": "USD",
        "amount": Decimal(per_million) / 1_000_000,
        "parameters": None,
        "is_compared": True,
        "is_established": False,
    } | facts


def unlike(*prices: dict[str, Any]) -> set[str]:
    found = find_unlike(pl.DataFrame(list(prices), schema=_TYPES))
    return set(found["offer_id"])


def market(parameters: int | None = None, author: str = "acme") -> list[dict[str, Any]]:
    """Return one model each of four providers, at 0.2 to 0.5."""
    return [
        stated(f"{author}/m{place}", provider, f"0.{place + 2}", parameters=parameters)
        for place, provider in enumerate(PROVIDERS[:4])
    ]


def of_model(*per_million: str, **facts: Any) -> list[dict[str, Any]]:
    """Return one model at as many providers as there are prices."""
    pairs = zip(PROVIDERS, per_million, strict=False)
    return [stated("org/m", provider, price, **facts) for provider, price in pairs]


@pytest.mark.parametrize("slip", ["0.0002", "0.000000217", "200", "217000", "6", "0.0066"])
@pytest.mark.parametrize("others", [2, 3, 4])
def test_a_price_that_the_other_providers_contradict_is_unlike_them(slip: str, others: int) -> None:
    assert unlike(*of_model(slip, *["0.2"] * others)) == {"org/m novita"}


@pytest.mark.parametrize("price", ["0.0067", "5.99", "0.02", "2"])
def test_a_price_within_the_factor_is_like_them(price: str) -> None:
    assert unlike(*of_model(price, "0.2", "0.2")) == set()


def test_an_outlier_condemns_no_other_price() -> None:
    for slip in ("0.0002", "200"):
        assert unlike(*of_model(slip, "0.2", "0.3")) == {"org/m novita"}
        assert unlike(*of_model(slip, "0.2")) == {"org/m novita"}


def test_two_wrong_prices_far_from_each_other_condemn_no_other() -> None:
    assert unlike(*of_model("0.0002", "200", "0.3")) == {"org/m novita", "org/m scaleway"}


def test_the_sizes_peers_decide_between_two_providers() -> None:
    big = market(parameters=400_000_000_000)
    prices = [row | {"amount": row["amount"] * 10} for row in big]
    two = of_model("90", "2.5", parameters=400_000_000_000)
    assert unlike(*prices, *two) == {"org/m novita"}
    two = of_model("0.05", "2.5", parameters=400_000_000_000)
    assert unlike(*prices, *two) == {"org/m novita"}


def test_undecidable_prices_that_are_new_are_refused_beside_one_that_cards_have() -> None:
    image = {"unit": "image", "task_group": "other"}
    two = of_model("3000", "3000000", **image)
    assert unlike(*two) == {"org/m novita", "org/m scaleway"}
    for known in (0, 1):
        known_one = [row | {"is_established": place == known} for place, row in enumerate(two)]
        assert unlike(*known_one) == {f"org/m {PROVIDERS[1 - known]}"}
    both = [row | {"is_established": True} for row in two]
    assert unlike(*both) == set()


def test_a_long_known_slip_gives_way_when_its_peers_decide() -> None:
    slip, *rest = of_model("0.0002", "0.2")
    assert unlike(slip | {"is_established": True}, *rest) == {"org/m novita"}


@pytest.mark.parametrize("price", ["0.0002", "0.0064", "200"])
def test_a_lone_price_is_compared_with_its_size(price: str) -> None:
    lone = stated("other/lone", "nscale", price, parameters=8_000_000_000)
    assert unlike(*market(parameters=9_000_000_000), lone) == {"other/lone nscale"}
    unsized = stated("other/lone", "nscale", price)
    assert ("other/lone nscale" in unlike(*market(), unsized)) == (price != "0.0064")


def test_a_lone_price_is_compared_with_its_author_then_with_its_group() -> None:
    dear = [row | {"amount": row["amount"] * 100} for row in market(author="dear")]
    cheap = market(author="cheap")
    assert unlike(*dear, *cheap, stated("dear/x", "nscale", "0.1")) == {"dear/x nscale"}
    assert unlike(*dear, *cheap, stated("cheap/x", "nscale", "0.1")) == set()
    assert unlike(*dear, *cheap, stated("x", "nscale", "0.0001")) == {"x nscale"}


def test_too_few_providers_are_no_class() -> None:
    lone = stated("other/lone", "nscale", "0.0002")
    assert unlike(*market()[:2], lone) == set()
    assert unlike(lone) == set()


def test_a_provider_that_states_all_prices_in_another_unit_outvotes_none() -> None:
    slips = [stated(f"acme/s{n}", "nscale", "0.0003") for n in range(200)]
    found = unlike(*market(), *slips, stated("acme/s0", "novita", "0.3"))
    assert found == {row["offer_id"] for row in slips}


def test_two_providers_that_agree_are_refused_only_by_their_class() -> None:
    assert unlike(*of_model("0.0002", "0.0003")) == set()
    found = unlike(*market(parameters=7), *of_model("0.0002", "0.0003", parameters=7))
    assert found == {"org/m novita", "org/m scaleway"}
    dear = of_model("90", "91", "92", parameters=7)
    assert unlike(*market(parameters=7), *dear) == set()


def test_honest_prices_stay_though_two_providers_share_a_slip() -> None:
    prices = [*market(parameters=7), *of_model("0.0002", "0.0003", "0.2", parameters=7)]
    assert unlike(*prices) == {"org/m novita", "org/m scaleway"}


@pytest.mark.parametrize(
    "facts",
    [
        {"unit": "output_token"},
        {"tier": "batch"},
        {"currency": "EUR"},
        {"task_group": "embedding"},
        {"inference_provider": "novita"},
    ],
)
def test_only_the_same_unit_tier_currency_group_and_other_providers_compare(
    facts: dict[str, Any],
) -> None:
    slip = of_model("0.0002")[0]
    others = [row | facts | {"offer_id": f"o{n}"} for n, row in enumerate(of_model(*["0.2"] * 4))]
    assert unlike(slip, *(row for row in others if row["offer_id"] != "o0")) == set()


@pytest.mark.parametrize("unit", ["run", "request", "second_of_compute", "step"])
def test_units_of_any_size_are_not_compared(unit: str) -> None:
    assert unlike(*of_model("0.0002", "0.2", "0.2", unit=unit)) == set()


@pytest.mark.parametrize(
    "unit", ["output_token", "cached_input_token", "image", "second_of_video", "character"]
)
def test_every_unit_that_compares_is_compared(unit: str) -> None:
    assert unlike(*of_model("0.0002", "0.2", "0.2", unit=unit)) == {"org/m novita"}


def test_a_price_that_is_not_compared_is_a_peer_all_the_same() -> None:
    slip, *rest = of_model("0.0002", "0.2", "0.2")
    assert unlike(slip | {"is_compared": False}, *rest) == set()
    assert unlike(slip, *(row | {"is_compared": False} for row in rest)) == {"org/m novita"}


def test_the_order_of_the_rows_changes_nothing() -> None:
    rows = [*market(parameters=7), *of_model("0.0002", "200", "0.2", "0.3"), *market(author="x")]
    expected = find_unlike(pl.DataFrame(rows, schema=_TYPES))
    chance = random.Random(7)  # noqa: S311 - a seeded test, no secret
    for _ in range(20):
        chance.shuffle(rows)
        assert find_unlike(pl.DataFrame(rows, schema=_TYPES)).equals(expected)


def test_the_distance_is_stated() -> None:
    found = find_unlike(pl.DataFrame(of_model("0.0002", "0.2", "0.2"), schema=_TYPES))
    assert found["unlike"].to_list() == ["0.001 times the median of this model elsewhere"]
    sized = [*market(parameters=7), stated("o/l", "nscale", "0.00035", parameters=7)]
    found = find_unlike(pl.DataFrame(sized, schema=_TYPES))
    assert found["unlike"].to_list()[0].endswith("times the median of models of its size")


def claim(feed: str, amount: str, **facts: Any) -> dict[str, Any]:
    return {
        "offer_id": "o",
        "unit": "input_token",
        "tier": "standard",
        "feed": feed,
        "amount": Decimal(amount),
        "currency": "USD",
        "price_status": "priced",
        "basis": "list",
    } | facts


@pytest.mark.parametrize(
    ("other", "confirmed"),
    [
        (claim("deepinfra_list", "2"), True),
        (claim("hub", "2"), False),
        (claim("deepinfra_list", "3"), False),
        (claim("deepinfra_list", "2", currency="EUR"), False),
        (claim("deepinfra_list", "2", basis="estimate"), False),
        (claim("deepinfra_list", "2", unit="output_token"), False),
        (claim("deepinfra_list", "2", offer_id="other"), False),
    ],
)
def test_only_another_source_confirms_a_price(other: dict[str, Any], *, confirmed: bool) -> None:
    own = claim("router", "2")
    sources = {"router": "huggingface", "hub": "huggingface", "deepinfra_list": "deepinfra"}
    found = find_confirmed(pl.DataFrame([own]), pl.DataFrame([own, other]), sources)
    assert (found.height == 1) == confirmed
