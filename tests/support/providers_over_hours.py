"""Catalogs in which one provider comes and another goes, hour by hour."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from pipeline.report import Report
from samples.catalog import Catalog
from samples.hub import Hub
from tests.support.hours import Clock, ingest, mapped_model, mapping, offering, routed_model

HOUR = timedelta(hours=1)
PRICE = ("0.2", "0.6")


def catalog_of(*providers: str, routed: tuple[str, ...] = (), many: str | None = None) -> Catalog:
    """Return one model at these providers; the router lists groq and `routed`, who are its alone.

    `many` has a dozen models of its own: enough for its absence to be doubted.
    """
    models = [mapped_model("acme/chat", *(mapping(name, price=PRICE) for name in providers))]
    if many is not None:
        models += [
            mapped_model(f"acme/chat-{number}", mapping(many, price=PRICE)) for number in range(12)
        ]
    offerings = (offering(name, price=PRICE) for name in ("groq", *routed))
    return Catalog(models, router=[routed_model("acme/chat", *offerings)])


def run_hour(home: Path, hub: Hub, clock: Clock, catalog: Catalog) -> Report:
    """Ingest what a catalog states, an hour after the run before."""
    clock.advance(HOUR)
    hub.show(catalog)
    return ingest(home, hub, clock=clock)
