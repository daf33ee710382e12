"""A home of a few days in which prices change, are held, are suspect, and end with their offer."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from samples.catalog import Catalog
from samples.hub import serve
from tests.support.hours import Clock, ingest, mapped_model, mapping, offering, routed_model

MODEL_OVER_DAYS = "acme/chat"
STEPS: tuple[tuple[int, dict[str, tuple[str, str] | None]], ...] = (
    (0, {"novita": ("0.2", "0.6"), "scaleway": ("0.3", "0.9"), "together": ("0.5", "1")}),
    (48, {"novita": ("0.25", "0.6"), "scaleway": ("0.3", "0.9"), "together": ("0.5", "1")}),
    (24, {"novita": ("0.3", "0.6"), "scaleway": ("0", "0")}),
    (4, {"novita": ("0.28", "0.6"), "scaleway": ("0", "0")}),
)
"""Hours since the step before, from 2026-03-01 12:00 UTC, and the router's prices per million."""
CALLS = (
    ("2026-03-02T12:00:00+00:00", "novita", "0.2"),
    ("2026-03-03T23:00:00+00:00", "novita", "0.25"),
    ("2026-03-04T23:00:00+00:00", "novita", "0.28"),
    ("2026-03-30T12:00:00+00:00", "novita", "0.28"),
    ("2026-03-02T12:00:00+00:00", "scaleway", "0.3"),
    ("2026-03-30T12:00:00+00:00", "scaleway", "0.3"),  # held: the last good price
)
"""When a call is made, by which provider, and the price of a million tokens of its input."""


def dated_home(home: Path) -> Path:
    """Ingest STEPS into a live home: beside them a route that is free, one of 0/0, one unpriced."""
    clock = Clock()
    for hours, prices in STEPS:
        clock.advance(timedelta(hours=hours))
        catalog = Catalog(
            [
                mapped_model(MODEL_OVER_DAYS, *(mapping(name) for name in prices)),
                mapped_model("acme/gift", mapping("publicai")),
            ],
            router=[
                routed_model(
                    MODEL_OVER_DAYS,
                    *(offering(name, price=price) for name, price in prices.items()),
                    offering("nscale", price=("0", "0")),
                    offering("groq"),
                ),
                routed_model("acme/gift", offering("publicai", price=("0", "0"), is_free=True)),
            ],
        )
        with serve(catalog) as hub:
            report = ingest(home, hub, clock=clock)
        assert report.outcome == "published", report
    return home
