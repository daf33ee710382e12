"""What the gate holds, and whom that concerns: magnitudes, shares, and the good prices beside."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from schemas.contract import MONEY
from schemas.delta import Delta
from tests.support.checks import checks_named
from tests.support.histories import (
    MODEL,
    History,
    entry,
    offering,
    price,
    priced_entry,
    single_change,
)
from transforms.gate.holds import OpenHolds, known_refusals
from transforms.gate.price_rules import find_held_prices

MODELS = tuple(f"org/m{number:02}" for number in range(12))


def routed(
    pricing: Any, models: tuple[str, ...] = MODELS, provider: str = "novita"
) -> dict[str, Any]:
    """Return a router's answer that lists each of the models with the same price."""
    return {model: [offering(pricing, provider)] for model in models}


def open_holds(history: History) -> list[tuple[Any, ...]]:
    return history.state.refusals.select("name", "inference_provider", "unit", "decision").rows()


def held(history: History) -> set[str]:
    return set(history.offers().filter("held")["model_id"])


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [
        (1, 9.99, "passes"),
        (1, 10, "held"),
        (10, 1, "held"),
        (10, 1.01, "passes"),
        (0.3, 3.0, "held"),
        (0.07, 0.7, "held"),
        (1, 1.99, "passes"),
        (1, 100000, "held"),
    ],
)
def test_a_price_that_moves_by_ten_times_or_more_is_held(
    before: float, after: float, outcome: str
) -> None:
    history = History()
    history.hour({MODEL: [entry()]}, {MODEL: [offering(price(before, 5))]})
    history.hour({MODEL: [entry()]}, {MODEL: [offering(price(after, 5))]})
    amount = after if outcome == "passes" else before
    assert history.amounts()["input_token"] == f"{amount:g}"
    assert history.card()["held"] == (outcome == "held")
    expected = (
        [] if outcome == "passes" else [("unit_magnitude", "novita", "input_token", "pending")]
    )
    assert open_holds(history) == expected


@pytest.mark.parametrize(("after", "warnings"), [(1.99, 0), (2, 1), (0.5, 1), (0.51, 0), (10, 0)])
def test_a_price_that_doubles_or_halves_gives_a_warning(after: float, warnings: int) -> None:
    history = History()
    history.hour({MODEL: [entry()]}, {MODEL: [offering(price(1, 5))]})
    before = history.state
    delta = history.hour({MODEL: [entry()]}, {MODEL: [offering(price(after, 5))]})
    checks = checks_named("large_price_move", before, history.state, delta.found)
    assert checks.height == warnings
    assert set(checks["severity"]) <= {"warn"}


def test_free_and_paid_are_no_matter_of_magnitude() -> None:
    history = History()
    history.hour({MODEL: [entry()]}, {MODEL: [offering(price(0, 0), is_free=True)]})
    delta = history.hour({MODEL: [entry()]}, {MODEL: [offering(price(5, 5))]})
    assert single_change(delta, "free_to_paid", "input_token")["new_amount"] is not None
    delta = history.hour({MODEL: [entry()]}, {MODEL: [offering(price(0, 0), is_free=True)]})
    assert single_change(delta, "paid_to_free", "input_token")
    assert open_holds(history) == []


def test_zeros_of_one_provider_are_held_and_another_provider_moves_on() -> None:
    history = History()
    hub = {model: [entry(), entry("scaleway")] for model in MODELS}

    def router(novita: Any, scaleway: Any) -> dict[str, Any]:
        return {m: [offering(novita), offering(scaleway, "scaleway")] for m in MODELS}

    history.hour(hub, router(price(1, 2), price(3, 4)))
    history.hour(hub, router(price(0, 0), price(3.5, 4)))
    for model in MODELS:
        assert history.amounts(model=model) == {"input_token": "1", "output_token": "2"}
        assert history.card(model=model)["hold_reason"] == "new_zero"
        assert history.amounts("scaleway", model) == {"input_token": "3.5", "output_token": "4"}
        assert not history.card("scaleway", model)["held"]
    history.hour(hub, router(price(1, 2), price(3.5, 4)))
    assert held(history) == set()
    assert open_holds(history) == []


def test_a_price_that_moves_beside_a_new_key_is_held_and_another_moves_on() -> None:
    history = History()
    hub = {model: [entry(), entry("scaleway")] for model in MODELS}
    given = {m: [offering(price(1, 2)), offering(price(3, 4), "scaleway")] for m in MODELS}
    history.hour(hub, given)
    odd = {**price(1.1, 2), "batch": 0.5}
    history.hour(hub, {m: [offering(odd), offering(price(3.5, 4), "scaleway")] for m in MODELS})
    assert history.card(model=MODELS[0])["hold_reason"] == "unconfirmed_price"
    assert history.amounts(model=MODELS[0]) == {"input_token": "1", "output_token": "2"}
    assert history.amounts("scaleway", MODELS[0]) == {"input_token": "3.5", "output_token": "4"}


