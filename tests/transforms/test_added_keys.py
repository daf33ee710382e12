"""Keys that a source adds beside its prices: which numbers go on counting, which are held."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.pages.wording import unit_price
from schemas.units import COMPARED_WITH, UNITS
from tests.support.checks import checks_named
from tests.support.histories import (
    MODEL,
    History,
    Json,
    changes_nothing,
    entry,
    events,
    offering,
    price,
    priced_entry,
)
from transforms.gate.bounds import BOUNDS
from transforms.pricing.units import RULES

FOO = {"foo": 0.5}
HUB = {MODEL: [entry()]}


def beside(price_in: float, price_out: float, **keys: Any) -> Json:
    """Return the router's offering with further keys in its price object."""
    return offering({**price(price_in, price_out), **keys})


def routed(*given: Json, hub: Json | None = None) -> History:
    """Tell one router offering per hour beside a Hub entry that never changes."""
    history = History()
    for one in given:
        history.hour({MODEL: [hub or entry()]}, {MODEL: [one]})
    return history


def card_facts(history: History) -> tuple[Any, ...]:
    card = history.card()
    return (
        card["price_status"],
        card["price_feed"],
        card["hold_reason"],
        history.amounts().get("input_token"),
        history.amounts().get("output_token"),
    )


def hour(history: History, one: Json, hub: Json | None = None) -> Any:
    return history.hour({MODEL: [hub or entry()]}, {MODEL: [one]})


@pytest.mark.parametrize(
    "added",
    [
        FOO,
        {"foo": "x", "bar": [1, {"a": 2}]},
        {"foo": {"input": 9}},
        {"foo": None},
        {"batch_input": 0.1, "batch_output": 0.2},
    ],
)
def test_an_unchanged_price_beside_a_new_key_goes_on_as_it_was(added: Json) -> None:
    history = routed(beside(1, 2))
    before, prices = history.card(), history.state.prices
    delta = hour(history, beside(1, 2, **added))
    assert (events(delta), delta.price_log.height) == ([], 0)
    assert history.card() == before
    assert history.state.prices.equals(prices)
    assert changes_nothing(hour(history, beside(1, 2, **added)))
    assert events(hour(history, beside(1, 2))) == []
    assert history.state.prices.equals(prices)


def test_the_claim_beside_a_new_key_has_its_mark_and_stays_the_chosen_one() -> None:
    history = routed(beside(1, 2), beside(1, 2, **FOO))
    claims = history.state.claims
    assert set(claims["reason"]) == {"unknown_key: foo"}
    assert set(claims["price_status"]) == {"priced"}
    assert set(claims["run_id"]) == set(history.state.prices["run_id"]) == {"run-0"}


def test_a_price_that_moves_beside_a_new_key_is_held_until_it_is_confirmed() -> None:
    history = routed(beside(1, 2), beside(1.2, 2, **FOO))
    assert card_facts(history) == ("priced", "router", "unconfirmed_price", "1", "2")
    assert changes_nothing(hour(history, beside(1.2, 2, **FOO)))
    back = hour(history, beside(1, 2, **FOO))
    assert events(back) == [("released", None)]
    hour(history, beside(1.2, 2, **FOO))
    plain = hour(history, beside(1.2, 2))
    assert events(plain) == [("released", None), ("up", "input_token")]


def test_a_move_beside_a_key_is_held_though_the_hub_states_the_old_price() -> None:
    history = routed(beside(1, 2), beside(1.2, 2, **FOO), hub=priced_entry(1, 2))
    assert card_facts(history) == ("priced", "router", "unconfirmed_price", "1", "2")
    delta = hour(history, beside(1.2, 2, **FOO), priced_entry(1.2, 2))
    assert events(delta) == [("released", None), ("up", "input_token")]
    assert card_facts(history) == ("priced", "router", None, "1.2", "2")


