"""Find one offer or one model with its details."""

from __future__ import annotations

from typing import Any

from marketplace.problems import NotInPublication
from marketplace.statements import statement
from warehouse.publication.reader_pool import Reading

Row = dict[str, Any]


def find_offer(reading: Reading, offer_id: str) -> dict[str, Any]:
    """Return the card, its prices and their proof; NotInPublication when no card has the id."""
    one = {"offer_id": offer_id}
    cards = reading.rows(statement("select_offer"), one)
    if not cards:
        known = reading.rows(statement("select_known_offer"), one)
        raise NotInPublication(
            f"offer {offer_id} is no longer listed; its history is at /v1/prices/{offer_id}/history"
            if known
            else f"there is no offer {offer_id}"
        )
    several = {"offers": [offer_id]}
    return {
        "offer": cards[0],
        "prices": reading.rows(statement("select_prices"), several),
        "proof": reading.proof(offer_id),
    }


def find_model(reading: Reading, model_id: str) -> dict[str, Any]:
    """Return the model, its spread and its offers; NotInPublication if it never had an offer."""
    one = {"model_id": model_id}
    models = reading.rows(statement("select_model"), one)
    if not models:
        raise NotInPublication(f"there is no model {model_id} with an inference provider")
    return {
        "model": models[0],
        "spread": reading.rows(statement("select_spread"), one),
        "offers": reading.rows(statement("select_model_offers"), one),
    }


def find_history(reading: Reading, offer_id: str) -> dict[str, Any]:
    """Return the price intervals of an offer, listed or gone.

    NotInPublication for an unknown id.
    """
    one = {"offer_id": offer_id}
    if not reading.rows(statement("select_known_offer"), one):
        raise NotInPublication(f"there is no offer {offer_id}")
    ids = [row["offer_id"] for row in reading.rows(statement("select_previous_ids"), one)]
    items = reading.rows(statement("select_price_history"), {"offers": ids})
    return {"offer_id": offer_id, "items": items}
