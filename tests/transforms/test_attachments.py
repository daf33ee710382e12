"""Which entry of the Hub a router offering is attached to, and when nothing decides it."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from schemas.delta import Delta
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
)
from transforms.reconcile.batch import Rules
from transforms.resolve.attachments import AMBIGUOUS, find_ambiguous

ADAPTER = {"type": "tag-filter"}
ROUTER: Answer = {MODEL: [offering(price(0.2, 0.4))]}
ERROR = {"status": "error"}


def attached(history: History) -> Any:
    """Return the id of the entry that the router's offering is attached to."""
    rows = history.state.listings.filter(pl.col("feed") == "router", missed=0)
    return rows.join(history.state.offers, on="offer_id")["provider_model_id"].item()


def ambiguous(history: History) -> list[tuple[str, str]]:
    """Return the attached entry and the ids that it was chosen from, where nothing decides."""
    found = find_ambiguous(history.state, catalogs=["hub"], routed=["router"])
    return (
        found.join(history.state.offers, on="offer_id")
        .select("provider_model_id", "entries")
        .rows()
    )


def reasons(history: History) -> dict[str, tuple[str, str | None]]:
    """Return the price status and reason of each card by its provider's id."""
    return {
        row["provider_model_id"]: (row["price_status"], row["price_reason"])
        for row in history.offers().to_dicts()
    }


def amounts_of(history: History, provider_id: str) -> dict[str, str | None]:
    """Return the amounts per million that a card shows."""
    rows = history.state.prices.join(history.state.offers, on="offer_id").filter(
        pl.col("provider_model_id") == provider_id
    )
    return {unit: per_million(amount) for unit, amount in rows.select("unit", "amount").rows()}


DECIDED: list[tuple[str, list[Json]]] = [
    ("b", [entry(provider_id="a", **ADAPTER), entry(provider_id="b")]),
    ("b", [entry(provider_id="a", **ADAPTER), entry(provider_id="b", **ERROR)]),
    ("b", [priced_entry(0.2, 0.4, provider_id="a", **ADAPTER), entry(provider_id="b", **ERROR)]),
    ("b", [priced_entry(0.3, 0.4, provider_id="a"), priced_entry(0.2, 0.4, provider_id="b")]),
    ("b", [entry(provider_id="a"), priced_entry(0.2, 0.4, provider_id="b", **ERROR)]),
    ("b", [priced_entry(0.2, 0.5, provider_id="a"), priced_entry(0.2, 0.4, provider_id="b")]),
    ("b", [entry(provider_id="a", **ERROR), entry(provider_id="b")]),
    ("b", [entry(provider_id="a", status="staging"), entry(provider_id="b")]),
    (
        "c",
        [
            priced_entry(9, 9, provider_id="a"),
            entry(provider_id="b"),
            priced_entry(0.2000000000000004, 0.4, provider_id="c"),
        ],
    ),
    (
        "b",
        [
            priced_entry(0.2, 0.4, provider_id="a", **ERROR),
            priced_entry(0.2, 0.4, provider_id="b"),
        ],
    ),
]


@pytest.mark.parametrize(("expected", "entries"), DECIDED)
def test_evidence_decides_in_the_order_of_its_weight(expected: str, entries: list[Json]) -> None:
    for given in (entries, entries[::-1]):
        history = History()
        history.hour({MODEL: given}, ROUTER)
        assert attached(history) == expected
        assert ambiguous(history) == []
        assert reasons(history)[expected] == ("priced", None)


UNDECIDED: list[tuple[Json, list[Json]]] = [
    (offering(price(0.2, 0.4)), [entry(provider_id="a"), entry(provider_id="b")]),
    (
        offering(price(0.2, 0.4)),
        [priced_entry(0.2, 0.4, provider_id="a"), priced_entry(0.2, 0.4, provider_id="b")],
    ),
    (
        offering(price(0.2, 0.4)),
        [priced_entry(5, 6, provider_id="a"), priced_entry(7, 8, provider_id="b")],
    ),
    (
        offering(price(0.2, 0.4)),
        [entry(provider_id="a", status="error"), entry(provider_id="b", status="staging")],
    ),
    (
        offering(price(0.2, 0.4)),
        [entry(provider_id="a", **ADAPTER), entry(provider_id="b", **ADAPTER)],
    ),
    (offering(price(0, 0)), [entry(provider_id="a"), priced_entry(0, 0, provider_id="b")]),
    (
        offering(price(0, 0), is_free=True),
        [entry(provider_id="a"), priced_entry(0, 0, provider_id="b")],
    ),
    (
        offering({"input": "0.2", "output": 0.4}),
        [entry(provider_id="a"), priced_entry(0.2, 0.4, provider_id="b")],
    ),
    (offering({"input": 0.2}), [entry(provider_id="a"), priced_entry(0.2, 0.4, provider_id="b")]),
    (offering(), [entry(provider_id="a"), priced_entry(0.2, 0.4, provider_id="b")]),
]


