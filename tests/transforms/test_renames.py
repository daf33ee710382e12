"""A repository that keeps the Hub's id under another name, and names that differ in case only."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from tests.support.histories import (
    History,
    Json,
    changes_nothing,
    entry,
    events,
    offering,
    page,
    price,
    priced_entry,
    router_page,
)

OLD, NEW = "acme/chat", "other/chat-2"
SLOW = pytest.mark.slow
ROUTED = offering(price(0.2, 0.4))


def hub(*models: tuple[str, str | None, list[Json]]) -> Any:
    """Return the Hub's page of these models: name, `_id` (null where None), mapping."""
    rest = ("zed/rest", "id-rest", [entry("scaleway", "rest")])
    return page(
        [
            {"id": name, "_id": hub_id, "inferenceProviderMapping": entries}
            for name, hub_id, entries in (*models, rest)
        ]
    )


def routed(**offerings: list[Json]) -> Any:
    return router_page(offerings)


def cards_of(history: History, *names: str) -> list[tuple[str, str | None]]:
    """Return (model, the provider's id) of every card of these models, in any case."""
    lowered = [name.lower() for name in names]
    rows = history.offers().filter(pl.col("model_id").str.to_lowercase().is_in(lowered))
    return sorted(
        rows.select("model_id", "provider_model_id").rows(), key=lambda row: (row[0], row[1] or "")
    )


def links(delta: Any) -> list[str]:
    return delta.links["reason"].to_list()


def current(history: History) -> list[tuple[str, str | None]]:
    """Return (model, `_id`) of the models under their names of today, without the other one."""
    rows = history.state.models.filter(
        pl.col("renamed_to").is_null() & (pl.col("model_id") != "zed/rest")
    )
    return sorted(rows.select("model_id", "hub_id").rows())


def input_price(history: History, model: str) -> str | None:
    return history.amounts(model=model)["input_token"]


def twelve_models() -> list[tuple[str, str, list[Json]]]:
    return [
        (f"acme/m{n}", f"h{n}", [priced_entry(0.2, 0.4, provider_id=f"p{n}")]) for n in range(12)
    ]


def test_a_renamed_repository_is_the_same_offer_under_another_id() -> None:
    history = History()
    history.hour_of_pages(hub=hub((OLD, "h1", [priced_entry(0.2, 0.4)])))
    old = history.card(model=OLD)
    delta = history.hour_of_pages(hub=hub((NEW, "h1", [priced_entry(0.2, 0.4)])))
    new = history.card(model=NEW)
    assert events(delta) == [("relabelled", None)]
    assert delta.links.select("old_offer_id", "new_offer_id", "reason").rows() == [
        (old["offer_id"], new["offer_id"], "renamed")
    ]
    assert cards_of(history, OLD) == []
    assert history.amounts(model=NEW) == {"input_token": "0.2", "output_token": "0.4"}
    assert new["status_since"] == old["status_since"]
    assert new["price_changed_at"] == old["price_changed_at"]
    assert current(history) == [(NEW, "h1")]
    assert changes_nothing(history.hour_of_pages(hub=hub((NEW, "h1", [priced_entry(0.2, 0.4)]))))


def test_the_gate_compares_with_the_price_under_the_name_of_before() -> None:
    history = History()
    history.hour_of_pages(hub=hub((OLD, "h1", [priced_entry(0.2, 0.4)])))
    delta = history.hour_of_pages(hub=hub((NEW, "h1", [priced_entry(200, 400)])))
    assert events(delta) == [("held", "input_token"), ("relabelled", None)]
    assert history.amounts(model=NEW) == {"input_token": "0.2", "output_token": "0.4"}
    assert delta.found.held_prices["name"].to_list() == ["unit_magnitude"] * 2


