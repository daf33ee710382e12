"""Examples of prices and of usage for tests of costing, and random ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from random import Random
from typing import Any

import polars as pl

from tests.support.cost_history import PriceLog, Row, hour
from warehouse.connect import Connection
from warehouse.publication.costs import cost_frame
from warehouse.publication.usage_rows import checked_rows

MODELS, PROVIDERS = ("org/a", "Org/B"), ("novita", "groq")


def usage(row: Row) -> Row:
    """Return a row as it is sent: with a time instead of `at`."""
    return {**{k: v for k, v in row.items() if k != "at"}, "timestamp": hour(row["at"])}


def cost_rows(
    con: Connection,
    rows: Sequence[Row],
    *,
    known_at: datetime | None = None,
    default_route: bool = False,
) -> list[Row]:
    """Return the results of rows of usage, in their order, as Python values."""
    checked = checked_rows(pl.DataFrame(list(rows), infer_schema_length=None))
    return cost_frame(con, checked, known_at=known_at, default_route=default_route).to_dicts()


def costs(con: Connection, log: PriceLog, *rows: Row, known: float | None = None) -> list[Row]:
    with log.loaded(con):
        moment = None if known is None else hour(known)
        return cost_rows(con, [usage(row) for row in rows], known_at=moment)


def random_log(random: Random) -> PriceLog:
    """Return offers, some with two tasks, of prices that change, end and are corrected."""
    log = PriceLog(answers=[random.choice([5.0, 9.0, 20.0])])
    for model in MODELS:
        for provider in PROVIDERS[: random.randint(1, 2)]:
            for task in ("conversational", "image-text-to-text")[: random.choice([1, 1, 1, 2])]:
                offer = log.offer(model, provider, task, first_seen=0.0)
                for unit in ("input_token", "output_token", "cached_input_token", "image"):
                    for start in sorted(random.sample(range(12), random.randint(0, 4))):
                        _random_price(log, random, offer, unit, start)
                for unit in ("input_token", "output_token", "cached_input_token"):
                    for size in random.sample((100, 400, 900), random.choice([0, 0, 1, 2])):
                        _random_price(log, random, offer, unit, 1, tier=f"context>{size}")
    if random.random() < 0.6:
        start = random.randint(0, 8)
        log.gaps.append((start, start + random.randint(2, 3), start + 3))
    return log


def _random_price(
    log: PriceLog, random: Random, offer: str, unit: str, start: int, tier: str = "standard"
) -> None:
    kind = random.choice(["seen", "seen", "seen", "seen", "gone"])
    amount = random.choice([None, "0.000001", "0.0000025", "0.3", "0"])
    more: Row = {"kind": kind, "tier": tier, "currency": random.choice(["USD"] * 9 + ["EUR"])}
    if unit == "cached_input_token" and random.random() < 0.4:
        amount, more = None, {"reason": "not_offered", "price_status": "not_published"}
    log.price(offer, unit, amount, start, **more)
    if random.random() < 0.25:
        kind = random.choice(["corrected", "void"])
        log.price(offer, unit, "0.000007", start, kind=kind, recorded_at=start + 4, tier=tier)


def two_prices() -> tuple[PriceLog, str]:
    log = PriceLog()
    offer = log.offer("org/a", "novita")
    log.price(offer, "input_token", "0.000001")
    log.price(offer, "output_token", "0.000002")
    return log, offer


CALL: Row = {
    "model": "org/a",
    "provider": "novita",
    "at": 1,
    "input_tokens": 1000,
    "output_tokens": 10,
}


def one(con: Connection, log: PriceLog, **more: Any) -> Row:
    (found,) = costs(con, log, {**CALL, **more})
    return found