@pytest.mark.parametrize(("offered", "entries"), UNDECIDED)
def test_without_evidence_the_lowest_id_has_it_and_is_ambiguous(
    offered: Json, entries: list[Json]
) -> None:
    for given in (entries, entries[::-1]):
        history = History()
        history.hour({MODEL: given}, {MODEL: [offered]})
        assert attached(history) == "a"
        assert ambiguous(history) == [("a", "a, b")]
        status, reason = reasons(history)["a"]
        assert status != "priced" or reason == AMBIGUOUS
        assert reasons(history)["b"][1] != AMBIGUOUS
        assert changes_nothing(history.hour({MODEL: given}, {MODEL: [offered]}))


def test_a_single_entry_is_never_ambiguous() -> None:
    history = History()
    history.hour({MODEL: [entry(provider_id="a", **ERROR)]}, ROUTER)
    assert (attached(history), ambiguous(history)) == ("a", [])


def test_a_price_of_the_entry_s_own_is_not_ambiguous() -> None:
    history = History()
    entries = [priced_entry(1, 2, provider_id="a"), priced_entry(3, 4, provider_id="b")]
    history.hour({MODEL: entries}, {MODEL: [offering()]})
    assert ambiguous(history) == [("a", "a, b")]
    assert reasons(history) == {"a": ("priced", None), "b": ("priced", None)}


TWO = [priced_entry(0.3, 0.4, provider_id="a"), priced_entry(0.2, 0.4, provider_id="b")]


def test_while_the_hub_fails_its_last_prices_decide() -> None:
    history = History()
    history.hour({MODEL: TWO}, ROUTER)
    assert changes_nothing(history.hour(None, ROUTER))
    assert attached(history) == "b"
    history.hour(None, {MODEL: [offering(price(0.3, 0.4))]})
    assert attached(history) == "a"


def test_an_entry_that_the_last_answer_lacked_does_not_take_the_price_back() -> None:
    history = History()
    given = [entry(provider_id="a"), entry(provider_id="b")]
    history.hour({MODEL: given}, ROUTER)
    history.hour({MODEL: given[1:]}, ROUTER)
    assert attached(history) == "b"
    assert changes_nothing(history.hour(None, ROUTER))
    assert attached(history) == "b"


def moved(first: Answer, then: Answer, router: Answer = ROUTER) -> tuple[History, Delta]:
    history = History()
    history.hour(first, ROUTER)
    return history, history.hour(then, router)


def test_new_evidence_moves_the_price_and_no_offer_comes_or_goes() -> None:
    both = {MODEL: [entry(provider_id="a"), entry(provider_id="b")]}
    history, delta = moved(both, {MODEL: [entry(provider_id="a"), TWO[1]]})
    assert attached(history) == "b"
    assert amounts_of(history, "a") == {}
    assert amounts_of(history, "b") == {"input_token": "0.2", "output_token": "0.4"}
    assert not {e for e in events(delta) if e[0] in {"gone", "new", "back"} and e[1] is None}
    assert delta.links.is_empty()
    ends = delta.price_log.select("kind", "valid_from").unique().sort("kind").rows()
    assert ends == [("absence", history.at("router", 1)), ("seen", history.at("router", 1))]
    assert reasons(history)["b"] == ("priced", None)


def test_a_price_that_moves_to_another_entry_is_compared_with_what_it_was() -> None:
    before = {MODEL: [entry(provider_id="a"), entry(provider_id="b", **ERROR)]}
    after = {MODEL: [entry(provider_id="a", **ERROR), entry(provider_id="b")]}
    history, delta = moved(before, after, {MODEL: [offering(price(200, 400))]})
    assert attached(history) == "b"
    assert ("held", "input_token") in events(delta)
    assert amounts_of(history, "b") == {"input_token": "0.2", "output_token": "0.4"}
    begun = delta.price_log.filter(pl.col("kind") == "seen")["valid_from"]
    assert set(begun) == {history.at("router", 1)}


def test_the_entry_of_a_protected_absence_is_chosen_by_the_same_rules() -> None:
    fillers = {f"org/{n}": [entry(provider_id=f"f{n}")] for n in range(12)}
    history = History()
    history.hour({MODEL: TWO, **fillers}, ROUTER)
    assert attached(history) == "b"
    delta = history.hour({"org/0": fillers["org/0"]}, ROUTER)
    assert attached(history) == "b"
    assert not {"gone", "relabelled", "new"} & {name for name, _ in events(delta)}


def test_the_rules_name_the_feeds_by_role() -> None:
    history = History()
    history.hour({MODEL: TWO}, ROUTER)
    assert history.last_inputs is not None
    rules: Rules = history.last_inputs[2]
    assert (rules.catalogs, rules.routed) == (["hub"], ["router"])
