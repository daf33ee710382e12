"""Rows of price lists as JSON text, and a catalogue that maps their ids."""

from __future__ import annotations

import json

from samples.catalog import Catalog
from tests.support.hours import mapped_model, mapping, offering, routed_model

FAL_KEY = "fal-canary-key-0123456789"


def wavespeed_row(name: str, price: int, formula: str | None = None) -> str:
    """Return a row of WaveSpeedAI's list; the price is in millionths of a dollar."""
    return json.dumps({"model_id": name, "type": "x", "base_price": price, "formula": formula})


def wavespeed_own_row(name: str, price: int, kind: str = "image-to-video") -> str:
    """Return a row as WaveSpeedAI's list has them: another key for the id, and no formula."""
    return json.dumps(
        {
            "model_uuid": name,
            "model_name": name,
            "type": kind,
            "description": "Ready-to-use REST inference API, no coldstarts, affordable pricing.",
            "base_price": price,
        }
    )


def wavespeed_product(name: str, price: int, formula: str | None, **more: object) -> str:
    """Return the answer about a single product of WaveSpeedAI."""
    data = {"model_uuid": name, "base_price": price, "formula": formula, "input": "{}", **more}
    return json.dumps({"code": 200, "message": "success", "data": data})


def deepinfra_row(name: str, cents: float) -> str:
    """Return a row of DeepInfra's list, priced per second of input."""
    pricing = {"type": "input_length", "cents_per_input_sec": cents, "discount": None}
    return json.dumps({"model_name": name, "deprecated": None, "pricing": pricing})


def fal_row(name: str, price: str, unit: str = "images", currency: str = "USD") -> str:
    """Return a row of fal's prices; the price is as written."""
    return (
        f'{{"endpoint_id": "{name}", "unit_price": {price}, "unit": "{unit}", '
        f'"currency": "{currency}"}}'
    )


def mapped(*models: tuple[str, str, str, str]) -> Catalog:
    """Return a catalog of models, each (model id, provider, providerId, task)."""
    chat = routed_model("acme/chat", offering("novita", price=("0.2", "0.6")))
    return Catalog(
        [
            mapped_model(name, mapping(who, providerId=own, task=task))
            for name, who, own, task in models
        ],
        router=[chat],
    )
