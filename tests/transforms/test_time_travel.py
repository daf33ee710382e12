"""Random histories with decisions and corrections: the log returns every earlier state.

`as_of` is written here from the log's rule alone (the latest row about the start of an interval
counts), so that it checks the state that the pipeline keeps, hour by hour, and not itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.histories import (
    History,
    Json,
    entry,
    offering,
    per_million,
    price,
)
from tests.support.random_histories import (
    MAX_GONE_AFTER,
    assert_sound,
    hub_answers,
    router_answers,
)
from transforms.reconcile.corrections import CORRECTION_REQUESTS

pytestmark = pytest.mark.slow

SERIES = ["offer_id", "unit", "tier"]
Key = tuple[Any, ...]
Prices = dict[Key, tuple[Decimal | None, str]]


@dataclass
class RecordedHistory:
    """A history, and what its cards showed after each run."""

    history: History = field(default_factory=History)
    prices: list[tuple[datetime, Prices]] = field(default_factory=list)

    def note(self) -> None:
        """Keep what cards show now, with the time of the newest answer."""
        state = self.history.state
        assert_sound(self.history)
        rows = state.prices.select(*SERIES, "amount", "price_status").rows()
        self.prices.append((max(state.observed.values()), {r[:3]: r[3:] for r in rows}))

    def decide(self, draw: st.DrawFn) -> None:
        """Decide about one of the findings that wait, if any does."""
        waiting = self.history.state.refusals["check_id"].sort().to_list()
        if waiting:
            decision = draw(st.sampled_from(["accepted", "rejected"]))
            self.history.decide(draw(st.sampled_from(waiting)), decision)
            self.note()

    def correct(self, draw: st.DrawFn) -> None:
        """Correct one interval that was ever shown, over or not."""
        intervals = intervals_of(self.history, len(self.history.price_log))
        if intervals:
            row = draw(st.sampled_from(intervals))
            text = draw(st.sampled_from(["0.25", "0.35", None]))
            run = f"run-{self.history.hours}"
            order = row | {
                "is_open": row["valid_to"] is None,
                "new_text": text,
                "new_quantity": 1_000_000,
                "evidence": "{}",
                "request_hash": "h",
                "request_path": "$",
                "request_run": run,
            }
            names = list(CORRECTION_REQUESTS.columns)
            self.history.correct(
                pl.DataFrame(
                    [{name: order[name] for name in names}], schema=CORRECTION_REQUESTS.schema
                )
            )
            self.note()


def intervals_of(history: History, known: int) -> list[dict[str, Any]]:
    """Return the intervals of values after so many runs, by the rule of the log."""
    log = pl.concat(history.price_log[:known]).with_row_index("place")
    last = log.unique([*SERIES, "valid_from"], keep="last").sort(*SERIES, "valid_from")
    ended = last.with_columns(valid_to=pl.col("valid_from").shift(-1).over(SERIES))
    return ended.filter(pl.col("kind").is_in(["seen", "corrected"])).to_dicts()


def as_of(history: History, at: datetime, known: int) -> Prices:
    """Return what each series was at a moment, as was known after so many runs."""
    return {
        (row["offer_id"], row["unit"], row["tier"]): (row["amount"], row["price_status"])
        for row in intervals_of(history, known)
        if row["valid_from"] <= at and (row["valid_to"] is None or at < row["valid_to"])
    }


@st.composite
def recorded_histories(draw: st.DrawFn) -> RecordedHistory:
    """A few hours, with failures, and with decisions and corrections between them."""
    recorded = RecordedHistory()
    recorded.history.hour(draw(hub_answers()), draw(st.none() | router_answers()))
    recorded.note()
    for _ in range(draw(st.integers(2, 6))):
        match draw(st.sampled_from(["hour", "hour", "hour", "decide", "correct"])):
            case "hour":
                answers = st.tuples(st.none() | hub_answers(), st.none() | router_answers())
                hub, router = draw(answers.filter(lambda pair: pair != (None, None)))
                recorded.history.hour(hub, router)
                recorded.note()
            case "decide":
                recorded.decide(draw)
            case "correct":
                recorded.correct(draw)
    return recorded


@settings(max_examples=12, deadline=None)
@given(recorded_histories())
def test_the_log_returns_what_cards_showed_after_each_run(recorded: RecordedHistory) -> None:
    for known, (at, prices) in enumerate(recorded.prices, start=1):
        assert as_of(recorded.history, at, known) == prices


@settings(max_examples=12, deadline=None)
@given(recorded_histories())
def test_intervals_never_overlap_and_tile_the_time_in_which_a_price_was_seen(
    recorded: RecordedHistory,
) -> None:
    intervals = intervals_of(recorded.history, len(recorded.history.price_log))
    log = pl.concat(recorded.history.price_log)
    ends = {
        (*r[:3], r[3])
        for r in log.filter(~pl.col("kind").is_in(["seen", "corrected"]))
        .select(*SERIES, "valid_from")
        .rows()
    }
    starts = {(*(row[n] for n in SERIES), row["valid_from"]) for row in intervals}
    assert len(starts) == len(intervals)
    for row in intervals:
        if row["valid_to"] is None:
            continue
        assert row["valid_from"] < row["valid_to"]
        end = (*(row[n] for n in SERIES), row["valid_to"])
        assert end in starts | ends  # the next interval begins there, or the price was gone


plain_prices = st.sampled_from([None, price(0.2, 0.4), price(0.3, 0.4), price(0.5, 0.6)])


@st.composite
def plain_hours(draw: st.DrawFn) -> list[tuple[dict[str, list[Json]], dict[str, list[Json]]]]:
    """Whole answers without anything that the gate would hold: that depends on what came before."""
    return [
        (
            {"org/a": [entry(provider_id=draw(st.sampled_from("xy")))]},
            {"org/a": [offering(draw(plain_prices))]} if draw(st.booleans()) else {},
        )
        for _ in range(draw(st.integers(2, 6)))
    ]


def stated_amounts(history: History) -> dict[Key, Any]:
    """Return unit → amount of every offer that its newest answers state, by model and provider."""
    state = history.state
    listed = state.listings.filter(pl.col("missed") == 0).select("offer_id").unique()
    rows = state.prices.join(listed, on="offer_id").join(state.offers, on="offer_id")
    return {
        (model, unit): per_million(amount)
        for model, unit, amount in rows.select("model_id", "unit", "amount").rows()
    }


@settings(max_examples=12, deadline=None)
@given(plain_hours(), st.data())
def test_any_order_of_failures_gives_the_clean_history_less_its_gaps(
    hours: list[Any], data: st.DataObject
) -> None:
    clean, broken = History(), History()
    for place, (hub, router) in enumerate(hours):
        clean.hour(hub, router)
        hub_fails, router_fails = (
            place > 0 and data.draw(st.booleans(), label=f"{feed} fails")
            for feed in ("hub", "router")
        )
        if hub_fails and router_fails:
            broken.hours += 1
            continue
        broken.hour(None if hub_fails else hub, None if router_fails else router)
        if not (hub_fails or router_fails):
            settled = stated_amounts(broken)
            assert (
                settled.items()
                >= {
                    key: value
                    for key, value in stated_amounts(clean).items()
                    if router.get(
                        "org/a"
                    )  # what the router no longer states may still be counted out
                }.items()
            )
    for _ in range(MAX_GONE_AFTER):
        clean.hour(*hours[-1])
        broken.hour(*hours[-1])
    assert stated_amounts(broken) == stated_amounts(clean)