def test_a_hold_a_rejection_and_a_correction_move_along() -> None:
    history = History()
    history.hour_of_pages(hub=hub((OLD, "h1", [priced_entry(0.2, 0.4)])))
    history.hour_of_pages(hub=hub((OLD, "h1", [priced_entry(200, 0.4)])))
    held = history.card(model=OLD)
    (check,) = history.state.refusals["check_id"]
    history.decide(check, "rejected")
    delta = history.hour_of_pages(hub=hub((NEW, "h1", [priced_entry(200, 0.4)])))
    assert events(delta) == [("relabelled", None)]
    assert history.state.refusals.select("check_id", "decision").rows() == [(check, "rejected")]
    card = history.card(model=NEW)
    assert (card["held"], card["held_since"]) == (True, held["held_since"])
    assert input_price(history, NEW) == "0.2"


def test_a_rename_with_another_provider_id_at_once_is_one_link() -> None:
    history = History()
    history.hour_of_pages(hub=hub((OLD, "h1", [priced_entry(0.2, 0.4)])))
    old = history.card(model=OLD)["offer_id"]
    delta = history.hour_of_pages(hub=hub((NEW, "h1", [priced_entry(200, 0.4, provider_id="y")])))
    new = history.card(model=NEW)
    assert delta.links.select("old_offer_id", "new_offer_id", "reason").rows() == [
        (old, new["offer_id"], "renamed")
    ]
    assert events(delta) == [("held", "input_token"), ("relabelled", None)]
    assert new["held"]
    ids = set(history.state.offers["offer_id"])
    assert {old, new["offer_id"]} <= ids
    assert history.state.offers.filter(pl.col("model_id") == NEW).height == 1


def test_an_offer_that_is_missing_in_the_hour_of_the_rename_moves_too() -> None:
    history = History()
    both = [priced_entry(0.2, 0.4), priced_entry(0.3, 0.4, "novita-b", "b")]
    history.hour_of_pages(hub=hub((OLD, "h1", both)))
    delta = history.hour_of_pages(hub=hub((NEW, "h1", both[:1])))
    assert events(delta) == [("relabelled", None)] * 2
    assert cards_of(history, OLD, NEW) == [(NEW, "b"), (NEW, "x")]
    delta = history.hour_of_pages(hub=hub((NEW, "h1", both[:1])))
    assert ("gone", None) in events(delta)
    assert cards_of(history, OLD, NEW) == [(NEW, "x")]


def test_an_offer_that_ends_in_the_hour_of_the_rename_ends_under_its_name() -> None:
    history = History()
    both = [priced_entry(0.2, 0.4), priced_entry(0.3, 0.4, "novita-b", "b")]
    history.hour_of_pages(hub=hub((OLD, "h1", both)))
    history.hour_of_pages(hub=hub((OLD, "h1", both[:1])))
    delta = history.hour_of_pages(hub=hub((NEW, "h1", both[:1])))
    assert links(delta) == ["renamed"]
    assert events(delta).count(("gone", None)) == 1
    assert cards_of(history, OLD, NEW) == [(NEW, "x")]
    back = history.hour_of_pages(hub=hub((NEW, "h1", both)))
    assert links(back) == ["renamed"]
    assert ("back", None) in events(back)


def test_a_rename_of_most_of_a_provider_s_models_is_no_drop() -> None:
    history = History()
    before = [
        (f"acme/m{n}", f"h{n}", [priced_entry(0.2, 0.4, provider_id=f"p{n}")]) for n in range(12)
    ]
    after = [(f"acme/new{n}", hub_id, mapped) for n, (_, hub_id, mapped) in enumerate(before)]
    history.hour_of_pages(hub=hub(*before))
    delta = history.hour_of_pages(hub=hub(*after))
    assert events(delta) == [("relabelled", None)] * 12
    assert delta.found.drops.is_empty()
    assert history.state.cards.height == 13


