"""The best routes of every recording: each cost, order, reason and saving equals brute force."""

from __future__ import annotations

from pathlib import Path

import pytest

from marketplace.queries.filters import RecommendQuery
from samples.hub import serve
from samples.list_routes import PriceLists
from tests.support.best_routes import read_market
from tests.support.best_routes_equal import ALL, QUERIES, require_equal
from tests.support.hours import Clock, ingest
from tests.support.recorded_lists import PRICES, recorded_catalog, recorded_files
from warehouse.publication.reader_pool import PublicationPool
from warehouse.storage.home import Home

RECORDED = [
    ("2026-02-23T14-23", "a"),
    ("2026-02-26T03-08", "a"),
    ("2026-02-26T12-27", "b"),
    ("2026-02-26T12-27", "four_models_2026-07-30"),
    ("2026-02-26T12-27", "single_documented"),
]
"""The recordings of the Hub and of the router, each at least once."""
LISTS = ("featherless_list", "ovhcloud_list", "sambanova_list")


@pytest.mark.slow
@pytest.mark.skipif(not PRICES.is_dir(), reason="the recordings are not beside the checkout")
@pytest.mark.parametrize(("hub_name", "router_name"), RECORDED)
def test_a_recommendation_equals_brute_force_on_a_recording(
    tmp_path: Path, hub_name: str, router_name: str
) -> None:
    lists = PriceLists(
        deepinfra=recorded_files("deepinfra_list")[-1],
        wavespeed=recorded_files("wavespeed_list")[0],
        others={feed: recorded_files(feed)[0] for feed in LISTS},
    )
    feeds = ("hub", "router", "deepinfra_list", "wavespeed_list", *LISTS)
    with serve(recorded_catalog(hub_name, router_name), price_lists=lists) as hub:
        ingest(tmp_path, hub, clock=Clock(), feeds=feeds)
    pool = PublicationPool(Home(tmp_path))
    with pool.reading(limited=False) as reading:
        market = read_market(reading)
        known = {card["model_id"] for card in market.cards}
        ranked = 0
        for fields in QUERIES:
            query = RecommendQuery.model_validate({**fields, **ALL})
            if known.issuperset(query.model_id):
                ranked += require_equal(reading, market, query)
    pool.close()
    assert ranked
