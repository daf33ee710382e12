"""Find one offer or one model with its details."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from marketplace.queries.availability import find_availability, find_speeds
from marketplace.queries.cached_input import find_cached_input
from marketplace.queries.model_lookup import no_model, todays_name
from marketplace.statements import TRACED, statement
from marketplace.unanswered import NotInPublication
from warehouse.publication.reader_pool import Reading

Row = dict[str, Any]


def find_offer(reading: Reading, offer_id: str) -> dict[str, Any]:
    """Return the card, its prices and their proof; NotInPublication when no card has the id."""
    one = {"offer_id": offer_id}
    cards = reading.rows(statement("select_offer"), one)
    if not cards:
        known = reading.rows(statement("select_known_offer"), one)
        raise NotInPublication(
            _where_it_went(reading, offer_id) if known else f"there is no offer {offer_id}"
        )
    several = {"offers": [offer_id]}
    return {
        "offer": cards[0],
        "cached_input": find_cached_input(reading, cards)[offer_id],
        "prices": reading.rows(statement("select_prices"), several),
        "availability": find_availability(reading, [offer_id])[offer_id],
        "speeds": find_speeds(reading, [offer_id])[offer_id],
        "proof": reading.proof(offer_id),
    }


def todays_offer(reading: Reading, offer_id: str) -> str:
    """Return the id that an offer has now; the same id where it has no other."""
    now = reading.continuation(offer_id)
    return now.offer_id if now else offer_id


def _where_it_went(reading: Reading, offer_id: str) -> str:
    history = f"its history is at /v1/prices/{offer_id}/history"
    now = reading.continuation(offer_id)
    if now is None:
        return f"offer {offer_id} is no longer listed; {history}"
    return (
        f"offer {offer_id} continues as {now.offer_id} ({now.model_id} at "
        f"{now.inference_provider}, {now.reason}), at /v1/offers/{now.offer_id}; {history}"
    )


def find_model(reading: Reading, model_id: str) -> dict[str, Any]:
    """Return the model, its spread and its offers; NotInPublication if it never had an offer.

    The name may be in any case, or one that the model had before.
    """
    one = {"model_id": todays_name(reading, model_id)}
    models = reading.rows(statement("select_model"), one)
    if not models:
        raise no_model(reading, model_id)
    offers = reading.rows(statement("select_model_offers"), one)
    own = [offer["offer_id"] for offer in offers if offer["offer_type"] == "model"]
    return {
        "model": models[0],
        "spread": reading.rows(statement("select_spread"), one),
        "offers": offers,
        "cached_input": find_cached_input(reading, offers),
        "availability": find_availability(reading, own),
        "speeds": find_speeds(reading, own),
    }


def find_history(reading: Reading, offer_id: str) -> dict[str, Any]:
    """Return the price intervals of an offer, listed or gone.

    NotInPublication for an unknown id.
    """
    one = {"offer_id": offer_id}
    if not reading.rows(statement("select_known_offer"), one):
        raise NotInPublication(f"there is no offer {offer_id}")
    items = reading.rows(statement(*TRACED, "select_price_history"), {"offers": [offer_id]})
    return {"offer_id": offer_id, "items": items}


def find_model_history(reading: Reading, model_id: str) -> list[Row]:
    """Return the intervals of a model's standard prices, also under the names that it had."""
    offers = _offers_of(reading, model_id)
    return reading.rows(statement(*TRACED, "select_model_history"), {"offers": offers})


def find_past_prices(reading: Reading, model_id: str, moment: datetime) -> list[Row]:
    """Return a model's prices at a moment (UTC), also under the names that it had."""
    values = {"offers": _offers_of(reading, model_id), "as_of": moment}
    return reading.rows(statement(*TRACED, "select_price_as_of"), values)


def _offers_of(reading: Reading, model_id: str) -> list[str]:
    rows = reading.rows(statement("select_model_offer_ids"), {"model_id": model_id})
    return [row["offer_id"] for row in rows]
