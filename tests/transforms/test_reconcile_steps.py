"""The five steps of reconcile: pure, and each with a frozen record."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl
import pytest

from schemas.delta import State
from tests.support.histories import MODEL, History, entry, offering, price, priced_entry
from transforms.gate.holds import OpenHolds
from transforms.reconcile.batch import FeedBatch, Rules
from transforms.reconcile.card_update import update_cards
from transforms.reconcile.claims import update_claims
from transforms.reconcile.corrections import apply_corrections
from transforms.reconcile.market_facts import find_market_facts
from transforms.reconcile.presence import find_presence
from transforms.reconcile.reconcile import gate_claims, reconcile
from transforms.reconcile.run_delta import Steps

Inputs = tuple[State, list[FeedBatch], Rules]


@pytest.fixture
def inputs() -> Inputs:
    """A run with a held price, an absence, a relabelled offer and a price that moved."""
    history = History()
    history.hour(
        {MODEL: [priced_entry(1, 2)], "org/b": [entry()], "org/c": [entry()]},
        {MODEL: [offering(price(1, 2))], "org/d": [offering(price(3, 4))]},
    )
    history.hour(
        {MODEL: [priced_entry(1, 2)], "org/b": [entry(provider_id="y")], "org/d": [entry()]},
        {MODEL: [offering(price(50, 3))], "org/d": [offering(price(3.5, 4))]},
    )
    assert history.last_inputs is not None
    return history.last_inputs


def run_steps(inputs: Inputs) -> Steps:
    """Run the steps one by one, and check after each that what it was given is unchanged."""
    before, batches, rules = inputs
    open_holds = OpenHolds(before.refusals, rules.verdicts, rules.run_id)

    def unchanged(step: Any, *given: Any, **named: Any) -> Any:
        kept = [(path, value.clone()) for path, value in frames((given, named))]
        record = step(*given, **named)
        now = list(frames((given, named)))
        assert [path for path, _ in now] == [path for path, _ in kept]
        for (path, frame), (_, copy) in zip(now, kept, strict=True):
            assert frame.equals(copy, null_equal=True), f"{step.__name__} changed {path}"
        return record

    presence = unchanged(find_presence, before, batches, open_holds, rules)
    claims = unchanged(update_claims, before, presence, rules)
    market = unchanged(find_market_facts, before, presence, claims, rules)
    gate = unchanged(gate_claims, presence, claims, open_holds, market, rules.memory)
    corrected = unchanged(
        apply_corrections,
        rules.correction_requests,
        gate.prices,
        claims.active_corrections,
        claims.candidates,
    )
    cards = unchanged(
        update_cards, before, presence, claims, rules, prices=corrected.prices, holds=gate.holds
    )
    return Steps(presence, claims, gate, corrected, cards)


def frames(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every frame and series inside records, tuples, lists and mappings."""
    if isinstance(value, pl.DataFrame | pl.Series):
        yield path, value
    elif dataclasses.is_dataclass(value):
        for each in dataclasses.fields(value):
            yield from frames(getattr(value, each.name), f"{path}.{each.name}")
    elif isinstance(value, Mapping):
        for name, part in value.items():
            yield from frames(part, f"{path}[{name}]")
    elif isinstance(value, tuple | list):
        for place, part in enumerate(value):
            yield from frames(part, f"{path}[{place}]")


def test_each_step_leaves_its_inputs_unchanged_and_repeats(inputs: Inputs) -> None:
    first, second = run_steps(inputs), run_steps(inputs)
    found = list(frames(first))
    assert len(found) > 20
    for (path, frame), (_, again) in zip(found, frames(second), strict=True):
        key = (
            sorted(set(frame.columns) & {"offer_id", "feed", "unit", "tier"})
            if isinstance(frame, pl.DataFrame)
            else []
        )
        assert sorted_by(frame, key).equals(sorted_by(again, key), null_equal=True), path


def sorted_by(frame: Any, key: list[str]) -> Any:
    """Return the rows ordered by key: a join does not promise an order."""
    return frame.sort(key) if key else frame


def test_the_record_of_each_step_is_frozen(inputs: Inputs) -> None:
    steps = run_steps(inputs)
    for record in (steps, steps.presence, steps.claims, steps.gate, steps.corrected, steps.cards):
        name = dataclasses.fields(record)[0].name
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(record, name, None)


def test_reconcile_is_the_steps_in_their_order(inputs: Inputs) -> None:
    delta, after = reconcile(*inputs)
    steps = run_steps(inputs)
    assert after.cards.sort("offer_id").equals(steps.cards.cards.sort("offer_id"))
    assert delta.holds.equals(steps.gate.holds)
    assert set(delta.holds["hold_reason"]) == {"unit_magnitude"}
    assert delta.links.height == steps.presence.relabels.height > 0


def test_a_run_leaves_its_batches_and_the_stored_rows_unchanged(inputs: Inputs) -> None:
    kept = [(path, value.clone()) for path, value in frames(inputs)]
    reconcile(*inputs)
    for (path, frame), (_, copy) in zip(frames(inputs), kept, strict=True):
        assert frame.equals(copy, null_equal=True), path
