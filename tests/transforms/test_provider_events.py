"""A provider joins with its first offer and leaves with its last one, each once, and by nothing
else."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.delta import Delta
from tests.support.histories import START, History, Json, entry, offering, price, priced_entry
from transforms.history.provider_events import JOINED, LEFT

KEPT = {"org/m": [entry("groq")]}
"""What stays listed, so that an answer that lacks the others is no empty one."""


def provider_changes(delta: Delta) -> list[dict[str, Any]]:
    """Return the events of whole providers of one run."""
    return delta.changes.filter(pl.col("event").is_in([JOINED, LEFT])).to_dicts()


def named(delta: Delta) -> list[tuple[str, str]]:
    return [(row["event"], row["inference_provider"]) for row in provider_changes(delta)]


def with_nebius(**more: Any) -> dict[str, list[Json]]:
    return {"org/m": [entry("groq"), entry("nebius", **more)]}


def test_the_first_answer_of_a_home_joins_no_provider() -> None:
    history = History()
    first = history.hour(hub=with_nebius(), router={"org/n": [offering(provider="novita")]})
    assert {"new"} == set(first.changes["event"])
    assert named(history.hour(hub=with_nebius())) == []


def test_a_provider_joins_with_its_first_offer_and_leaves_with_its_last() -> None:
    history = History()
    history.hour(hub=KEPT)
    (joined,) = provider_changes(history.hour(hub=with_nebius()))
    missed = history.hour(hub=KEPT)
    assert named(missed) == []  # one answer that lacks it ends nothing
    leaving = history.hour(hub=KEPT)
    (left,) = provider_changes(leaving)
    (gone,) = leaving.changes.filter(pl.col("event") == "gone").to_dicts()
    back = history.hour(hub=with_nebius())
    assert {(row["event"], row["offer_id"] is None) for row in back.changes.to_dicts()} == {
        ("back", False),
        (JOINED, True),
    }
    assert (joined["event"], joined["new_value"], joined["old_value"]) == (
        JOINED,
        "huggingface",
        None,
    )
    assert (left["event"], left["new_value"], left["old_value"]) == (LEFT, None, "huggingface")
    assert (joined["not_before_at"], joined["occurred_at"]) == (
        history.at("hub", 0),
        history.at("hub", 1),
    )
    assert (left["not_before_at"], left["occurred_at"]) == (
        gone["not_before_at"],
        gone["occurred_at"],
    )
    assert left["occurred_at"] == history.at("hub", 2)  # the first answer without it
    for row in (joined, left):
        assert {row[name] for name in ("offer_id", "unit", "tier", "currency")} == {None}


def test_a_provider_with_offers_left_has_not_left() -> None:
    both = {"org/m": [entry("groq"), entry("nebius")], "org/n": [entry("nebius")]}
    history = History()
    history.hour(hub=both)
    fewer = [history.hour(hub=with_nebius()) for _ in range(3)]
    assert [named(delta) for delta in fewer] == [[], [], []]
    ends = [history.hour(hub=KEPT) for _ in range(3)]
    assert [named(delta) for delta in ends] == [[], [(LEFT, "nebius")], []]


def test_an_offer_that_only_the_router_lists_keeps_its_provider() -> None:
    router = {"org/m": [offering(price(0.2, 0.4), provider="nebius")]}
    history = History()
    history.hour(hub=with_nebius(), router=router)
    runs = [history.hour(hub=KEPT, router=router) for _ in range(3)]
    assert [named(delta) for delta in runs] == [[], [], []]
    runs = [history.hour(hub=KEPT, router={"org/m": []}) for _ in range(3)]
    assert [named(delta) for delta in runs] == [[], [(LEFT, "nebius")], []]
    (joined,) = provider_changes(history.hour(hub=KEPT, router=router))
    assert (joined["event"], joined["inference_provider"]) == (JOINED, "nebius")
    assert joined["occurred_at"] == history.at("router", 7)
    assert joined["not_before_at"] == history.at("router", 6)


def test_what_another_feed_lists_in_its_first_answer_has_not_joined() -> None:
    history = History()
    history.hour(hub=KEPT)
    late = history.hour(hub=KEPT, router={"org/m": [offering(provider="nebius")]})
    assert named(late) == []
    both = {"org/m": [offering(provider="nebius"), offering(provider="novita")]}
    assert named(history.hour(router=both)) == [(JOINED, "novita")]


def test_an_answer_that_failed_ends_no_provider() -> None:
    history = History()
    history.hour(hub=with_nebius(), router={"org/m": []})
    runs = [history.hour(router={"org/m": []}) for _ in range(5)]
    assert [named(delta) for delta in runs] == [[]] * 5
    runs = [history.hour(hub=KEPT), history.hour(router={"org/m": []}), history.hour(hub=KEPT)]
    assert [named(delta) for delta in runs] == [[], [], [(LEFT, "nebius")]]


def test_a_provider_whose_rows_cannot_be_read_has_not_left() -> None:
    history = History()
    history.hour(hub=with_nebius())
    runs = [history.hour(hub=with_nebius(status=["?"])) for _ in range(4)]
    assert [named(delta) for delta in runs] == [[]] * 4


@pytest.mark.parametrize("more", [{"provider_id": "other"}, {"status": "error"}])
def test_another_name_or_status_of_an_offer_is_no_joining(more: dict[str, str]) -> None:
    history = History()
    history.hour(hub=with_nebius())
    runs = [history.hour(hub=with_nebius(**more)) for _ in range(3)]
    assert [named(delta) for delta in runs] == [[], [], []]


def test_a_provider_that_drops_out_at_once_leaves_only_when_a_person_accepts() -> None:
    models = {f"org/m{number}": [priced_entry(0.2, 0.4, "nebius")] for number in range(12)}
    history = History()
    history.hour(hub=KEPT | models)
    runs = [history.hour(hub=KEPT) for _ in range(4)]
    assert [named(delta) for delta in runs] == [[]] * 4
    (drop,) = history.state.refusals.filter(pl.col("name") == "count_drop").to_dicts()
    accepted = history.decide(drop["check_id"], "accepted")
    (left,) = provider_changes(accepted)
    assert (left["event"], left["inference_provider"]) == (LEFT, "nebius")
    assert left["occurred_at"] == history.at("hub", 1)
    assert left["not_before_at"] == history.at("hub", 0)
    assert accepted.changes.filter((pl.col("event") == "gone") & pl.col("unit").is_null()).height
    assert named(history.hour(hub=KEPT)) == []


PROVIDERS = ("groq", "nebius", "novita")


@st.composite
def answers(draw: st.DrawFn, make: Any) -> dict[str, list[Json]]:
    """Two models, each at some of three providers."""
    return {
        model: [make(provider) for provider in PROVIDERS if draw(st.booleans())]
        for model in ("org/a", "org/b")
    }


runs_of_feeds = st.lists(
    st.tuples(
        st.none() | answers(lambda name: entry(name)),
        st.none() | answers(lambda name: offering(provider=name)),
    ).filter(lambda pair: pair != (None, None)),
    min_size=1,
    max_size=5,
)


@pytest.mark.slow
@settings(max_examples=10, deadline=None)
@given(runs_of_feeds)
def test_the_events_of_providers_add_up_to_those_that_have_offers(
    runs: list[tuple[dict[str, list[Json]] | None, dict[str, list[Json]] | None]],
) -> None:
    history = History()
    present: set[str] = set()
    for hub, router in runs:
        answered = {
            feed for feed, answer in (("hub", hub), ("router", router)) if answer is not None
        }
        first = answered - set(history.state.observed)
        delta = history.hour(hub=hub, router=router)
        found = provider_changes(delta)
        now = set(history.offers()["inference_provider"])
        joined = {row["inference_provider"] for row in found if row["event"] == JOINED}
        left = {row["inference_provider"] for row in found if row["event"] == LEFT}
        assert len(found) == len(joined) + len(left)  # each at most once
        assert left == present - now
        assert joined <= now - present
        if not first:
            assert joined == now - present
        for row in found:
            assert START <= row["not_before_at"] < row["occurred_at"]
            own = history.state.offers.filter(
                pl.col("inference_provider") == row["inference_provider"]
            )
            if row["event"] == LEFT:
                assert own["gone_at"].null_count() == 0
                assert own["gone_at"].max() == row["occurred_at"]
        present = now