def test_a_move_that_another_feed_states_too_passes_in_the_same_hour() -> None:
    history = routed(beside(1, 2), hub=priced_entry(1, 2))
    hour(history, beside(1.2, 2, **FOO), priced_entry(1.2, 2))
    assert card_facts(history) == ("priced", "router", None, "1.2", "2")


def test_a_large_move_beside_a_key_has_the_reason_of_its_size() -> None:
    history = routed(beside(1, 2), beside(100, 2, **FOO))
    assert history.card()["hold_reason"] == "unit_magnitude"


@pytest.mark.parametrize(
    ("hub", "expected"),
    [
        (entry(), ("unparsed", "router", None, None, None)),
        (priced_entry(1, 2), ("priced", "router", None, "1", "2")),
        (priced_entry(1, 2.5), ("priced", "hub", None, "1", "2.5")),
        (priced_entry(0, 0), ("unparsed", "router", None, None, None)),
        (
            entry(providerDetails={"pricing": {**price(1, 2), **FOO}}),
            ("unparsed", "router", None, None, None),
        ),
    ],
)
def test_a_first_price_beside_a_key_counts_where_another_feed_states_it(
    hub: Json, expected: tuple[Any, ...]
) -> None:
    history = routed(beside(1, 2, **FOO), hub=hub)
    assert card_facts(history) == expected
    assert changes_nothing(hour(history, beside(1, 2, **FOO), hub))


def test_a_first_price_beside_a_key_counts_once_a_person_accepts_it() -> None:
    history = routed(beside(1, 2, **FOO))
    assert history.card()["price_reason"] == "unknown_key: foo"
    checks = history.state.refusals
    assert set(checks["name"]) == {"unconfirmed_price"}
    for check_id in checks["check_id"]:
        history.decide(check_id, "accepted")
    assert card_facts(history) == ("priced", "router", None, "1", "2")
    assert history.card()["price_reason"] is None
    delta = hour(history, beside(1, 2, **FOO))
    assert (events(delta), delta.price_log.height) == ([], 0)
    assert card_facts(history) == ("priced", "router", None, "1", "2")


def test_a_rejected_move_beside_a_key_stays_held() -> None:
    history = routed(beside(1, 2), beside(1.2, 2, **FOO))
    history.decide(history.state.refusals["check_id"].item(), "rejected")
    assert changes_nothing(hour(history, beside(1.2, 2, **FOO)))
    assert card_facts(history) == ("priced", "router", "unconfirmed_price", "1", "2")


@pytest.mark.parametrize("unreadable", [{"input": "1", "output": 2}, [], {"per_1k": 1}, "1"])
def test_a_price_that_cannot_be_read_yields_to_a_feed_whose_price_can(unreadable: Any) -> None:
    history = routed(offering(unreadable), hub=priced_entry(1, 2))
    assert card_facts(history) == ("priced", "hub", None, "1", "2")
    history = routed(beside(1, 2), offering(unreadable), hub=priced_entry(1, 2))
    assert card_facts(history) == ("priced", "hub", None, "1", "2")
    history = routed(beside(1, 2), offering(unreadable))
    assert card_facts(history) == ("priced", "router", "unreadable_price", "1", "2")


def test_a_zero_of_the_router_still_comes_before_the_price_of_the_hub() -> None:
    history = routed(offering(price(0, 0)), hub=priced_entry(1, 2))
    assert card_facts(history) == ("suspect", "router", None, None, None)


def test_half_a_price_under_a_new_name_is_no_price_without_its_half() -> None:
    renamed = offering({"input": 1, "output_per_m": 2})
    assert card_facts(routed(renamed)) == ("unparsed", "router", None, None, None)
    history = routed(beside(1, 2), renamed)
    assert card_facts(history) == ("priced", "router", "unreadable_price", "1", "2")
    history = routed(renamed, hub=priced_entry(1, 2))
    assert card_facts(history) == ("priced", "hub", None, "1", "2")


