"""Which offers a call is about, and which values its filters can have; errors name valid ones."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from marketplace.mcp.arguments import OfferChoice
from marketplace.mcp.failures import ToolFailure
from marketplace.queries.model_lookup import todays_name
from marketplace.statements import statement
from warehouse.publication.reader_pool import Reading

Row = dict[str, Any]
GROUPS = ("text", "image", "audio", "video", "embedding", "other")
PLACES = ("eu", "eea", "us", "multi", "unverified")
MOST_NAMED = 40
"""The most valid values that an error lists."""


def known_values(reading: Reading) -> dict[str, list[str]]:
    """Return argument → the values that it can have in this publication."""

    def read() -> dict[str, list[str]]:
        found: dict[str, dict[str, None]] = {
            "provider": {},
            "inference_provider": {},
            "task": dict.fromkeys(GROUPS),
            "region": dict.fromkeys(PLACES),
            "tag": {},
        }
        for row in reading.rows(statement("select_known_values")):
            found[row["name"]][row["value"]] = None
        return {name: list(values) for name, values in found.items()}

    return reading.keep("known values", read)


def require_known(reading: Reading, name: str, values: Iterable[str]) -> None:
    """Check the values of an argument; ToolFailure for one that no offer has."""
    known = known_values(reading)[name]
    for value in values:
        # A region may be in any case, as the filter itself has it.
        if value in known or (name == "region" and value.lower() in map(str.lower, known)):
            continue
        raise ToolFailure(f"{name}: {_unknown(value, known)}")


def todays_model(reading: Reading, model_id: str) -> str:
    """Return the name that a model has today; ToolFailure with similar names for an unknown one."""
    name = todays_name(reading, model_id)
    if not reading.rows(statement("select_model"), {"model_id": name}):
        similar = reading.rows(statement("select_similar_models"), {"name": model_id})
        listed = ", ".join(row["model_id"] for row in similar)
        hint = f"; similar models are {listed}" if listed else ""
        raise ToolFailure(f"there is no model {model_id} with an inference provider{hint}")
    return name


def choose_offers(reading: Reading, choice: OfferChoice) -> list[Row]:
    """Return the offers that a call names, listed ones first; ToolFailure where there is none."""
    model_id, provider = choice.model_id, choice.inference_provider
    if choice.router_model is not None:
        model_id, _, provider = choice.router_model.rpartition(":")
        if not model_id or not provider:
            raise ToolFailure(f"router_model: {choice.router_model} is not like org/model:provider")
    if provider is not None:
        require_known(reading, "inference_provider", [provider])
    values = {
        "offer_id": choice.offer_id,
        "model_id": todays_model(reading, model_id) if model_id else None,
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


def _unknown(value: str, known: list[str]) -> str:
    close = get_close_matches(value, known, n=1)
    hint = f" (did you mean {close[0]}?)" if close else ""
    more = f" and {len(known) - MOST_NAMED} more" if len(known) > MOST_NAMED else ""
    listed = ", ".join(known[:MOST_NAMED]) or "none in this publication"
    return f"no offer has {value!r}{hint}; valid are {listed}{more}"
