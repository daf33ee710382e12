"""Amounts as text: in the unit that people compare, rounded, and beside every amount of the API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from marketplace.app import create_app
from marketplace.display import display_card, display_change, display_month, display_price
from schemas.amounts import MILLION
from warehouse.publication.reader_pool import PublicationPool
from warehouse.storage.home import Home

GPT = "openai/gpt-oss-120b"
MONEY = r"^-?\d+(\.\d+)?$"
COSTS = (
    *("cost_per_input_token", "cost_per_output_token", "cost_per_cached_input_token"),
    *("cost_per_token", "cost_per_image", "cost_per_audio_minute", "cost_per_video_second"),
    *("cost_per_million_characters", "estimated_cost"),
)
PLAIN = {"Proof", "PriceProof", "ClaimProof", "CostProof", "CheckProof", "Recommendation"}
"""The proof states what was read, and a recommendation's own only decimal is a share."""


@pytest.fixture(scope="module")
def client(sample_home: Path) -> Iterator[TestClient]:
    with TestClient(create_app(PublicationPool(Home(sample_home)))) as running:
        yield running


def card(**known: Any) -> dict[str, Any]:
    nothing = dict.fromkeys((*COSTS, "estimated_unit"))
    return {**nothing, "price_status": "priced", "currency": "USD", **known}


@pytest.mark.parametrize(
    ("known", "texts"),
    [
        (
            {"cost_per_input_token": Decimal("0.00000042")},
            {"cost_per_input_token": "$0.42 per 1M input tokens"},
        ),
        (
            {"cost_per_token": Decimal("0.00000002")},
            {"cost_per_token": "$0.02 per 1M input tokens"},
        ),
        (
            {
                "cost_per_output_token": Decimal("0.0000012"),
                "cost_per_token": Decimal("0.000000615"),
            },
            {
                "cost_per_output_token": "$1.20 per 1M output tokens",
                "cost_per_token": "$0.615 per 1M tokens, 3 input : 1 output",
            },
        ),
        (
            {"cost_per_cached_input_token": Decimal("0.0000001"), "currency": "EUR"},
            {"cost_per_cached_input_token": "0.10 EUR per 1M cached input tokens"},
        ),
        (
            {"cost_per_image": Decimal("0.003")},
            {"cost_per_image": "$0.003 per image (1024×1024)"},
        ),
        (
            {"cost_per_audio_minute": Decimal("0.006"), "cost_per_video_second": Decimal("0.1")},
            {
                "cost_per_audio_minute": "$0.006 per minute of audio",
                "cost_per_video_second": "$0.10 per second of video",
            },
        ),
        (
            {"cost_per_million_characters": Decimal(15)},
            {"cost_per_million_characters": "$15.00 per 1M characters"},
        ),
        (
            {"price_status": "free", "cost_per_input_token": Decimal(0)},
            {"cost_per_input_token": "free (stated by the source)"},
        ),
        (
            {"estimated_cost": Decimal("0.0001"), "estimated_unit": "request"},
            {"estimated_cost": "≈ $0.0001 per request, an estimate"},
        ),
        ({"price_status": "suspect"}, {}),
    ],
)
def test_a_card_has_a_text_for_each_known_cost(known: dict[str, Any], texts: Any) -> None:
    assert display_card(card(**known)) == texts


@pytest.mark.parametrize(
    ("amount", "unit", "status", "text"),
    [
        ("0.00000025", "cached_input_token", "priced", "$0.25 per 1M cached input tokens"),
        ("0.000015", "character", "priced", "$15.00 per 1M characters"),
        ("0.04", "megapixel", "priced", "$0.04 per megapixel"),
        ("0.0001", "second_of_audio", "priced", "$0.0001 per second of audio"),
        ("2", "run", "priced", "$2.00 per run"),
        ("0", "input_token", "free", "free (stated by the source)"),
        (None, "input_token", "suspect", None),
    ],
)
def test_a_price_has_the_text_of_its_unit(
    amount: str | None, unit: str, status: str, text: str | None
) -> None:
    value = None if amount is None else Decimal(amount)
    row = {"amount": value, "unit": unit, "currency": "USD", "price_status": status}
    assert display_price(row) == text


def test_changes_and_months_have_texts() -> None:
    change = {"unit": "output_token", "currency": "USD", "old_amount": None}
    assert display_change({**change, "new_amount": Decimal("0.000001")}) == {
        "new_amount": "$1.00 per 1M output tokens"
    }
    assert display_month(Decimal("12.5"), "USD") == "$12.50 per month"
    assert display_month(Decimal("-0.5"), "USD") == "−$0.50 per month"
    assert display_month(None, "USD") is None


def test_every_object_with_an_amount_has_a_text(client: TestClient) -> None:
    """Also of objects that are added: the document lists them all."""
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    with_money = {
        name
        for name, schema in schemas.items()
        if MONEY in str(schema.get("properties", {})).replace("\\\\", "\\")
    }
    with_text = {name for name in schemas if "display" in schemas[name].get("properties", {})}
    assert with_money - PLAIN - with_text == set()
    assert len(with_text) >= 12


def test_texts_of_the_sample_are_its_amounts(client: TestClient) -> None:
    """Rounded to at least four digits below a cent, in the unit that the text names."""
    compared = 0
    for task in ("text", "image", "embedding"):
        for offer in client.get("/v1/offers", params={"task": task, "limit": 60}).json()["items"]:
            known = {name for name in COSTS if offer[name] is not None}
            assert set(offer["display"]) == known
            for name in known & {"cost_per_input_token", "cost_per_output_token", "cost_per_image"}:
                scale = 1 if name == "cost_per_image" else MILLION
                stated = re.match(r"\$([\d,.]+) per ", offer["display"][name])
                assert stated, offer["display"][name]
                read, exact = Decimal(stated[1].replace(",", "")), Decimal(offer[name]) * scale
                assert abs(read - exact) <= exact / 1000
                compared += 1
    assert compared > 100


def test_an_offer_and_its_history_have_texts_beside_their_amounts(client: TestClient) -> None:
    query = {"model_id": GPT, "inference_provider": "cerebras"}
    offer_id = client.get("/v1/offers", params=query).json()["items"][0]["offer_id"]
    body = client.get(f"/v1/offers/{offer_id.upper()}").json()
    assert "$0.35 per 1M input tokens" in body["offer"]["display"].values()
    assert [price["display"] for price in body["prices"]] == [
        "$0.35 per 1M input tokens",
        "$0.75 per 1M output tokens",
    ]
    items = client.get(f"/v1/prices/{offer_id}/history").json()["items"]
    assert {item["display"] for item in items} >= {"$0.35 per 1M input tokens"}
    estimate = client.get("/v1/estimate", params={"input_tokens": 10**6, **query}).json()
    assert estimate["display"] == "$0.35 per month"
    assert estimate["needs"][0]["items"][0]["display"] == "$0.35 per month"
