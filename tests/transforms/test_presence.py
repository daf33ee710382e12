"""Absence, failure, return and renaming: missing is not deleted, and a failed feed ends nothing."""

from __future__ import annotations

import polars as pl
import pytest

from tests.support.histories import (
    MODEL,
    Answer,
    History,
    changes_nothing,
    entry,
    events,
    offering,
    price,
    priced_entry,
    single_change,
)

HUB: Answer = {MODEL: [priced_entry(0.2, 0.4)], "org/b": [entry()]}
WITHOUT: Answer = {"org/b": [entry()]}
ROUTER: Answer = {MODEL: [offering(price(0.2, 0.4))]}


def test_one_absence_changes_no_card_and_no_log() -> None:
    history = History()
    history.hour(HUB, {})
    before = history.state.cards
    delta = history.hour(WITHOUT, {})
    assert events(delta) == []
    assert delta.price_log.is_empty()
    assert delta.status_log.is_empty()
    assert delta.cards.fresh.is_empty()
    assert history.state.cards.equals(before)


def test_two_absences_are_gone_from_the_first_of_them() -> None:
    history = History()
    for answer in (HUB, HUB, WITHOUT):
        history.hour(answer, {})
    offer_id = history.card()["offer_id"]
    delta = history.hour(WITHOUT, {})
    assert events(delta) == [("gone", None), ("gone", "input_token"), ("gone", "output_token")]
    for unit in (None, "input_token", "output_token"):
        change = single_change(delta, "gone", unit)
        assert (change["occurred_at"], change["not_before_at"]) == (
            history.at("hub", 2),
            history.at("hub", 1),
        )
    row = history.state.offers.filter(pl.col("offer_id") == offer_id).row(0, named=True)
    assert (row["gone_at"], row["last_seen_at"]) == (history.at("hub", 2), history.at("hub", 1))
    assert delta.price_log.select("kind", "valid_from").unique().rows() == [
        ("absence", history.at("hub", 2))
    ]
    assert offer_id not in set(history.state.cards["offer_id"])
    assert changes_nothing(history.hour(WITHOUT, {}))


def test_an_offer_that_comes_back_opens_a_new_interval() -> None:
    history = History()
    for answer in (HUB, WITHOUT, WITHOUT):
        history.hour(answer, {})
    delta = history.hour(HUB, {})
    assert ("back", None) in events(delta)
    assert ("new", None) not in events(delta)
    assert delta.price_log.select("kind", "valid_from").unique().rows() == [
        ("seen", history.at("hub", 3))
    ]
    card = history.card()
    assert (card["first_seen_at"], card["gone_at"]) == (history.at("hub", 0), None)


def test_an_offer_that_returns_before_it_is_gone_leaves_no_trace_in_history() -> None:
    history = History()
    for answer in (HUB, WITHOUT):
        history.hour(answer, {})
    delta = history.hour(HUB, {})
    assert events(delta) == []
    assert delta.price_log.is_empty()
    history.hour(WITHOUT, {})
    assert events(history.hour(HUB, {})) == []


def test_a_change_after_an_absence_is_not_before_the_last_answer_with_it() -> None:
    history = History()
    for answer in (HUB, WITHOUT):
        history.hour(answer, {})
    delta = history.hour({MODEL: [priced_entry(0.3, 0.4)], **WITHOUT}, {})
    assert single_change(delta, "up", "input_token")["not_before_at"] == history.at("hub", 0)


def test_a_failed_feed_keeps_its_rows_and_counts_no_absence() -> None:
    history = History()
    history.hour(HUB, ROUTER)
    for _ in range(3):
        assert changes_nothing(history.hour(None, ROUTER))
    for _ in range(3):
        assert changes_nothing(history.hour(HUB, None))


def test_a_failure_between_two_absences_does_not_reset_them() -> None:
    history = History()
    history.hour(HUB, {})
    history.hour(WITHOUT, {})
    for _ in range(3):
        assert events(history.hour(None, {})) == []
    delta = history.hour(WITHOUT, {})
    assert single_change(delta, "gone")["occurred_at"] == history.at("hub", 1)


def test_while_the_router_fails_its_price_stays_the_card_s() -> None:
    history = History()
    history.hour({MODEL: [priced_entry(0.1, 0.4)]}, {MODEL: [offering(price(0.3, 0.6))]})
    delta = history.hour({MODEL: [priced_entry(0.2, 0.4)]}, None)
    assert history.amounts() == {"input_token": "0.3", "output_token": "0.6"}
    assert events(delta) == []
    assert delta.claim_log.height == 1


def test_a_price_whose_feed_stopped_listing_it_ends_at_the_first_absence() -> None:
    history = History()
    history.hour({MODEL: [entry()]}, ROUTER)
    history.hour({MODEL: [entry()]}, {})
    delta = history.hour({MODEL: [entry()]}, {})
    change = single_change(delta, "gone", "input_token")
    assert (change["occurred_at"], change["not_before_at"]) == (
        history.at("router", 1),
        history.at("router", 0),
    )


