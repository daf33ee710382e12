"""Every coming and going of `is_free`, and of zeros, is an event with its time."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import duckdb
import pytest

from samples.catalog import Catalog
from samples.hub import serve
from tests.support.backends import TOO_LONG_FOR_CI
from tests.support.hours import Clock, ingest, mapped_model, mapping, offering, routed_model

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("backend"), TOO_LONG_FOR_CI]

PRICE, ZERO = ("0.2", "0.6"), ("0", "0")
STATED: dict[str, dict[str, Any]] = {
    "priced": {"price": PRICE},
    "zero": {"price": ZERO},
    "free": {"price": ZERO, "is_free": True},
    "free-and-priced": {"price": PRICE, "is_free": True},
    "nothing": {},
    "free-without-a-price": {"is_free": True},
}
PAIRS = list(permutations(STATED, 2))
UNCHANGED = {("free", "free-without-a-price"), ("free-without-a-price", "free")}
"""Both state the same: free."""


def catalog(side: int) -> Catalog:
    """Return a model per pair of statements, with the statement of one side."""
    return Catalog(
        [mapped_model(f"acme/{a}-to-{b}", mapping("novita")) for a, b in PAIRS],
        router=[
            routed_model(f"acme/{pair[0]}-to-{pair[1]}", offering("novita", **STATED[pair[side]]))
            for pair in PAIRS
        ],
    )


def test_each_transition_is_an_event_between_its_two_answers(tmp_path: Path) -> None:
    clock = Clock()
    with serve(catalog(0)) as hub:
        ingest(tmp_path, hub, clock=clock)
        between = clock()
        clock.advance(timedelta(hours=1))
        hub.show(catalog(1))
        run_id = ingest(tmp_path, hub, clock=clock).run_id
    with duckdb.connect(str(tmp_path / "marketplace.duckdb"), read_only=True) as con:
        found = con.execute(
            "SELECT model_id, event, old_value, new_value FROM changes WHERE run_id = ? "
            "AND not_before_at < ? AND occurred_at > ?",
            [run_id, between, between],
        ).fetchall()
    changed = {model_id.removeprefix("acme/") for model_id, *_ in found}
    assert changed == {f"{a}-to-{b}" for a, b in PAIRS if (a, b) not in UNCHANGED}
    assert found_event(found, "zero_not_stated_free", "stated_free_but_priced") == (
        "acme/zero-to-free-and-priced",
        "became_suspect",
    )
    assert found_event(found, "stated_free_but_priced", "zero_not_stated_free") == (
        "acme/free-and-priced-to-zero",
        "became_suspect",
    )


def found_event(found: list[tuple[Any, ...]], old: str, new: str) -> tuple[Any, ...]:
    """Return the model and the event of those values, the same for each unit."""
    (only,) = {row[:2] for row in found if row[2:] == (old, new)}
    return only
