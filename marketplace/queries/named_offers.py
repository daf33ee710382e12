"""The offers that a person names by a model's id, with or without the provider."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any, NamedTuple

from marketplace.queries.call_cost import PREFERRED, ROUTES
from marketplace.queries.known_values import known_values
from marketplace.queries.model_lookup import like_models, todays_name
from marketplace.statements import statement
from schemas.errors import UnknownValue
from schemas.units import COMPARED_WITH
from warehouse.publication.reader_pool import Reading

Row = dict[str, Any]


class NamedOffers(NamedTuple):
    """The offers that a name fits, listed ones if there are any; of a name that fits none, those
    of the model, the likeliest first, or names of models that are like it."""

    offers: list[Row]
    problem: str | None = None
    """Why none of the offers is the one that was named; None where each of them may be."""
    like: tuple[str, ...] = ()
    """Models that may be meant, where no model has the name."""


def find_named_offers(reading: Reading, name: str) -> NamedOffers:
    """Return the offers of `org/model` or `org/model:provider`, in any case and by earlier names.

    The provider may be an id, a displayed name, or a routing word of the router.
    """
    given, _, route = (part.strip() for part in name.partition(":"))
    model_id = todays_name(reading, given)
    values = {"model_id": model_id, "additional_units": list(COMPARED_WITH)}
    rows = reading.rows(statement("select_named_offers"), values)
    if not rows:
        return NamedOffers([], f"no model is called {given!r}", tuple(like_models(reading, given)))
    if not route:
        return NamedOffers(_listed(rows))
    if route.lower() == PREFERRED:
        problem = f":{PREFERRED} is the order of your own account, which is not known here"
        return NamedOffers(_listed(rows), problem)
    if column := ROUTES.get(route.lower()):
        return _routed(reading, rows, route.lower(), column)
    return _at_provider(reading, rows, route)


def _listed(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row["gone_at"] is None] or rows


def _routed(reading: Reading, rows: list[Row], route: str, column: str) -> NamedOffers:
    values = {"model_id": rows[0]["model_id"]}
    marked = reading.rows(statement("select_routed_offers"), values)
    ids = {row["offer_id"] for row in marked if row[column]}
    if found := [row for row in rows if row["offer_id"] in ids]:
        return NamedOffers(found)
    problem = f"where :{route} of {rows[0]['model_id']} leads is not known"
    return NamedOffers(_listed(rows), problem)


def _at_provider(reading: Reading, rows: list[Row], route: str) -> NamedOffers:
    try:
        provider = known_values(reading, {"inference_provider": route})["inference_provider"]
    except UnknownValue:
        provider = route
    if found := [row for row in rows if row["inference_provider"] == provider]:
        return NamedOffers(_listed(found))
    problem, offers = f"{rows[0]['model_id']} has no offer at {route!r}", _listed(rows)
    if close := get_close_matches(provider.lower(), _providers(offers), n=1):
        problem += f" (did you mean {close[0]}?)"
        offers.sort(key=lambda row: row["inference_provider"] != close[0])
    return NamedOffers(offers, problem)


def _providers(offers: list[Row]) -> list[str]:
    return sorted({offer["inference_provider"] for offer in offers})
