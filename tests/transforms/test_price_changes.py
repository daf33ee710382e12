"""Prices from hour to hour: what is an event, what is noise, what is held."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from tests.support.histories import (
    MODEL,
    Answer,
    History,
    Json,
    changes_nothing,
    entry,
    events,
    offering,
    per_million,
    price,
    priced_entry,
    single_change,
)


def router_hours(*given: Json) -> tuple[History, Any]:
    """Tell one router offering per hour beside a Hub that names it; return the last difference."""
    history = History()
    delta = None
    for one in given:
        delta = history.hour({MODEL: [entry()]}, {MODEL: [one]})
    return history, delta


def test_an_unchanged_hour_writes_nothing() -> None:
    hub: Answer = {MODEL: [priced_entry(0.2, 0.4), entry("together")], "org/b": [entry()]}
    router: Answer = {MODEL: [offering(price(0.3, 0.6), throughput=50)], "org/c": [offering()]}
    history = History()
    assert not changes_nothing(history.hour(hub, router))
    assert changes_nothing(history.hour(hub, router))


def test_the_order_of_an_answer_is_no_change() -> None:
    hub = {MODEL: [priced_entry(0.2, 0.4), entry("together")], "org/b": [entry()]}
    router = {MODEL: [offering(price(1, 2)), offering(None, "together")], "org/b": [offering()]}
    history = History()
    history.hour(hub, router)
    turned = [{name: given[::-1] for name, given in list(a.items())[::-1]} for a in (hub, router)]
    assert changes_nothing(history.hour(*turned))


def test_the_noise_of_a_float_is_no_change() -> None:
    history, _ = router_hours(offering(price(0.03, 0.6)))
    given = offering(price(0.030000000000000002, 0.6))
    assert changes_nothing(history.hour({MODEL: [entry()]}, {MODEL: [given]}))


FREE = offering(price(0, 0), is_free=True)
ZERO = offering(price(0, 0))


@pytest.mark.parametrize(
    ("before", "after", "event", "old", "new", "values"),
    [
        (
            offering(price(0.2, 1)),
            offering(price(0.3, 1)),
            "up",
            "0.2",
            "0.3",
            ("priced", "priced"),
        ),
        (
            offering(price(0.3, 1)),
            offering(price(0.2, 1)),
            "down",
            "0.3",
            "0.2",
            ("priced", "priced"),
        ),
        (FREE, offering(price(0.2, 1)), "free_to_paid", "0", "0.2", ("free", "priced")),
        (offering(price(0.2, 1)), FREE, "paid_to_free", "0.2", "0", ("priced", "free")),
        (FREE, ZERO, "became_suspect", "0", None, ("free", "suspect")),
    ],
)
def test_a_price_event_has_the_old_and_the_new_price(
    before: Json, after: Json, event: str, old: str, new: str | None, values: tuple[str, str]
) -> None:
    history, delta = router_hours(before, after)
    change = single_change(delta, event, "input_token")
    assert (per_million(change["old_amount"]), per_million(change["new_amount"])) == (old, new)
    assert (change["old_value"], change["new_value"], change["currency"]) == (*values, "USD")
    assert (change["not_before_at"], change["occurred_at"]) == (
        history.at("router", 0),
        history.at("router", 1),
    )
    assert change["offer_id"] == history.card()["offer_id"]
    assert {name for name, _ in events(delta)} == {event}
    assert history.card()["price_changed_at"] == history.at("router", 1)


def test_the_first_hour_has_one_event_per_offer_and_price() -> None:
    _, delta = router_hours(offering(price(0.2, 1)))
    assert events(delta) == [("new", None), ("new", "input_token"), ("new", "output_token")]
    change = single_change(delta, "new", "input_token")
    assert (change["old_amount"], per_million(change["new_amount"])) == (None, "0.2")
    assert change["not_before_at"] is None


def test_a_first_price_of_zero_is_suspect_and_gives_no_number() -> None:
    history, _ = router_hours(ZERO)
    assert history.amounts() == {"input_token": None, "output_token": None}
    assert (history.card()["price_status"], history.card()["held"]) == ("suspect", False)


UNKNOWN_KEY = {"input": 0.3, "output": 1, "cached": 0.1}


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        (ZERO, "new_zero"),
        (offering(price(0, 1)), "new_zero"),
        (offering(price(0.2, 0)), "new_zero"),
        (offering(UNKNOWN_KEY), "unconfirmed_price"),
        (offering({"input": "0.3", "output": 1}), "unreadable_price"),
        (offering({"input": -1, "output": 1}), "unreadable_price"),
        (offering({"input": 10**30, "output": 1}), "unreadable_price"),
        (offering([]), "unreadable_price"),
    ],
)
def test_a_doubtful_price_is_held_until_the_price_returns(odd: Json, reason: str) -> None:
    history, delta = router_hours(offering(price(0.2, 1)), odd)
    card = history.card()
    assert (card["held"], card["hold_reason"], card["price_status"]) == (True, reason, "priced")
    assert card["held_since"] == history.at("router", 1)
    assert card["price_seen_at"] == history.at("router", 0)
    assert history.amounts() == {"input_token": "0.2", "output_token": "1"}
    assert delta.price_log.is_empty()
    assert {name for name, _ in events(delta)} == {"held"}
    assert delta.holds["hold_reason"].to_list() == [reason]
    assert changes_nothing(history.hour({MODEL: [entry()]}, {MODEL: [odd]}))
    back = history.hour({MODEL: [entry()]}, {MODEL: [offering(price(0.2, 1))]})
    assert events(back) == [("released", None)]
    assert back.price_log.is_empty()
    assert (history.card()["held"], history.card()["held_since"]) == (False, None)


def test_a_held_price_is_recorded_with_its_evidence() -> None:
    _, delta = router_hours(offering(price(0.2, 1)), offering(UNKNOWN_KEY))
    claims = delta.claim_log
    assert claims.select("kind", "price_status").rows() == [("seen", "priced")] * 2
    assert set(claims["reason"]) == {"unknown_key: cached"}
    assert claims["evidence"].str.contains('"cached": 0.1').all()


def test_a_held_offer_moves_on_when_a_readable_price_comes() -> None:
    history, _ = router_hours(offering(price(0.2, 1)), ZERO)
    delta = history.hour({MODEL: [entry()]}, {MODEL: [offering(price(0.3, 1))]})
    assert events(delta) == [("released", None), ("up", "input_token")]
    assert history.amounts() == {"input_token": "0.3", "output_token": "1"}


def test_a_change_after_a_hold_is_not_before_the_last_answer_with_the_old_price() -> None:
    history, _ = router_hours(offering(price(0.2, 1)), ZERO)
    delta = history.hour({MODEL: [entry()]}, {MODEL: [offering(price(0.3, 1))]})
    assert single_change(delta, "up", "input_token")["not_before_at"] == history.at("router", 0)


def test_an_unreadable_price_that_comes_first_is_unparsed_and_not_held() -> None:
    history, _ = router_hours(offering(UNKNOWN_KEY))
    card = history.card()
    assert (card["price_status"], card["held"]) == ("unparsed", False)
    assert card["price_reason"] == "unknown_key: cached"
    assert set(history.amounts().values()) == {None}


def catalogue(count: int, odd: int, price_in: float, unreadable: Json) -> dict[str, list[Json]]:
    """Return `count` models at two providers; `odd` of novita's have an unreadable price."""
    return {
        f"org/m{number}": [
            offering(unreadable if number < odd else price(price_in, 1)),
            offering(price(price_in, 1), "together"),
        ]
        for number in range(count)
    }