def test_a_drop_does_not_protect_the_name_of_before() -> None:
    history = History()
    before = [
        (f"acme/m{n}", f"h{n}", [priced_entry(0.2, 0.4, provider_id=f"p{n}")]) for n in range(12)
    ]
    history.hour_of_pages(hub=hub(*before))
    history.hour_of_pages(hub=hub(*before[:2]))
    delta = history.hour_of_pages(
        hub=hub(("acme/new0", *before[0][1:]), ("acme/new5", *before[5][1:]))
    )
    assert delta.found.drops.height == 1
    assert cards_of(history, "acme/m0", "acme/m5") == []
    assert cards_of(history, "acme/new0", "acme/new5") == [("acme/new0", "p0"), ("acme/new5", "p5")]
    assert len(cards_of(history, *(name for name, *_ in before))) == 10


@pytest.mark.parametrize(
    "routed_as", [OLD, NEW, *(pytest.param(n, marks=SLOW) for n in (OLD.upper(), NEW.title()))]
)
def test_the_router_s_rows_belong_to_the_model_under_any_name_of_it(routed_as: str) -> None:
    history = History()
    mapped = [entry()]
    history.hour_of_pages(hub=hub((OLD, "h1", mapped)), router=routed(**{OLD: [ROUTED]}))
    for _ in range(3):
        delta = history.hour_of_pages(
            hub=hub((NEW, "h1", mapped)), router=routed(**{routed_as: [ROUTED]})
        )
        assert {event for event, _ in events(delta)} <= {"relabelled"}
        assert cards_of(history, OLD, NEW) == [(NEW, "x")]
        assert history.amounts(model=NEW) == {"input_token": "0.2", "output_token": "0.4"}
    assert changes_nothing(history.hour_of_pages(router=routed(**{routed_as: [ROUTED]})))


def test_a_router_that_lists_both_names_counts_once_by_the_name_of_today() -> None:
    history = History()
    history.hour_of_pages(hub=hub((OLD, "h1", [entry()])), router=routed(**{OLD: [ROUTED]}))
    history.hour_of_pages(
        hub=hub((NEW, "h1", [entry()])),
        router=routed(**{OLD: [offering(price(0.9, 0.9))], NEW: [ROUTED]}),
    )
    assert cards_of(history, OLD, NEW) == [(NEW, "x")]
    assert input_price(history, NEW) == "0.2"


@pytest.mark.parametrize("mapped", [[entry()], []])
def test_a_router_that_has_the_new_name_an_hour_before_the_hub(mapped: list[Json]) -> None:
    history = History()
    others = [entry("scaleway", "s")]
    history.hour_of_pages(
        hub=hub((OLD, "h1", [*mapped, *others])), router=routed(**{OLD: [ROUTED]})
    )
    high = offering(price(200, 400))
    history.hour_of_pages(hub=hub((OLD, "h1", [*mapped, *others])), router=routed(**{NEW: [high]}))
    delta = history.hour_of_pages(
        hub=hub((NEW, "h1", [*mapped, *others])), router=routed(**{NEW: [high]})
    )
    assert ("gone", None) not in events(delta)
    assert {name for name, _ in cards_of(history, OLD, NEW)} == {NEW}
    assert history.card(model=NEW)["held"]
    assert input_price(history, NEW) == "0.2"
    assert len(cards_of(history, NEW)) == 2


def test_a_name_that_is_used_again_is_another_model_with_another_history() -> None:
    history = History()
    history.hour_of_pages(hub=hub((OLD, "h1", [priced_entry(0.2, 0.4)])))
    history.hour_of_pages(hub=hub((NEW, "h1", [priced_entry(0.2, 0.4)])))
    both = hub((NEW, "h1", [priced_entry(0.2, 0.4)]), (OLD, "h2", [priced_entry(90, 90)]))
    delta = history.hour_of_pages(hub=both)
    assert links(delta) == []
    assert events(delta) == [("new", None), ("new", "input_token"), ("new", "output_token")]
    assert input_price(history, OLD) == "90"
    assert input_price(history, NEW) == "0.2"
    assert current(history) == [(OLD, "h2"), (NEW, "h1")]
    assert history.card(model=OLD)["first_seen_at"] == history.at("hub", 2)
    assert changes_nothing(history.hour_of_pages(hub=both))


