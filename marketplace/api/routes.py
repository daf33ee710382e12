"""The API under /v1: each response is read from one publication and has the shape of its model."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import RedirectResponse, Response

from marketplace.api import models
from marketplace.api.responses import KNOWN_PARAMETERS, NOT_MODIFIED, problem_responses
from marketplace.app_state import app_state_of, encode_json, respond, respond_bytes
from marketplace.atom import atom
from marketplace.cursor import Cursor, ModelsCursor
from marketplace.display import (
    with_cached,
    with_cards,
    with_changes,
    with_estimate,
    with_model,
    with_offer,
    with_prices,
    with_recommendation,
)
from marketplace.exports import TYPES as FILE_TYPES
from marketplace.queries.cached_input import find_cached_input
from marketplace.queries.catalogue import CatalogueQuery, find_catalogue
from marketplace.queries.details import find_history, find_model, find_offer
from marketplace.queries.estimate import find_estimate
from marketplace.queries.filters import ChangesQuery, EstimateQuery, OffersQuery, RecommendQuery
from marketplace.queries.model_lookup import bound_values
from marketplace.queries.offers import find_offers
from marketplace.queries.parameter_types import LAST_CHANGE_ID, ModelId, OfferId, ShortText
from marketplace.queries.providers import find_provider, find_providers
from marketplace.queries.recommend import find_recommendation
from marketplace.queries.status import find_status
from marketplace.root_path import root_of
from marketplace.statements import statement
from warehouse.publication.reader_pool import Reading

v1 = APIRouter(prefix="/v1", dependencies=KNOWN_PARAMETERS)


@v1.get(
    "/offers",
    tags=["offers"],
    response_model=models.Offers,
    responses={**NOT_MODIFIED, **problem_responses(410, 422)},
)
def offers(request: Request, query: Annotated[OffersQuery, Query()]) -> Response:
    """Find offers: filter, sort and page; facets count what each filter value would leave."""
    cursor = Cursor.unpack(query.cursor, query.fingerprint()) if query.cursor else None

    def make(reading: Reading) -> dict[str, Any]:
        page = find_offers(reading, query, cursor)
        totals = page.facets["total"]
        counts = {
            facet: [{"value": value, "count": n} for value, n in values.items()]
            for facet, values in page.facets.items()
            if facet != "total"
        }
        return {
            "total": totals["offers"],
            "models": totals["models"],
            "rankable": totals["rankable"],
            "items": with_cards(page.items),
            "next": page.next,
            "facets": counts,
            "cached_input": with_cached(find_cached_input(reading, page.items)),
        }

    return respond(request, make, publication_id=cursor.publication_id if cursor else None)


@v1.get(
    "/offers/{offer_id}",
    tags=["offers"],
    response_model=models.OfferDetail,
    responses={**NOT_MODIFIED, **problem_responses(404, 422)},
)
def offer(request: Request, offer_id: Annotated[OfferId, Path()]) -> Response:
    """Return one offer with its prices and the proof of each."""
    return respond(request, lambda reading: with_offer(find_offer(reading, offer_id)))


@v1.get(
    "/models",
    tags=["models"],
    response_model=models.Models,
    responses={**NOT_MODIFIED, **problem_responses(410, 422)},
)
def all_models(request: Request, query: Annotated[CatalogueQuery, Query()]) -> Response:
    """List the models that have or had an offer, a page at a time; `files` are all of them."""
    cursor = ModelsCursor.unpack(query.cursor, query.fingerprint()) if query.cursor else None
    files = f"{request.base_url}v1/exports/models"

    def make(reading: Reading) -> dict[str, Any]:
        page = find_catalogue(reading, query, cursor)
        return {
            "total": page.total,
            "items": page.items,
            "next": page.next,
            "files": {kind: f"{files}.{kind}" for kind in FILE_TYPES},
        }

    return respond(request, make, publication_id=cursor.publication_id if cursor else None)


@v1.get("/models/", include_in_schema=False)
def models_with_slash(request: Request) -> Response:
    """Redirect to the list: a slash at its end names no model."""
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"{root_of(request)}/v1/models{query}", 307)


@v1.get(
    "/models/{model_id:path}",
    tags=["models"],
    response_model=models.ModelDetail,
    responses={**NOT_MODIFIED, **problem_responses(404, 422)},
)
def model(request: Request, model_id: Annotated[ModelId, Path()]) -> Response:
    """Return a model with all its offers. The id is `org/name`; the slash needs no encoding."""
    return respond(request, lambda reading: with_model(find_model(reading, model_id)))


@v1.get(
    "/providers",
    tags=["providers"],
    response_model=models.Providers,
    responses={**NOT_MODIFIED, **problem_responses(422)},
)
def providers(request: Request) -> Response:
    """List the inference providers that are known or were ever seen."""
    return respond(request, find_providers)


@v1.get(
    "/providers/{name}",
    tags=["providers"],
    response_model=models.ProviderDetail,
    responses={**NOT_MODIFIED, **problem_responses(404, 422)},
)
def provider(request: Request, name: Annotated[ShortText, Path()]) -> Response:
    """Return a provider, by its id or displayed name, and the statements about it in force."""
    return respond(request, lambda reading: find_provider(reading, name))


@v1.get(
    "/prices/{offer_id}/history",
    tags=["prices"],
    response_model=models.History,
    responses={**NOT_MODIFIED, **problem_responses(404, 422)},
)
def history(request: Request, offer_id: Annotated[OfferId, Path()]) -> Response:
    """Return the prices of an offer over time, as intervals."""

    def make(reading: Reading) -> dict[str, Any]:
        found = find_history(reading, offer_id)
        return {**found, "items": with_prices(found["items"])}

    return respond(request, make)


@v1.get(
    "/changes",
    tags=["changes"],
    response_model=models.Changes,
    responses={**NOT_MODIFIED, **problem_responses(422)},
)
def changes(request: Request, query: Annotated[ChangesQuery, Query()]) -> Response:
    """List the changes after a change id, oldest first; poll with the last `next_after`."""

    def make(reading: Reading) -> dict[str, Any]:
        values = {**bound_values(reading, query), "after": query.after, "count": query.limit + 1}
        rows = reading.rows(statement("select_changes"), values)
        items = rows[: query.limit]
        last = items[-1]["change_id"] if items else query.after
        return {"items": with_changes(items), "next_after": last, "more": len(rows) > query.limit}

    return respond(request, make)


@v1.get(
    "/changes.atom",
    tags=["changes"],
    response_class=Response,
    responses={
        200: {"content": {"application/atom+xml": {}}, "description": "The newest changes"},
        **NOT_MODIFIED,
        **problem_responses(422),
    },
)
def changes_feed(request: Request, query: Annotated[ChangesQuery, Query()]) -> Response:
    """Return the newest changes as an Atom feed."""

    def make(reading: Reading) -> bytes:
        values = {**bound_values(reading, query), "before": LAST_CHANGE_ID}
        rows = reading.rows(statement("select_latest_changes"), values)
        rows = [row for row in rows if row["change_id"] > query.after]
        return atom(rows, reading.publication, root=str(request.base_url), at=str(request.url))

    return respond_bytes(request, make, media_type="application/atom+xml")


@v1.get(
    "/estimate",
    tags=["estimate"],
    response_model=models.Estimate,
    responses={**NOT_MODIFIED, **problem_responses(422)},
)
def estimate(request: Request, query: Annotated[EstimateQuery, Query()]) -> Response:
    """Rank offers by the monthly cost of your mix at their list prices."""
    return respond(request, lambda reading: with_estimate(find_estimate(reading, query)))


@v1.get(
    "/recommend",
    tags=["estimate"],
    response_model=models.Recommendation,
    responses={**NOT_MODIFIED, **problem_responses(422)},
)
def recommend(request: Request, query: Annotated[RecommendQuery, Query()]) -> Response:
    """Recommend routes: what meets the constraints, by the cost of your month; the rest, and why.

    Without any quantity the mix is an example of the asked task: 1,000,000 tokens at 3:1 for text.
    """
    return respond(
        request, lambda reading: with_recommendation(find_recommendation(reading, query))
    )


@v1.get("/status", tags=["status"], response_model=models.Status, responses=problem_responses(422))
def status(request: Request) -> Response:
    """Return the verdict, the age of the data, each feed, the last runs, gaps and held prices."""
    state = app_state_of(request)
    with state.pool.reading() as reading:
        found = find_status(
            reading, state.pool.home, stale_after=state.stale_after, now=datetime.now(UTC)
        )
        body = encode_json(reading, found)
    return Response(body, 200, {"Cache-Control": "no-store"}, "application/json")