def test_units_that_were_renamed_are_held() -> None:
    history = History()
    hub = {model: [entry()] for model in MODELS}
    history.hour(hub, routed(price(1, 2)))
    history.hour(hub, routed({"input_per_1k": 0.001, "output_per_1k": 0.002}))
    assert held(history) == set(MODELS)
    assert history.amounts(model=MODELS[3]) == {"input_token": "1", "output_token": "2"}


def test_a_catalogue_that_lacks_half_ends_nothing_however_long_it_lasts() -> None:
    history = History()
    hub = {model: [entry(), entry("scaleway")] for model in MODELS}
    history.hour(hub, None)
    few = {m: [*([entry()] if m in MODELS[:5] else []), entry("scaleway")] for m in MODELS}
    for _ in range(3):
        delta = history.hour(few, None)
        assert "gone" not in set(delta.changes["event"])
        assert history.state.cards.height == 2 * len(MODELS)
        assert held(history) == set(MODELS[5:])
    assert open_holds(history) == [("count_drop", "novita", None, "pending")]
    found = checks_named("count_drop", history.state, history.state, delta.found)
    assert found["expected"].to_list() == ["12 offers"]
    assert found["observed"].to_list() == ["5 offers"]
    history.hour(hub, None)
    assert (held(history), open_holds(history)) == (set(), [])


def test_a_mapping_that_lacks_half_renames_nothing_the_router_still_offers() -> None:
    history = History()
    hub = {model: [entry()] for model in MODELS}
    history.hour(hub, routed(price(1, 2)))
    before = history.offers().select("offer_id", "provider_model_id").rows()
    for _ in range(3):
        delta = history.hour({m: [entry()] for m in MODELS[:4]}, routed(price(1, 2)))
        assert delta.changes.is_empty()
        assert history.offers().select("offer_id", "provider_model_id").rows() == before
    assert open_holds(history) == [("count_drop", "novita", None, "pending")]
    assert history.hour(hub, routed(price(1.5, 2))).links.is_empty()
    assert history.amounts(model=MODELS[9]) == {"input_token": "1.5", "output_token": "2"}
    history.hour({m: [entry()] for m in MODELS[:4]}, routed(price(1.5, 2)))
    history.decide(history.state.refusals["check_id"].item(), "accepted")
    delta = history.hour({m: [entry()] for m in MODELS[:4]}, routed(price(1.5, 2)))
    assert set(delta.changes["event"]) == {"relabelled"}
    assert delta.links["reason"].to_list() == ["hub_dropped_it"] * 8


def test_a_few_offers_that_end_are_gone_after_two_whole_answers() -> None:
    history = History()
    history.hour({model: [entry()] for model in MODELS}, None)
    left = {model: [entry()] for model in MODELS[:7]}
    history.hour(left, None)
    delta = history.hour(left, None)
    assert delta.changes["event"].to_list() == ["gone"] * 5
    assert open_holds(history) == []


def test_small_providers_are_counted_together() -> None:
    history = History()
    names = ("novita", "scaleway", "together")
    hub = {model: [entry(name) for name in names] for model in MODELS[:4]}
    history.hour(hub, None)
    for _ in range(2):
        history.hour({MODELS[0]: [entry(name) for name in names]}, None)
    assert open_holds(history) == [("count_drop", None, None, "pending")]
    assert history.state.cards.height == 12


def test_an_accepted_drop_takes_effect_with_the_decision() -> None:
    history = History()
    history.hour({model: [entry()] for model in MODELS}, None)
    left = {model: [entry()] for model in MODELS[:3]}
    history.hour(left, None)
    history.hour(left, None)
    (check_id,) = history.state.refusals["check_id"]
    delta = history.decide(check_id, "accepted")
    assert delta.changes["event"].to_list() == ["gone"] * 9
    assert history.state.cards.height == 3
    assert history.hour(left, None).changes.is_empty()
    assert open_holds(history) == []


def test_prices_that_half_a_provider_no_longer_states_are_held() -> None:
    history = History()
    hub = {model: [entry()] for model in MODELS}
    history.hour(hub, routed(price(1, 2)))
    some = {m: [offering(price(1, 2) if m in MODELS[:4] else None)] for m in MODELS}
    delta = history.hour(hub, some)
    assert held(history) == set(MODELS[4:])
    assert history.amounts(model=MODELS[7]) == {"input_token": "1", "output_token": "2"}
    assert open_holds(history) == [("coverage_drop", "novita", None, "pending")]
    found = checks_named("coverage_drop", history.state, history.state, delta.found)
    assert found["observed"].to_list() == ["4 priced offers"]
    (check_id,) = history.state.refusals["check_id"]
    history.decide(check_id, "accepted")
    assert held(history) == set()
    assert history.card(model=MODELS[7])["price_status"] == "not_published"


def test_prices_that_no_feed_states_any_more_are_held_since_that_answer() -> None:
    history = History()
    hub = {model: [entry()] for model in MODELS}
    history.hour(hub, routed(price(1, 2)))
    delta = history.hour(hub, routed(None))
    assert held(history) == set(MODELS)
    assert history.amounts(model=MODELS[0]) == {"input_token": "1", "output_token": "2"}
    assert open_holds(history) == [("coverage_drop", "novita", None, "pending")]
    assert history.card(model=MODELS[0])["held_since"] == history.at("router", 1)
    held_events = delta.changes.filter(pl.col("event") == "held")
    assert set(held_events["occurred_at"]) == {history.at("router", 1)}
    assert set(held_events["not_before_at"]) == {history.at("router", 0)}
    assert "held" not in set(history.hour(hub, routed(None)).changes["event"])