@pytest.mark.parametrize("amount", [0.2, 90])
def test_a_name_that_is_used_again_in_the_hour_of_the_rename(amount: float) -> None:
    history = History()
    history.hour_of_pages(hub=hub((OLD, "h1", [priced_entry(0.2, 0.4)])))
    delta = history.hour_of_pages(
        hub=hub((OLD, "h2", [priced_entry(amount, 0.4)]), (NEW, "h1", [priced_entry(0.2, 0.4)]))
    )
    assert links(delta) == ["renamed"]
    assert events(delta) == [
        ("new", None),
        ("new", "input_token"),
        ("new", "output_token"),
        ("relabelled", None),
    ]
    assert current(history) == [(OLD, "h2"), (NEW, "h1")]
    begun = delta.price_log.filter(pl.col("kind") == "seen")
    assert set(begun["valid_from"]) == {history.at("hub", 1)}


def test_two_models_that_exchange_their_names_exchange_their_series() -> None:
    history = History()
    first, second = [priced_entry(0.2, 0.4)], [priced_entry(90, 90)]
    history.hour_of_pages(hub=hub((OLD, "h1", first), (NEW, "h2", second)))
    delta = history.hour_of_pages(hub=hub((OLD, "h2", second), (NEW, "h1", first)))
    assert links(delta) == ["renamed", "renamed"]
    assert events(delta) == [("relabelled", None)] * 2
    assert input_price(history, NEW) == "0.2"
    assert input_price(history, OLD) == "90"
    assert current(history) == [(OLD, "h2"), (NEW, "h1")]
    delta = history.hour_of_pages(hub=hub((OLD, "h1", first), (NEW, "h2", second)))
    assert events(delta) == [("relabelled", None)] * 2


def test_a_rename_back_and_a_chain_with_a_missed_hour() -> None:
    history = History()
    mapped = [priced_entry(0.2, 0.4)]
    names = [OLD, NEW, OLD, NEW, "third/name", "acme/fifth"]
    history.hour_of_pages(hub=hub((OLD, "h1", mapped)))
    ids = [history.card(model=OLD)["offer_id"]]
    for name in names[1:]:
        delta = history.hour_of_pages(hub=hub((name, "h1", mapped)))
        ids.append(history.card(model=name)["offer_id"])
        assert events(delta) == [("relabelled", None)]
        assert delta.links.select("old_offer_id", "new_offer_id").rows() == [tuple(ids[-2:])]
    today = history.state.models.filter(pl.col("model_id").is_in(names)).select(
        pl.coalesce("renamed_to", "model_id")
    )
    assert set(today.to_series()) == {"acme/fifth"}


def test_an_answer_without_the_id_takes_none_away() -> None:
    history = History()
    mapped = [priced_entry(0.2, 0.4)]
    history.hour_of_pages(hub=hub((OLD, "h1", mapped)))
    history.hour_of_pages(hub=hub((OLD, None, mapped)))
    assert events(history.hour_of_pages(hub=hub((NEW, "h1", mapped)))) == [("relabelled", None)]


def test_a_rename_whose_first_answer_has_no_id_is_found_with_the_id() -> None:
    history = History()
    history.hour_of_pages(hub=hub((OLD, "h1", [priced_entry(0.2, 0.4)])))
    history.hour_of_pages(hub=hub((NEW, None, [priced_entry(200, 0.4)])))
    delta = history.hour_of_pages(hub=hub((NEW, "h1", [priced_entry(200, 0.4)])))
    assert links(delta) == ["renamed"]
    assert cards_of(history, OLD) == []
    assert history.card(model=NEW)["held"]


