"""Homes of every recording: what the Hub, the router and the price lists once answered."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from samples.catalog import Catalog, hub_model, router_model
from samples.hub import serve
from samples.list_routes import PriceLists
from samples.verbatim import Json, Number
from tests.support.hours import Clock, ingest, mapped_model, mapping
from tests.support.recorded_lists import PRICES, RECORDINGS, recorded_files

_EXACT = {"parse_float": Number, "parse_int": Number}
_IDS = {
    "deepinfra_list": ("deepinfra", "model_name"),
    "wavespeed_list": ("wavespeed", "model_id"),
    "featherless_list": ("featherless-ai", "id"),
    "ovhcloud_list": ("ovhcloud", "id"),
    "sambanova_list": ("sambanova", "id"),
}
"""Feed → its inference provider, and the field with the provider's own id."""
_TASKS = {"text-generation": "conversational", "reranker": "text-classification"}


def recorded(name: str) -> Json:
    """Return a recording; every number keeps its text."""
    value: Json = json.loads((RECORDINGS / name).read_text("utf-8"), **_EXACT)
    return value


def catalog_of(*, hub: str | None, routers: tuple[str, ...]) -> Catalog:
    """Return what was recorded of the Hub and the router; without a Hub, one that lists nothing
    of the router's."""
    models = map(hub_model, recorded(hub)) if hub else [mapped_model("acme/a", mapping("novita"))]
    answers = [recorded(name) for name in routers]
    routed = [model for each in answers for model in each.get("data", [each])]
    unique = {model["id"]: model for model in routed}
    return Catalog(models, router=map(router_model, unique.values()))


def listed_catalog() -> tuple[Catalog, PriceLists]:
    """Return a Hub that maps every entry of every recorded price list, and the lists."""
    models, lists = [], dict[str, list[str]]()
    for feed, (provider, field) in _IDS.items():
        rows = {str(json.loads(row)[field]): row for file in recorded_files(feed) for row in file}
        lists[feed] = list(rows.values())
        for number, (own_id, row) in enumerate(rows.items()):
            entry = mapping(provider, providerId=own_id, task=_task_of(json.loads(row)))
            models.append(mapped_model(f"{provider}/row-{number}", entry))
    named = {key: lists.pop(f"{key}_list") for key in ("deepinfra", "wavespeed")}
    return Catalog(models, router=[]), PriceLists(**named, others=lists)


def _task_of(row: Mapping[str, Json]) -> str:
    stated = str(row.get("reported_type") or row.get("type") or "conversational")
    return _TASKS.get(stated, stated)


LISTS = "price lists"
HOMES: dict[str, tuple[str | None, tuple[str, ...]]] = {
    "hub of 02-23": ("hub/2026-02-23T14-23.json", ()),
    "hub of 02-26 early, router a": ("hub/2026-02-26T03-08.json", ("router/a.json",)),
    "hub of 02-26 late, router b": ("hub/2026-02-26T12-27.json", ("router/b.json",)),
    "router alone": (None, ("router/b.json",)),
    "other routers": (
        None,
        ("router/four_models_2026-07-30.json", "router/single_documented.json"),
    ),
    LISTS: (None, ()),
}
"""Name of a home → the recordings of its one hour."""


def ingest_recorded(name: str, home: Path) -> None:
    """Ingest one hour of the recordings of HOMES into a home."""
    hub_file, routers = HOMES[name]
    lists, feeds = PriceLists(), {"hub", "router"} if routers else {"hub"}
    if name == LISTS:
        catalog, lists = listed_catalog()
        feeds |= _IDS.keys()
    else:
        catalog = catalog_of(hub=hub_file, routers=routers)
    with serve(catalog, price_lists=lists) as hub:
        report = ingest(home, hub, clock=Clock(), feeds=tuple(sorted(feeds)))
    assert report.outcome == "published", report


def has_recordings() -> bool:
    """Return whether the recordings are beside this checkout."""
    return PRICES.is_dir()