def test_prices_that_another_feed_still_states_are_not_missing() -> None:
    history = History()
    hub = {model: [priced_entry(1, 2)] for model in MODELS}
    history.hour(hub, routed(price(1, 2)))
    history.hour(hub, routed(None))
    assert open_holds(history) == []
    assert history.amounts(model=MODELS[0]) == {"input_token": "1", "output_token": "2"}
    assert held(history) == set()


def test_one_price_that_is_no_longer_stated_ends_at_once() -> None:
    history = History()
    hub = {model: [entry()] for model in MODELS}
    history.hour(hub, routed(price(1, 2)))
    some = {m: [offering(None if m == MODELS[0] else price(1, 2))] for m in MODELS}
    history.hour(hub, some)
    assert history.card(model=MODELS[0])["price_status"] == "not_published"
    assert open_holds(history) == []


def test_offers_that_stop_being_live_at_once_give_a_warning_and_stay() -> None:
    history = History()
    history.hour({model: [entry()] for model in MODELS}, None)
    before = history.state
    delta = history.hour({model: [entry(status="error")] for model in MODELS}, None)
    found = checks_named("status_flips", before, history.state, delta.found)
    assert found["expected"].to_list() == ["12 live"]
    assert found["observed"].to_list() == ["0 live"]
    assert set(history.state.cards["status"]) == {"error"}
    assert not history.state.cards["held"].any()


def test_a_first_price_beyond_all_bounds_gives_no_number() -> None:
    history = History()
    delta = history.hour({MODEL: [priced_entry(5000, 2)]}, None)
    assert history.card()["price_status"] == "suspect"
    assert history.amounts() == {"input_token": None, "output_token": "2"}
    found = checks_named("price_bounds", history.state, history.state, delta.found)
    (check,) = found.to_dicts()
    assert (check["name"], check["expected"]) == ("price_bounds", "none")
    assert "show no number" in check["message"]


def applied_decisions(delta: Delta) -> list[tuple[str, str]]:
    return delta.decided.select("check_id", "decision").rows()


def test_a_decision_changes_once_and_a_finding_that_ended_expires() -> None:
    history = History()
    hub = {MODEL: [entry()]}
    history.hour(hub, {MODEL: [offering(price(1, 2))]})
    assert applied_decisions(history.hour(hub, {MODEL: [offering(price(50, 2))]})) == []
    (check_id,) = history.state.refusals["check_id"]
    assert applied_decisions(history.decide(check_id, "rejected")) == [(check_id, "rejected")]
    assert applied_decisions(history.hour(hub, {MODEL: [offering(price(50, 2))]})) == []
    history.hour(hub, {MODEL: [offering(price(70, 2))]})
    (other,) = history.state.refusals["check_id"]
    assert other != check_id
    delta = history.hour(hub, {MODEL: [offering(price(1, 2))]})
    assert applied_decisions(delta) == [(other, "expired")]


def test_a_decision_is_kept_when_the_offer_gets_another_name() -> None:
    history = History()
    history.hour({MODEL: [entry()]}, {MODEL: [offering(price(1, 2))]})
    history.hour({MODEL: [entry()]}, {MODEL: [offering(price(20, 40))]})
    first, second = history.state.refusals["check_id"]
    history.decide(first, "accepted")
    history.decide(second, "rejected")
    before = history.state.refusals.select("check_id", "decision").rows()
    delta = history.hour({MODEL: [entry(provider_id="y")]}, {MODEL: [offering(price(20, 40))]})
    assert single_change(delta, "relabelled")
    assert history.state.refusals.select("check_id", "decision").rows() == before
    assert history.amounts() == {"input_token": "1", "output_token": "2"}


@pytest.mark.parametrize(("unit", "currency"), [("page", "USD"), ("input_token", "EUR")])
def test_a_price_in_another_unit_or_currency_is_held(unit: str, currency: str) -> None:
    # no feed that is read states one yet, so the rule is called itself
    now = {
        "offer_id": "o",
        "unit": "input_token",
        "tier": "standard",
        "feed": "router",
        "inference_provider": "novita",
        "amount": Decimal("0.000001"),
        "currency": currency,
        "price_status": "priced",
        "reason": None,
        "raw_text": "1",
        "native_unit": unit,
        "old_amount": Decimal("0.000001"),
        "old_status": "priced",
        "old_currency": "USD",
        "old_unit": "input_token",
    }
    pairs = pl.DataFrame([now]).with_columns(
        pl.col("amount", "old_amount").cast(MONEY), pl.col("reason").cast(pl.String)
    )
    found = find_held_prices(pairs, known_refusals(OpenHolds()))
    assert found["name"].to_list() == ["unit_change"]
