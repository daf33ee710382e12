"""Random short histories: whatever feeds say, or fail to say, what is kept stays in order."""

from __future__ import annotations

import itertools
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.histories import (
    FEEDS,
    SHAPES,
    History,
    Json,
    entry,
    offering,
    price,
    says_nothing,
)

MODELS = ("org/a", "org/b")
SERIES = ["offer_id", "unit", "tier"]
RETOLD = max(feed.gone_after for feed in FEEDS.values())
DATED = (
    "valid_from",
    "changed_at",
    "payload_hash",
    "json_path",
    "run_id",
    "raw_text",
    "native_amount",
    "formula",
)

pricings = st.sampled_from(
    [
        None,
        price(0.2, 0.4),
        price(0.3, 0.4),
        price(0.2, 0),
        price(0, 0),
        {"input": 0.2},
        {"input": 0.2, "odd": 1},
    ]
)


@st.composite
def hub_answers(draw: st.DrawFn) -> dict[str, list[Json]]:
    """A Hub that names each model under one of two ids, or under none."""
    answer: dict[str, list[Json]] = {}
    for model in MODELS:
        name = draw(st.sampled_from([None, "x", "x", "y"]))
        if name is not None:
            details = {"pricing": draw(pricings), "context_length": draw(st.sampled_from([1, 2]))}
            status = draw(st.sampled_from(["live", "live", "error"]))
            answer[model] = [entry(provider_id=name, status=status, providerDetails=details)]
    return answer


@st.composite
def router_answers(draw: st.DrawFn) -> dict[str, list[Json]]:
    """A router that offers each model or does not; free, priced or without a price."""
    return {
        model: [
            offering(
                draw(pricings),
                is_free=draw(st.sampled_from([False, False, True])),
                throughput=draw(st.sampled_from([None, 50, 60])),
            )
        ]
        for model in MODELS
        if draw(st.booleans())
    }


hours = st.lists(
    st.tuples(st.none() | hub_answers(), st.none() | router_answers()).filter(
        lambda told: told != (None, None)
    ),
    max_size=4,
)


def assert_sound(history: History) -> None:
    """What a home holds after an hour."""
    state = history.state
    for name, shape in SHAPES.items():
        kept, key = getattr(state, name), list(shape.key)
        assert not kept.select(pl.struct(key).is_duplicated().any()).item(), name
        same = [column for column in kept.columns if name != "prices" or column not in DATED]
        foretold = getattr(history.foretold, name).sort(key)
        assert kept.select(same).equals(foretold.select(same)), name
    present = set(state.cards["offer_id"])
    assert present == set(state.offers.filter(pl.col("gone_at").is_null())["offer_id"])
    assert present == set(state.listings["offer_id"])
    assert set(state.prices["offer_id"]) <= present
    shown = state.prices["price_status"].is_in(["priced", "free"])
    assert (state.prices["amount"].is_not_null() == shown).all()


def assert_ordered(history: History) -> None:
    """Intervals of a series never overlap nor step back, and the open one is what cards show."""
    log = pl.concat(history.price_log).with_row_index("log_id")
    open_ones: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for key, rows in log.group_by(SERIES, maintain_order=True):
        told = rows.sort("log_id").select("kind", "valid_from", "amount", "price_status").rows()
        starts = [row[1] for row in told]
        assert starts == sorted(starts), key
        for before, after in itertools.pairwise(told):
            assert "seen" in {before[0], after[0]}, f"{key} ended twice"
        assert told[0][0] == "seen", f"{key} ended before it began"
        if told[-1][0] == "seen":
            open_ones[key] = told[-1][1:]
    current = history.state.prices.select(*SERIES, "valid_from", "amount", "price_status").rows()
    assert {row[:3]: row[3:] for row in current} == open_ones


def assert_cards_agree(history: History) -> None:
    """A card's price status follows from its prices, and a held one still has a good price."""
    for card in history.state.cards.to_dicts():
        mine = history.state.prices.filter(pl.col("offer_id") == card["offer_id"])
        found = set(mine["price_status"])
        if not found:
            assert card["price_status"] in {"not_published", "unparsed"}
        elif found == {"free"}:
            assert card["price_status"] == "free"
        elif found == {"priced"}:
            assert card["price_status"] == "priced"
        else:
            assert card["price_status"] in {"suspect", "unparsed"}
        assert (card["hold_reason"] is None) == (card["held_since"] is None) == (not card["held"])


@settings(max_examples=10, deadline=None)
@given(hub_answers(), hours, hub_answers(), router_answers())
def test_any_history_is_sound_and_ends_in_rest(
    first_hub: Any, told: list[tuple[Any, Any]], last_hub: Any, last_router: Any
) -> None:
    history = History()
    history.hour(first_hub)
    for hub, router in told:
        history.hour(hub, router)
        assert_sound(history)
    for _ in range(RETOLD):
        history.hour(last_hub, last_router)
        assert_sound(history)
    assert says_nothing(history.hour(last_hub, last_router))
    assert_ordered(history)
    assert_cards_agree(history)