NAMED: Answer = {MODEL: [entry(provider_id="x")]}
RENAMED: Answer = {MODEL: [entry(provider_id="y")]}
RELABELS = [({}, NAMED), (NAMED, RENAMED), (RENAMED, NAMED), (NAMED, {})]


@pytest.mark.parametrize(("before", "after"), RELABELS)
def test_an_offer_that_continues_under_another_name_is_linked(
    before: Answer, after: Answer
) -> None:
    history = History()
    history.hour(before, ROUTER)
    old = history.card()["offer_id"]
    hours = hours_until_renamed(after)
    for _ in range(hours - 1):
        assert events(history.hour(after, ROUTER)) == []
        assert history.card()["offer_id"] == old
    delta = history.hour(after, ROUTER)
    new = history.card()["offer_id"]
    assert old != new
    assert delta.links.select("old_offer_id", "new_offer_id").rows() == [(old, new)]
    change = single_change(delta, "relabelled")
    assert (change["offer_id"], change["old_value"], change["new_value"]) == (new, old, new)
    assert history.amounts() == {"input_token": "0.2", "output_token": "0.4"}
    assert set(history.state.prices["offer_id"]) == {new}
    assert set(history.state.listings["offer_id"]) == {new}
    assert ("gone", None) not in events(delta)
    ended = delta.price_log.filter(pl.col("offer_id") == old)
    assert ended.select("kind", "valid_from").unique().rows() == [
        ("change", history.at("router", hours))
    ]
    assert changes_nothing(history.hour(after, ROUTER))


@pytest.mark.parametrize(("before", "after"), RELABELS)
def test_a_new_name_is_a_relabelled_event_and_no_other(before: Answer, after: Answer) -> None:
    history = History()
    history.hour(before, ROUTER)
    for _ in range(hours_until_renamed(after) - 1):
        history.hour(after, ROUTER)
    assert events(history.hour(after, ROUTER)) == [("relabelled", None)]


def hours_until_renamed(after: Answer) -> int:
    """Return after how many answers a name counts; one answer that lacks the entry ends nothing."""
    return 1 if after else 2


def test_an_entry_that_one_answer_lacks_keeps_its_name_and_its_price() -> None:
    history = History()
    history.hour(NAMED, ROUTER)
    before = history.card()
    for _ in range(3):
        assert events(history.hour({}, ROUTER)) == []
        assert history.card()["offer_id"] == before["offer_id"]
        assert history.amounts() == {"input_token": "0.2", "output_token": "0.4"}
        assert events(history.hour(NAMED, ROUTER)) == []
    assert history.state.offers.height == 1


def test_an_entry_that_one_answer_lacks_gives_way_to_another_name_at_once() -> None:
    history = History()
    history.hour(NAMED, ROUTER)
    history.hour({}, ROUTER)
    assert events(history.hour(RENAMED, ROUTER)) == [("relabelled", None)]


def test_a_price_that_changes_with_the_name_is_an_event_of_that_change() -> None:
    history = History()
    history.hour({MODEL: [priced_entry(0.2, 0.4)]})
    delta = history.hour({MODEL: [priced_entry(0.1, 0.4, provider_id="y")]})
    assert events(delta) == [("down", "input_token"), ("relabelled", None)]
    assert single_change(delta, "down", "input_token")["not_before_at"] == history.at("hub", 0)


def test_a_price_that_is_held_under_a_new_name_begins_with_the_name() -> None:
    history = History()
    history.hour({MODEL: [priced_entry(0.2, 0.4)]})
    delta = history.hour({MODEL: [priced_entry(0, 0, provider_id="y")]})
    assert events(delta) == [("held", "input_token"), ("relabelled", None)]
    new = history.card()
    assert (new["held"], new["price_status"]) == (True, "priced")
    assert history.amounts() == {"input_token": "0.2", "output_token": "0.4"}
    begun = delta.price_log.filter(pl.col("offer_id") == new["offer_id"])["valid_from"]
    assert set(begun) == {history.at("hub", 1)}


def test_an_offer_that_gets_its_previous_name_back_has_its_previous_id() -> None:
    history = History()
    history.hour({}, ROUTER)
    first = history.card()["offer_id"]
    history.hour(NAMED, ROUTER)
    second = history.card()["offer_id"]
    history.hour({}, ROUTER)
    delta = history.hour({}, ROUTER)
    assert history.card()["offer_id"] == first
    assert delta.links.select("old_offer_id", "new_offer_id").rows() == [(second, first)]


def test_a_second_provider_id_beside_the_first_is_no_new_name() -> None:
    history = History()
    history.hour(NAMED, {})
    delta = history.hour({MODEL: [entry(provider_id="x"), entry(provider_id="y")]}, {})
    assert delta.links.is_empty()
    assert events(delta) == [("new", None)]


def test_two_that_vanish_while_one_appears_are_not_guessed_to_be_one() -> None:
    history = History()
    history.hour({MODEL: [entry(provider_id="x"), entry(provider_id="y")]}, {})
    delta = history.hour({MODEL: [entry(provider_id="z")]}, {})
    assert delta.links.is_empty()
    assert events(delta) == [("new", None)]
