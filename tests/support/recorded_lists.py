"""Recordings that price lists are tested with: those beside the checkout, else what it holds."""

from __future__ import annotations

import json
from pathlib import Path

from samples.capture import read_capture
from samples.catalog import DATA, Catalog, hub_model, router_model
from samples.list_routes import load_price_lists, rows_of
from samples.verbatim import Number

RECORDINGS = Path(__file__).parents[2].parent / "shared" / "recordings"
PRICES = RECORDINGS / "prices"
_FILES = {
    "deepinfra_list": ("deepinfra_list_excerpt.json", "deepinfra_list_2026-09-08.json"),
    "wavespeed_list": ("wavespeed_list_excerpt.json",),
    "featherless_list": ("featherless_models_trimmed.json",),
    "ovhcloud_list": ("ovhcloud_openrouter_2026-07-30.json",),
    "sambanova_list": ("sambanova_models_2026-10-08.json",),
}
"""Feed → its recordings. A row that two of them hold is the same in both."""


def recorded_files(feed: str) -> list[list[str]]:
    """Return the rows of each recording of a feed, as JSON texts; every number keeps its text.

    Without the recordings beside the checkout, those of the lists that the sample holds.
    """
    if PRICES.is_dir():
        return [rows_of((PRICES / name).read_text("utf-8")) for name in _FILES[feed]]
    lists = load_price_lists()
    committed = {"deepinfra_list": lists.deepinfra, "wavespeed_list": lists.wavespeed}
    return [list(committed.get(feed) or [])]


def recorded_catalog(hub_name: str = "2026-02-26T12-27", router_name: str = "b") -> Catalog:
    """Return a recording of the Hub and one of the router, undated, as a live hour has them.

    Without the recordings beside the checkout, those that the sample holds.
    """
    if RECORDINGS.is_dir():
        as_text = {"parse_float": Number, "parse_int": Number}
        hub_file = RECORDINGS / f"hub/{hub_name}.json"
        router_file = RECORDINGS / f"router/{router_name}.json"
        hub = json.loads(hub_file.read_text("utf-8"), **as_text)
        answer = json.loads(router_file.read_text("utf-8"), **as_text)
        router = answer.get("data", [answer])  # one model's answer is the model itself
    else:
        hub = read_capture(DATA / "hub-2.json").records
        router = read_capture(DATA / "router-2.json").records
    return Catalog(map(hub_model, hub), router=map(router_model, router))