def test_an_offer_without_an_output_price_needs_none_beside_a_key() -> None:
    history = routed(offering({"input": 1}), offering({"input": 1, **FOO}))
    assert card_facts(history) == ("priced", "router", None, "1", None)
    hub = entry(providerDetails={"pricing": {"input": 1}})
    history = routed(offering({"input": 1, **FOO}), hub=hub)
    assert card_facts(history) == ("priced", "router", None, "1", None)


def test_free_is_confirmed_like_any_price() -> None:
    free = offering(price(0, 0), is_free=True)
    history = routed(free, offering({**price(0, 0), **FOO}, is_free=True))
    assert card_facts(history) == ("free", "router", None, "0", "0")
    history = routed(offering({**price(0, 0), **FOO}, is_free=True))
    assert card_facts(history)[0] == "unparsed"


def test_a_new_name_of_an_offer_keeps_what_confirms_its_price() -> None:
    history = routed(beside(1, 2))
    delta = history.hour({MODEL: [entry(provider_id="y")]}, {MODEL: [beside(1, 2, **FOO)]})
    assert events(delta) == [("relabelled", None)]
    assert card_facts(history) == ("priced", "router", None, "1", "2")


MODELS = tuple(f"org/m{number:02}" for number in range(12))


def market(*, added: dict[str, Json], moved: str | None = None) -> dict[str, list[Json]]:
    """Return a router's answer: two providers of each model, `added` keys by provider."""
    return {
        model: [
            offering({**price(1.3 if model == moved else 1, 2), **added.get(name, {})}, name)
            for name in ("novita", "together")
        ]
        for model in MODELS
    }


def test_only_the_offer_that_moves_beside_a_key_is_held() -> None:
    history = History()
    history.hour({}, market(added={}))
    history.hour({}, market(added={"novita": FOO}, moved=MODELS[3]))
    held = history.offers().filter("held").select("model_id", "inference_provider").rows()
    assert held == [(MODELS[3], "novita")]
    assert history.amounts("together", MODELS[3]) == {"input_token": "1.3", "output_token": "2"}


def test_each_key_is_reported_once_per_provider_with_its_name() -> None:
    history = History()
    history.hour({}, market(added={}))
    added = {"novita": {"foo": 1, "bar": 2}, "together": {"foo": 1}}
    found = []
    for _ in range(2):
        before = history.state
        delta = history.hour({}, market(added=added, moved=MODELS[0]))
        found.append(
            checks_named("provider_price_drift", before, history.state, delta.found).select(
                "check_id", "severity", "inference_provider", "observed"
            )
        )
    assert found[0].equals(found[1])  # the same ids, so the second hour adds no row
    assert sorted(found[0].select("severity", "inference_provider", "observed").rows()) == [
        ("info", "novita", "unknown_key: bar"),
        ("info", "novita", "unknown_key: foo"),
        ("info", "together", "unknown_key: foo"),
    ]


def test_prices_of_cached_and_reasoning_tokens_are_prices_of_their_own() -> None:
    history = routed(beside(1, 2), beside(1, 2, cached_input=0.1, cache_write=1.25, reasoning=2))
    assert history.amounts() == {
        "input_token": "1",
        "output_token": "2",
        "cached_input_token": "0.1",
        "cache_write_token": "1.25",
        "reasoning_token": "2",
    }
    assert history.card()["price_changed_at"] == history.at("router", 0)
    delta = hour(history, beside(1, 2))
    assert {unit for _, unit in events(delta)} == set(COMPARED_WITH)
    assert history.amounts() == {"input_token": "1", "output_token": "2"}


@pytest.mark.parametrize(
    ("cached", "reason"),
    [
        (0, "zero_not_stated_free"),
        ("0.1", "not_a_usable_number"),
        ({"usd": 1}, "not_a_usable_number"),
        (-1, "not_a_usable_number"),
        (True, "not_a_usable_number"),
        (10**30, "not_a_usable_number"),
        (10.1, "unit_doubt"),
        (0.0009, "unit_doubt"),
    ],
)
def test_a_doubtful_additional_price_is_not_published_and_disturbs_nothing(
    cached: Any, reason: str
) -> None:
    history = routed(beside(1, 2, cached_input=cached))
    assert card_facts(history) == ("priced", "router", None, "1", "2")
    assert "cached_input_token" not in history.amounts()
    (claim,) = [row for row in history.state.claims.to_dicts() if row["reason"]]
    assert (claim["unit"], claim["price_status"], claim["reason"], claim["amount"]) == (
        "cached_input_token",
        "not_published",
        reason,
        None,
    )


