"""Prices of cached tokens and of other tiers: beside the main prices, never instead of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.units import is_main
from tests.support.checks import checks_named
from tests.support.histories import MODEL, changes_nothing, entry, events, offering, price
from tests.support.listed_histories import LIST, PROVIDER, ListedHistory, absent, stated
from transforms.parsing.quotes import Quote

CACHED = ("cached_input_token", "standard")
FLEX = ("input_token", "flex")
HUB = {MODEL: [entry(PROVIDER)]}
ROUTER = {MODEL: [offering(price(1, 2), PROVIDER)]}
MAIN = [stated("input_token", 1), stated("output_token", 2)]


def history_of(*hours: list[Quote] | None, router: Any = None) -> ListedHistory:
    """Return the history of a list's answers, beside a router that states nothing of its own."""
    history = ListedHistory()
    for quotes in hours:
        history.listed_hour(HUB, router, quotes)
    return history


def facts(history: ListedHistory) -> tuple[Any, ...]:
    """Return price status, reason, feed and hold of the only card."""
    card = history.card(PROVIDER)
    return tuple(card[k] for k in ("price_status", "price_reason", "price_feed", "hold_reason"))


def test_a_list_states_tiers_and_cached_tokens_beside_its_main_prices() -> None:
    history = history_of(
        [*MAIN, stated("cached_input_token", 0.1), stated("input_token", 0.5, "flex")]
    )
    assert history.series() == {
        ("input_token", "standard"): "1",
        ("output_token", "standard"): "2",
        CACHED: "0.1",
        FLEX: "0.5",
    }
    assert facts(history) == ("priced", None, LIST, None)


def test_tiers_and_cached_tokens_alone_price_no_card() -> None:
    history = history_of([stated("input_token", 0.5, "flex"), stated("output_token", 1, "batch")])
    assert set(history.series()) == {FLEX, ("output_token", "batch")}
    assert facts(history) == ("not_published", "no_standard_price", None, None)


def test_the_three_answers_about_cached_tokens_are_kept_apart() -> None:
    assert history_of([*MAIN, stated("cached_input_token", 0.1)]).series()[CACHED] == "0.1"
    declined = history_of([*MAIN, absent("cached_input_token")])
    assert declined.series()[CACHED] == "not_published"
    (row,) = declined.state.prices.filter(unit=CACHED[0]).to_dicts()
    assert (row["reason"], row["amount"], row["raw_text"]) == ("not_offered", None, None)
    assert facts(declined) == ("priced", None, LIST, None)
    assert CACHED not in history_of(MAIN).series()


def test_a_price_that_is_not_offered_alone_prices_no_card() -> None:
    history = history_of([absent("cached_input_token")])
    assert history.series() == {CACHED: "not_published"}
    assert facts(history)[0] == "not_published"
    assert facts(history)[1] != "not_offered"


# --- the router states the main prices, the list fills in


def test_a_list_fills_in_what_the_router_does_not_state() -> None:
    quotes = [*MAIN, stated("cached_input_token", 0.1), stated("input_token", 0.5, "flex")]
    history = history_of(quotes, router=ROUTER)
    rows = history.state.prices.select("unit", "tier", "feed").rows()
    feeds = {(unit, tier): feed for unit, tier, feed in rows}
    assert feeds == {
        ("input_token", "standard"): "router",
        ("output_token", "standard"): "router",
        CACHED: LIST,
        FLEX: LIST,
    }
    assert facts(history) == ("priced", None, "router", None)


def test_a_list_fills_in_that_cached_tokens_are_not_offered() -> None:
    history = history_of([*MAIN, absent("cached_input_token")], router=ROUTER)
    assert history.series()[CACHED] == "not_published"


def test_the_feed_of_the_main_prices_comes_first_for_additional_ones_too() -> None:
    routed = {MODEL: [offering({**price(1, 2), "cached_input": 0.2}, PROVIDER)]}
    for quote in (stated("cached_input_token", 0.1), absent("cached_input_token")):
        history = history_of([*MAIN, quote], router=routed)
        assert history.series()[CACHED] == "0.2"


