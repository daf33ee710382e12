"""Prices of cached tokens from a provider's list, through whole hours over real HTTP."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from samples.catalog import Catalog
from samples.hub import serve
from samples.list_routes import PriceLists
from tests.support.backends import TOO_LONG_FOR_CI, replay
from tests.support.hours import Clock, ingest, mapped_model, mapping, offering, routed_model
from tests.support.published import copy_landing, exported, rows

pytestmark = [pytest.mark.usefixtures("backend"), TOO_LONG_FOR_CI]

FEEDS = ("hub", "router", "deepinfra_list")
CARDS = (
    "SELECT cost_per_input_token, cost_per_cached_input_token, price_feed, held, rankable"
    " FROM cards WHERE inference_provider = 'deepinfra'"
)
PRICES = (
    "SELECT unit, amount, feed, held, hold_reason FROM prices"
    " WHERE inference_provider = 'deepinfra' ORDER BY unit"
)


def deepinfra_rows(rate: str | None) -> list[str]:
    """Return the row of a chat model; `rate` is the share of the input price for cached tokens."""
    pricing: dict[str, object] = {
        "type": "tokens",
        "cents_per_input_token": 0.00002,
        "cents_per_output_token": 0.00006,
    }
    if rate is not None:
        pricing["rate_per_input_token_cached"] = float(rate)
    return [json.dumps({"model_name": "acme/chat", "deprecated": None, "pricing": pricing})]


def catalog(input_price: str) -> Catalog:
    chat = mapped_model(
        "acme/chat", mapping("deepinfra", providerId="acme/chat", task="conversational")
    )
    routed = routed_model("acme/chat", offering("deepinfra", price=(input_price, "0.6")))
    return Catalog([chat], router=[routed])


@pytest.mark.slow
def test_a_list_prices_cached_tokens_beside_the_router_and_is_held_alone(tmp_path: Path) -> None:
    home, clock = tmp_path / "home", Clock()
    found = []
    for rate, input_price in (("0.1", "0.2"), ("1", "0.25"), ("0.2", "0.25"), (None, "0.25")):
        lists = PriceLists(deepinfra=deepinfra_rows(rate))
        with serve(catalog(input_price), price_lists=lists) as server:
            assert ingest(home, server, clock=clock, feeds=FEEDS).outcome == "published"
        found.append((*rows(home, CARDS), rows(home, PRICES)[0]))
        clock.advance(timedelta(hours=1))
    cheap, token = Decimal("0.00000002"), Decimal("0.0000002")
    dear = Decimal("0.00000025")
    assert found[:3] == [
        (
            (token, cheap, "router", False, True),
            ("cached_input_token", cheap, "deepinfra_list", False, None),
        ),
        (
            (dear, None, "router", False, True),
            ("cached_input_token", cheap, "deepinfra_list", True, "unit_magnitude"),
        ),
        (
            (dear, cheap * 2, "router", False, True),
            ("cached_input_token", cheap * 2, "deepinfra_list", False, None),
        ),
    ]
    assert found[3][0][1] is None
    assert found[3][1][0] == "input_token"  # nothing is stated about cached tokens any more
    assert rows(
        home,
        "SELECT event, unit, tier FROM changes WHERE unit = 'cached_input_token'"
        " ORDER BY change_id",
    ) == [
        ("new", "cached_input_token", "standard"),
        ("held", "cached_input_token", "standard"),
        ("released", "cached_input_token", "standard"),
        ("up", "cached_input_token", "standard"),
        ("gone", "cached_input_token", "standard"),
    ]
    again = copy_landing(home, tmp_path / "again")
    assert replay(again)
    assert exported(again) == exported(home)