def test_an_unconfirmed_additional_price_has_no_number_and_disturbs_nothing() -> None:
    history = routed(beside(1, 2), beside(1, 2, cached_input=0.1, **FOO))
    assert card_facts(history) == ("priced", "router", None, "1", "2")
    assert history.amounts()["cached_input_token"] is None


def test_a_doubtful_additional_price_yields_to_the_one_of_another_feed_and_stays_so() -> None:
    hub = entry(providerDetails={"pricing": {**price(7, 30), "reasoning": 0.1}})
    doubtful = beside(7, 30, reasoning=1e12)
    history = routed(doubtful, hub=hub)
    expected = {"input_token": "7", "output_token": "30", "reasoning_token": "0.1"}
    assert history.amounts() == expected
    assert changes_nothing(hour(history, doubtful, hub))
    assert history.amounts() == expected


def test_an_additional_price_alone_is_no_price_of_the_offer() -> None:
    history = routed(offering({"cached_input": 0.1}))
    assert card_facts(history) == ("not_published", None, None, None, None)


@pytest.mark.parametrize("unit", UNITS)
def test_every_unit_has_bounds_and_additional_ones_a_text_per_million(unit: str) -> None:
    assert unit in BOUNDS
    assert set(BOUNDS) == set(UNITS)
    assert {rule.unit for rule in RULES.values()} <= set(UNITS)
    if unit.endswith("_token"):
        assert "per 1M" in unit_price(Decimal("0.0000001"), unit)
        assert (unit, "text") in RULES or (unit, "*") in RULES


KEYS = st.dictionaries(
    st.sampled_from(["foo", "bar", "", "unit", "cached_input", "cacheWrite", "reasoning"]),
    st.sampled_from([None, 0, 0.1, 1e12, -1, "x", [], {"input": 5}, True]),
)
PRICES = st.tuples(st.sampled_from([0.1, 1, 7]), st.sampled_from([0.2, 2, 30]))


OFFERS = st.lists(st.tuples(PRICES, st.none() | PRICES, KEYS, KEYS), min_size=1, max_size=4)


@pytest.mark.slow
@settings(max_examples=5)
@given(OFFERS)
def test_added_keys_change_no_price_that_stays(offers: list[Any]) -> None:
    require_kept_prices(offers)


@pytest.mark.slow
@settings(max_examples=25, derandomize=False)
@given(OFFERS)
def test_many_added_keys_change_no_price_that_stays(offers: list[Any]) -> None:
    require_kept_prices(offers)


def require_kept_prices(offers: list[Any]) -> None:
    """State prices of offers, then the same ones beside added keys."""

    def answers(*, added: bool) -> list[dict[str, list[Json]]]:
        hub, router = {}, {}
        for number, (routed_price, mapped_price, one, other) in enumerate(offers):
            more, also = (one, other) if added else ({}, {})
            stated = {**price(*routed_price), **more}
            pricing = {**price(*mapped_price), **also} if mapped_price else None
            details = {} if pricing is None else {"providerDetails": {"pricing": pricing}}
            hub[f"org/m{number}"] = [entry(**details)]
            router[f"org/m{number}"] = [offering(stated)]
        return [hub, router]

    history = History()
    history.hour(*answers(added=False))
    cards, prices = history.state.cards, history.state.prices
    history.hour(*answers(added=True))
    assert history.state.cards.equals(cards)
    main = history.state.prices.filter(~history.state.prices["unit"].is_in(list(COMPARED_WITH)))
    assert main.equals(prices)
    assert changes_nothing(history.hour(*answers(added=True)))