@pytest.mark.parametrize("away", [2, pytest.param(5, marks=SLOW)])
@pytest.mark.parametrize("others", [True, False])
def test_an_offer_that_is_away_while_its_model_is_renamed_comes_back_with_a_link(
    away: int, others: bool
) -> None:
    history = History()
    rest = [entry("scaleway", "s")] if others else []
    mapped = [priced_entry(0.2, 0.4), *rest]
    history.hour_of_pages(hub=hub((OLD, "h1", mapped)))
    old = history.card(model=OLD)["offer_id"]
    for hour in range(away):
        name = OLD if hour < 2 else NEW
        history.hour_of_pages(hub=hub((name, "h1", rest)) if others else hub())
    delta = history.hour_of_pages(hub=hub((NEW, "h1", mapped)))
    new = history.card(model=NEW)["offer_id"]
    assert (old, new, "renamed") in delta.links.select(
        "old_offer_id", "new_offer_id", "reason"
    ).rows()
    assert {("back", None), ("relabelled", None)} <= set(events(delta))
    assert ("new", None) not in events(delta)


@pytest.mark.parametrize("other", ["Acme/Chat", "ACME/CHAT"])
def test_a_name_in_another_case_is_a_rename_on_the_hub(other: str) -> None:
    history = History()
    history.hour_of_pages(hub=hub((OLD, "h1", [priced_entry(0.2, 0.4)])))
    delta = history.hour_of_pages(hub=hub((other, "h1", [priced_entry(200, 0.4)])))
    assert links(delta) == ["renamed"]
    assert cards_of(history, OLD) == [(other, "x")]
    assert history.card(model=other)["held"]
    assert current(history) == [(other, "h1")]


def test_the_router_s_spelling_is_that_of_the_hub() -> None:
    history = History()
    history.hour_of_pages(router=routed(**{"ACME/chat": [ROUTED]}))
    history.hour_of_pages(router=routed(**{OLD: [ROUTED]}))
    assert cards_of(history, OLD) == [("ACME/chat", None)]
    delta = history.hour_of_pages(
        hub=hub(("Acme/Chat", "h1", [entry()])), router=routed(**{OLD: [ROUTED]})
    )
    assert cards_of(history, OLD) == [("Acme/Chat", "x")]
    assert events(delta).count(("relabelled", None)) == 1
    assert ("gone", None) not in events(delta)


def test_two_spellings_in_one_answer_are_one_model() -> None:
    history = History()
    delta = history.hour_of_pages(
        router=routed(**{"ACME/chat": [ROUTED], OLD: [offering(price(9, 9))]})
    )
    assert cards_of(history, OLD) == [("ACME/chat", None)]
    assert events(delta).count(("new", None)) == 1


def test_an_unlisted_name_of_today_gets_no_link_and_no_event() -> None:
    spelled = {"Acme/Chat": [offering(price(0.2, 0.4))]}
    named = [(OLD, "h1", [priced_entry(0.2, 0.4, provider_id="a")])]
    history = History()
    history.hour_of_pages(hub=hub(), router=routed(**spelled))
    history.hour_of_pages(hub=hub(*named), router=routed(**spelled))
    delta = history.hour_of_pages(hub=hub(), router=routed(**spelled))
    ids = set(history.state.offers["offer_id"])
    assert set(delta.links["new_offer_id"]) <= ids
    assert "relabelled" not in set(delta.changes["event"])


def test_a_name_reused_after_its_offers_ended_begins_anew() -> None:
    priced = [priced_entry(0.2, 0.4, provider_id="a")]
    history = History()
    history.hour_of_pages(hub=hub((OLD, "h1", priced)))
    history.hour_of_pages(hub=hub())
    history.hour_of_pages(hub=hub())
    reused = (OLD, "h2", [priced_entry(300, 600, provider_id="a")])
    delta = history.hour_of_pages(hub=hub((NEW, "h1", []), reused))
    found = delta.changes.filter(pl.col("unit").is_null() & (pl.col("event") != "gone"))
    assert set(found["event"]) == {"new", "provider_joined"}
    assert input_price(history, OLD) == "300"
