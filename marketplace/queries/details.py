"""Find one offer or one model, with all that belongs to it."""

from __future__ import annotations

from typing import Any

from marketplace.problems import NotHere
from marketplace.statements import statement
from warehouse.publication.reader_pool import Reading

Row = dict[str, Any]


def find_offer(reading: Reading, offer_id: str) -> dict[str, Any]:
    """Return the card, its prices and what stands behind each; NotHere without a card."""
    one = {"offer_id": offer_id}
    cards = reading.rows(statement("select_offer"), one)
    if not cards:
        former = reading.rows(statement("select_known_offer"), one)
        raise NotHere(
            f"offer {offer_id} is no longer listed; its history is at /v1/prices/{offer_id}/history"
            if former
            else f"there is no offer {offer_id}"
        )
    several = {"offers": [offer_id]}
    return {
        "offer": cards[0],
        "prices": reading.rows(statement("select_prices"), several),
        "proof": reading.proof(offer_id),
    }


def find_model(reading: Reading, model_id: str) -> dict[str, Any]:
    """Return the model, its spread and its offers; NotHere for one that never had an offer."""
    one = {"model_id": model_id}
    models = reading.rows(statement("select_model"), one)
    if not models:
        raise NotHere(f"there is no model {model_id} with an inference provider")
    return {
        "model": models[0],
        "spread": reading.rows(statement("select_spread"), one),
        "offers": reading.rows(statement("select_model_offers"), one),
    }


def find_history(reading: Reading, offer_id: str) -> dict[str, Any]:
    """Return the intervals of an offer's prices, also of one that is gone."""
    one = {"offer_id": offer_id}
    if not reading.rows(statement("select_known_offer"), one):
        raise NotHere(f"there is no offer {offer_id}")
    names = [row["offer_id"] for row in reading.rows(statement("select_previous_ids"), one)]
    items = reading.rows(statement("select_price_history"), {"offers": names})
    return {"offer_id": offer_id, "items": items}