@pytest.mark.parametrize(
    ("quote", "fits"),
    [
        (stated("cached_input_token", 1), True),
        (stated("cached_input_token", "1.01"), False),  # dearer than the token itself
        (stated("cache_write_token", "1.25"), True),
        (stated("input_token", 2, "priority"), True),
        (stated("input_token", 20, "priority"), False),
    ],
)
def test_only_what_fits_beside_the_main_price_is_filled_in(quote: Quote, *, fits: bool) -> None:
    dear = [stated("input_token", 5), stated("output_token", 10)]
    history = history_of([*dear, quote], router=ROUTER)
    assert ((quote.native_unit, quote.tier) in history.series()) is fits


# --- the gate


@pytest.mark.parametrize(
    ("series", "times", "router"),
    [(CACHED, 10, None), (CACHED, 1000, ROUTER), (FLEX, 10, ROUTER), (FLEX, 1000, None)],
)
def test_a_price_that_moves_by_ten_times_is_held_and_the_main_prices_go_on(
    series: tuple[str, str], times: int, router: Any
) -> None:
    unit, tier = series
    history = history_of([*MAIN, stated(unit, "0.1", tier)], router=router)
    before = history.state
    moved = [stated("input_token", "1.5"), stated("output_token", 2)]
    routed = None if router is None else {MODEL: [offering(price(1.5, 2), PROVIDER)]}
    delta = history.listed_hour(HUB, routed, [*moved, stated(unit, 0.1 * times, tier)])
    assert history.series()[series] == "0.1"
    assert history.series()[("input_token", "standard")] == "1.5"
    assert facts(history)[0] == "priced"
    assert not history.card(PROVIDER)["held"]
    assert events(delta) == [("held", unit), ("up", "input_token")]
    (held,) = delta.changes.filter(event="held").to_dicts()
    assert (held["tier"], held["new_value"]) == (tier, "unit_magnitude")
    (found,) = checks_named("unit_magnitude", before, history.state, delta.found).to_dicts()
    assert (found["unit"], found["tier"], found["decision"]) == (unit, tier, "pending")
    assert (" (flex)" in found["message"]) is (tier == "flex")
    (refusal,) = history.state.refusals.to_dicts()
    assert refusal["kept_seen_at"] == history.at(LIST, 0)


def test_a_held_additional_price_is_held_once_and_released_when_it_returns() -> None:
    history = history_of([*MAIN, stated("cached_input_token", "0.1")])
    wrong = [*MAIN, stated("cached_input_token", 1)]
    history.listed_hour(HUB, None, wrong)
    for _ in range(2):
        assert changes_nothing(history.listed_hour(HUB, None, wrong))
    assert history.state.refusals["kept_seen_at"].item() == history.at(LIST, 0)
    delta = history.listed_hour(HUB, None, [*MAIN, stated("cached_input_token", "0.2")])
    assert events(delta) == [("released", CACHED[0]), ("up", CACHED[0])]
    assert history.state.refusals.is_empty()


def test_a_person_accepts_a_held_additional_price() -> None:
    history = history_of([*MAIN, stated("input_token", "0.1", "flex")])
    history.listed_hour(HUB, None, [*MAIN, stated("input_token", 1, "flex")])
    delta = history.decide(history.state.refusals["check_id"].item(), "accepted")
    assert history.series()[FLEX] == "1"
    assert events(delta) == [("released", "input_token"), ("up", "input_token")]
    assert set(delta.changes["tier"]) == {"flex"}


@pytest.mark.parametrize(
    "quote",
    [
        stated("cached_input_token", 100),
        stated("cached_input_token", "0.0005"),
        stated("input_token", 11, "priority"),
        stated("input_token", "0.0005", "flex"),
        stated("input_token", 1000, "context>32768"),
    ],
)
def test_a_first_price_far_from_its_main_price_is_not_published(quote: Quote) -> None:
    history = history_of([*MAIN, quote])
    assert set(history.series()) == {("input_token", "standard"), ("output_token", "standard")}
    (claim,) = history.state.claims.filter(reason="unit_doubt").to_dicts()
    assert (claim["tier"], claim["price_status"], claim["amount"]) == (
        quote.tier,
        "not_published",
        None,
    )


def test_a_price_that_can_no_longer_be_read_holds_its_own_tier_alone() -> None:
    history = history_of([*MAIN, stated("input_token", "0.5", "flex")])
    odd = stated("input_token", "0.5", "flex", problem="not_a_number: rate")
    history.listed_hour(HUB, None, [*MAIN, odd])
    assert history.series()[FLEX] == "0.5"
    assert not history.card(PROVIDER)["held"]
    assert history.state.refusals["name"].to_list() == ["unreadable_price"]


