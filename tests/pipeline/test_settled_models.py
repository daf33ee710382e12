"""A run that leaves settled models as they are gives what one that looks at every model gives."""

from __future__ import annotations

from random import Random

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.histories import priced_entry
from tests.support.settled_histories import MODELS, PROVIDERS, PairedHistory, SmallMarket


def live(seed: int, *, hours: int) -> PairedHistory:
    """Pass random hours, in some of which a feed fails or an operator decides."""
    market, history, chance = SmallMarket(seed), PairedHistory(), Random(seed)  # noqa: S311
    history.hour_of_pages(hub=market.hub(), router=market.router())
    for _ in range(hours):
        market.move()
        history.details = chance.random() < 0.4
        fails = chance.choice(["", "", "", "hub", "router"])
        history.hour_of_pages(
            hub=None if fails == "hub" else market.hub(),
            router=None if fails == "router" else market.router(),
        )
        pending = history.state.refusals.filter(pl.col("decision") == "pending")
        if not pending.is_empty() and chance.random() < 0.3:
            verdict = chance.choice(["accepted", "rejected"])
            history.decide(pending["check_id"].sort()[0], verdict)
    return history


@pytest.mark.slow
def test_hours_give_the_same_rows_without_the_settled_models() -> None:
    history = live(7, hours=4)
    assert history.settled_models[0] == 0
    assert max(history.settled_models) > len(MODELS) / 2


@pytest.mark.slow
def test_a_settled_price_that_others_moved_away_from_is_found() -> None:
    history = PairedHistory()
    for factor in (1, 8, 64, 512):
        peers = [priced_entry(0.2 * factor, 0.4 * factor, name) for name in PROVIDERS[1:]]
        history.hour({"org/x": [priced_entry(0.2, 0.4)], "org/y": peers, "org/z": peers})
    card = history.card(model="org/x")
    assert (card["price_status"], card["price_reason"]) == ("suspect", "unlike_peers")
    assert card["offer_id"] in history.doubted


def test_daily_facts_of_settled_models_are_stored_and_a_size_touches_its_model() -> None:
    market, history = SmallMarket(1), PairedHistory(details=True)
    history.hour_of_pages(hub=market.hub(), router=market.router())
    market.facts = {model: {"likes": 7} for model in MODELS}
    market.facts[MODELS[0]] = {"likes": 7, "safetensors": {"total": 10**9}}
    history.details = False
    history.hour_of_pages(hub=market.hub(), router=market.router())
    assert history.state.models["likes"].is_null().all()
    settled = history.settled_models[-1]
    history.details = True
    history.hour_of_pages(hub=market.hub(), router=market.router())
    assert history.state.models["likes"].to_list() == [7] * history.state.models.height
    assert settled - 1 <= history.settled_models[-1] < len(MODELS)
    assert history.settled_models[-1] > 0


@pytest.mark.slow
@settings(max_examples=4, derandomize=False, deadline=None)
@given(st.integers(0, 10**9))
def test_any_hours_give_the_same_rows_without_the_settled_models(seed: int) -> None:
    live(seed, hours=8)
