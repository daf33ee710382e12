"""Which offers a call is about; an error names the offers, models or providers that there are."""

from __future__ import annotations

from typing import Any

from marketplace.mcp.arguments import OfferChoice
from marketplace.mcp.failures import ToolFailure
from marketplace.queries.known_values import known_values
from marketplace.queries.model_lookup import find_models
from marketplace.statements import statement
from warehouse.publication.reader_pool import Reading

Row = dict[str, Any]
MOST_NAMED = 40
"""The most offers that an error lists."""


def choose_offers(reading: Reading, choice: OfferChoice) -> list[Row]:
    """Return the offers that a call names, listed ones first; ToolFailure where there is none."""
    model_id, provider = choice.model_id, choice.inference_provider
    if choice.router_model is not None:
        model_id, _, provider = choice.router_model.rpartition(":")
        if not model_id or not provider:
            raise ToolFailure(f"router_model: {choice.router_model} is not like org/model:provider")
    if provider is not None:
        provider = known_values(reading, {"inference_provider": provider})["inference_provider"]
    values = {
        "offer_id": choice.offer_id,
        "model_id": find_models(reading, [model_id])[0] if model_id else None,
        "inference_provider": provider,
        "router_model": choice.router_model,
    }
    offers = reading.rows(statement("select_chosen_offers"), values)
    if not offers:
        raise ToolFailure(_without_offer(reading, values))
    return offers


def choose_offer(reading: Reading, choice: OfferChoice) -> Row:
    """Return the one offer that a call names; ToolFailure lists them where there are several."""
    offers = choose_offers(reading, choice)
    listed = [offer for offer in offers if offer["gone_at"] is None] or offers
    if len(listed) > 1:
        named = ", ".join(
            f"{o['offer_id']} ({o['inference_provider']}, {o['task']})" for o in listed[:MOST_NAMED]
        )
        raise ToolFailure(f"{len(listed)} offers match; give the offer_id of one: {named}")
    return listed[0]


def _without_offer(reading: Reading, values: Row) -> str:
    if values["offer_id"] is not None:
        return f"there is no offer {values['offer_id']}; find_offers returns ids"
    anywhere = dict(values, inference_provider=None)
    offers = reading.rows(statement("select_chosen_offers"), anywhere)
    providers = sorted({offer["inference_provider"] for offer in offers})
    place = f" at {values['inference_provider']}" if values["inference_provider"] else ""
    others = f"; it has offers at {', '.join(providers)}" if providers else ""
    kind = "offer for the router" if values["router_model"] else "offer"
    return f"{values['model_id']} has no {kind}{place}{others}"