def test_an_unreadable_tier_is_no_main_price_where_those_end() -> None:
    history = history_of(MAIN)
    odd = stated("input_token", "0.5", "flex", problem="not_a_number: rate")
    history.listed_hour(HUB, None, [odd])
    assert history.series() == {FLEX: "unparsed"}
    assert history.card(PROVIDER)["price_status"] == "not_published"


def test_lost_main_prices_are_found_although_cached_ones_stay() -> None:
    names = [f"org/m{number}" for number in range(12)]
    hub = {name: [entry(PROVIDER, "x")] for name in names}
    routed = {name: [offering(price(1, 2), PROVIDER)] for name in names}
    bare = {name: [offering(None, PROVIDER)] for name in names}
    history = ListedHistory()
    quotes = [stated("cached_input_token", "0.1"), stated("input_token", 1)]
    history.listed_hour(hub, routed, quotes)
    history.listed_hour(hub, bare, [absent("cached_input_token")])
    assert set(history.state.cards["hold_reason"]) == {"coverage_drop"}


# --- what is stated ends


def test_a_cached_price_that_is_no_longer_offered_is_gone() -> None:
    history = history_of([*MAIN, stated("cached_input_token", "0.1")])
    delta = history.listed_hour(HUB, None, [*MAIN, absent("cached_input_token")])
    (gone,) = delta.changes.to_dicts()
    assert (gone["event"], gone["unit"], gone["new_value"]) == ("gone", CACHED[0], "not_offered")
    assert gone["old_amount"] is not None
    assert changes_nothing(history.listed_hour(HUB, None, [*MAIN, absent("cached_input_token")]))
    delta = history.listed_hour(HUB, None, MAIN)
    assert events(delta) == []  # where nothing was offered, nothing ends
    assert CACHED not in history.series()


def test_a_first_statement_of_not_offered_is_no_event_and_a_price_after_it_is() -> None:
    history = history_of(MAIN)
    assert events(history.listed_hour(HUB, None, [*MAIN, absent("cached_input_token")])) == []
    delta = history.listed_hour(HUB, None, [*MAIN, stated("cached_input_token", "0.1")])
    assert events(delta) == [("new", CACHED[0])]


def test_two_feeds_that_state_other_cached_prices_are_a_finding() -> None:
    routed = {MODEL: [offering({**price(1, 2), "cached_input": 0.2}, PROVIDER)]}
    history = ListedHistory()
    before = history.state
    delta = history.listed_hour(HUB, routed, [*MAIN, absent("cached_input_token")])
    found = checks_named("feeds_agree_on_price", before, history.state, delta.found)
    assert found.select("unit", "expected", "observed").rows() == [
        (CACHED[0], "not_published", "0.0000002")
    ]


# --- algebra

TIERS = st.sampled_from(["flex", "priority", "batch", "context>32768"])
UNITS = st.sampled_from(["input_token", "output_token"])
AMOUNTS = st.sampled_from(["0.001", "0.4", "1", "3", "40", "5000"])
TIER_PRICES = st.builds(stated, UNITS, AMOUNTS, TIERS)
CACHED_PRICES = st.builds(
    stated, st.sampled_from(["cached_input_token", "cache_write_token"]), AMOUNTS
)
BESIDE = st.lists(
    TIER_PRICES | CACHED_PRICES | st.just(absent("cached_input_token")),
    max_size=4,
    unique_by=lambda quote: (quote.native_unit, quote.tier),
)


@pytest.mark.slow
@settings(max_examples=8, deadline=None)
@given(hours=st.lists(BESIDE, min_size=1, max_size=2), routed=st.booleans())
def test_additional_prices_change_no_card_and_no_main_price(
    hours: list[list[Quote]], *, routed: bool
) -> None:
    router = ROUTER if routed else None
    plain = history_of(*([MAIN] * len(hours)), router=router)
    beside = history_of(*([*MAIN, *more] for more in hours), router=router)
    assert beside.state.cards.equals(plain.state.cards)
    key = ["offer_id", "unit", "tier"]
    main = beside.state.prices.join(plain.state.prices, on=key, how="semi")
    assert main.drop("json_path", "payload_hash", "run_id").equals(
        plain.state.prices.drop("json_path", "payload_hash", "run_id")
    )
    assert beside.state.prices.filter(is_main()).height == main.height
