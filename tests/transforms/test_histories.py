"""Random short histories: whatever feeds state, or fail to, the stored rows stay in order."""

from __future__ import annotations

import itertools
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.histories import History, changes_nothing
from tests.support.random_histories import (
    MAX_GONE_AFTER,
    assert_sound,
    hub_answers,
    router_answers,
)

SERIES = ["offer_id", "unit", "tier"]

hours = st.lists(
    st.tuples(st.none() | hub_answers(), st.none() | router_answers()).filter(
        lambda answers: answers != (None, None)
    ),
    max_size=4,
)


def assert_ordered(history: History) -> None:
    """Intervals of a series never overlap nor step back, and the open one is what cards show."""
    log = pl.concat(history.price_log).with_row_index("log_id")
    open_ones: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for key, rows in log.group_by(SERIES, maintain_order=True):
        log_rows = rows.sort("log_id").select("kind", "valid_from", "amount", "price_status").rows()
        starts = [row[1] for row in log_rows]
        assert starts == sorted(starts), key
        for before, after in itertools.pairwise(log_rows):
            assert "seen" in {before[0], after[0]}, f"{key} ended twice"
        assert log_rows[0][0] == "seen", f"{key} ended before it began"
        if log_rows[-1][0] == "seen":
            open_ones[key] = log_rows[-1][1:]
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


@settings(max_examples=3)
@given(hub_answers(), hours, hub_answers(), router_answers())
def test_any_history_is_sound_and_ends_in_rest(
    first_hub: Any, answers: list[tuple[Any, Any]], last_hub: Any, last_router: Any
) -> None:
    require_sound(first_hub, answers, last_hub, last_router)


@pytest.mark.slow
@settings(max_examples=20, derandomize=False)
@given(hub_answers(), hours, hub_answers(), router_answers())
def test_many_histories_are_sound_and_end_in_rest(
    first_hub: Any, answers: list[tuple[Any, Any]], last_hub: Any, last_router: Any
) -> None:
    require_sound(first_hub, answers, last_hub, last_router)


def require_sound(
    first_hub: Any, answers: list[tuple[Any, Any]], last_hub: Any, last_router: Any
) -> None:
    """Pass the hours, then the last answers until nothing can be ended any more."""
    history = History()
    history.hour(first_hub)
    for hub, router in answers:
        history.hour(hub, router)
        assert_sound(history)
    for _ in range(MAX_GONE_AFTER):
        history.hour(last_hub, last_router)
        assert_sound(history)
    assert changes_nothing(history.hour(last_hub, last_router))
    assert_ordered(history)
    assert_cards_agree(history)
