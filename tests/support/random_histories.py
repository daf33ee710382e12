"""Random answers of small feeds, and what must hold of a home after each of them."""

from __future__ import annotations

import polars as pl
from hypothesis import strategies as st

from tests.support.histories import FEEDS, SHAPES, History, Json, entry, offering, price

MODELS = ("org/a", "org/b")
MAX_GONE_AFTER = max(feed.gone_after for feed in FEEDS.values())
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


def assert_sound(history: History) -> None:
    """What a home holds after an hour."""
    state = history.state
    for name, shape in SHAPES.items():
        kept, key = getattr(state, name), list(shape.key)
        assert not kept.select(pl.struct(key).is_duplicated().any()).item(), name
        same = [column for column in kept.columns if name != "prices" or column not in DATED]
        predicted = getattr(history.predicted, name).sort(key)
        assert kept.select(same).equals(predicted.select(same)), name
    present = set(state.cards["offer_id"])
    assert present == set(state.offers.filter(pl.col("gone_at").is_null())["offer_id"])
    assert present == set(state.listings["offer_id"])
    assert set(state.prices["offer_id"]) <= present
    stated = state.prices["price_status"].is_in(["priced", "free"])
    assert (state.prices["amount"].is_not_null() == stated).all()