def prices_at(history: History, provider: str) -> set[str | None]:
    mine = history.offers().filter(pl.col("inference_provider") == provider)["offer_id"]
    rows = history.state.prices.filter(
        pl.col("offer_id").is_in(mine.implode()) & (pl.col("unit") == "input_token")
    )
    return {per_million(amount) for amount in rows["amount"]}


@pytest.mark.parametrize(
    ("count", "odd", "moved"),
    [(20, 1, {"0.2", "0.3"}), (20, 2, {"0.2"}), (19, 1, {"0.2"}), (20, 0, {"0.3"})],
)
def test_above_five_percent_unreadable_rows_only_that_provider_is_held(
    count: int, odd: int, moved: set[str]
) -> None:
    history = History()
    unreadable = {"input": "0.3", "output": 1}
    history.hour({}, catalogue(count, 0, 0.2, unreadable))
    history.hour({}, catalogue(count, odd, 0.3, unreadable))
    assert prices_at(history, "novita") == moved
    assert prices_at(history, "together") == {"0.3"}
    held = history.offers().filter("held")
    assert set(held["inference_provider"]) <= {"novita"}


def test_a_row_with_one_unreadable_number_counts_as_a_whole_row() -> None:
    history = History()
    history.hour({}, catalogue(10, 0, 0.2, UNKNOWN_KEY))
    history.hour({}, catalogue(10, 1, 0.3, {"input": 0.3, "output": -1}))
    assert prices_at(history, "novita") == {"0.2"}


def test_a_missing_price_object_is_not_published_at_once() -> None:
    history, delta = router_hours(offering(price(0.2, 1)), offering(None))
    card = history.card()
    assert (card["price_status"], card["price_feed"], card["held"]) == (
        "not_published",
        None,
        False,
    )
    assert history.amounts() == {}
    assert events(delta) == [("gone", "input_token"), ("gone", "output_token")]
    assert single_change(delta, "gone", "input_token")["occurred_at"] == history.at("router", 1)
    ended = delta.price_log.select("kind", "valid_from").unique().rows()
    assert ended == [("absence", history.at("router", 1))]


def test_a_price_that_ends_names_the_last_answer_that_showed_it() -> None:
    history, delta = router_hours(offering(price(0.2, 1)), offering(None))
    assert single_change(delta, "gone", "input_token")["not_before_at"] == history.at("router", 0)


def test_only_the_missing_half_of_a_price_ends() -> None:
    history, delta = router_hours(offering(price(0.2, 1)), offering({"input": 0.2}))
    assert history.amounts() == {"input_token": "0.2"}
    assert events(delta) == [("gone", "output_token")]
