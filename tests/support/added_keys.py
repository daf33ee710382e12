"""The recorded market with keys that its sources add to their price objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from samples.capture import read_capture
from samples.catalog import DATA, Catalog, hub_model, router_model
from samples.verbatim import Json

Record = dict[str, Json]
Change = Callable[[Record], None]
"""Changes one entry of a feed in place."""


def market(*, router: Change | None = None, hub: Change | None = None) -> Catalog:
    """Return the second step of the sample, each entry of a feed changed."""
    models = read_capture(DATA / "hub-2.json").records
    routed = read_capture(DATA / "router-2.json").records
    for records, key, change in (
        (models, "inferenceProviderMapping", hub),
        (routed, "providers", router),
    ):
        for record in records if change is not None else ():
            entries = record[key]
            assert isinstance(entries, list)
            for entry in entries:
                assert isinstance(entry, dict)
                change(entry)
    return Catalog(map(hub_model, models), router=map(router_model, routed))


def pricing_of(entry: Mapping[str, Json]) -> Record | None:
    """Return the price object of an entry of either feed, None where it has none."""
    details = entry.get("providerDetails")
    found = (details if isinstance(details, dict) else entry).get("pricing")
    return found if isinstance(found, dict) else None


def adding(key: str, value: Json, *, provider: str | None = None) -> Change:
    """Return the change that adds a key to each price object, or to those of one provider."""

    def change(entry: Record) -> None:
        pricing = pricing_of(entry)
        if pricing is not None and provider in {None, entry["provider"]}:
            pricing[key] = value

    return change
