"""The API under /v1: each answer from one publication, in the shape that its model pins."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from marketplace.api import models
from marketplace.app_state import FRESH, answer, app_state_of, encode, etag, knows
from marketplace.atom import atom
from marketplace.cursor import Cursor
from marketplace.queries.details import find_history, find_model, find_offer
from marketplace.queries.estimate import find_estimate
from marketplace.queries.filters import ChangesQuery, EstimateQuery, ModelId, OfferId, OffersQuery
from marketplace.queries.offers import find_offers
from marketplace.queries.status import find_status
from marketplace.statements import statement
from warehouse.publication.reader_pool import Reading

PROBLEM = "application/problem+json"


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the documented errors of a route."""
    told = {
        404: "Not in the newest publication",
        410: "The cursor's publication is gone; `restart` says where to begin again",
        422: "The question is not understood",
        503: "Nothing is published yet, or the answer took too long",
    }
    shape = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {s: {"description": told[s], "content": {PROBLEM: shape}} for s in (*statuses, 503)}


UNCHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "Nothing new since that ETag"}}
v1 = APIRouter(prefix="/v1")


@v1.get(
    "/offers",
    tags=["offers"],
    response_model=models.Offers,
    responses={**UNCHANGED, **problems(410, 422)},
)
def offers(request: Request, query: Annotated[OffersQuery, Query()]) -> Response:
    """Find offers: filters, an order, a page, and what each filter would leave."""
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
            "items": page.items,
            "next": page.next,
            "facets": counts,
        }

    return answer(request, make, publication_id=cursor.publication_id if cursor else None)


@v1.get(
    "/offers/{offer_id}",
    tags=["offers"],
    response_model=models.OfferDetail,
    responses={**UNCHANGED, **problems(404, 422)},
)
def offer(request: Request, offer_id: Annotated[OfferId, Path()]) -> Response:
    """Show one offer with its prices and the proof of each."""
    return answer(request, lambda reading: find_offer(reading, offer_id))


@v1.get(
    "/models/{model_id:path}",
    tags=["models"],
    response_model=models.ModelDetail,
    responses={**UNCHANGED, **problems(404, 422)},
)
def model(request: Request, model_id: Annotated[ModelId, Path()]) -> Response:
    """Show a model with all its offers side by side. The id is `org/name`, the slash as it is."""
    return answer(request, lambda reading: find_model(reading, model_id))


@v1.get(
    "/prices/{offer_id}/history",
    tags=["prices"],
    response_model=models.History,
    responses={**UNCHANGED, **problems(404, 422)},
)
def history(request: Request, offer_id: Annotated[OfferId, Path()]) -> Response:
    """Show what an offer cost at any time, as intervals."""
    return answer(request, lambda reading: find_history(reading, offer_id))


@v1.get(
    "/changes",
    tags=["changes"],
    response_model=models.Changes,
    responses={**UNCHANGED, **problems(422)},
)
def changes(request: Request, query: Annotated[ChangesQuery, Query()]) -> Response:
    """List what changed after a change, oldest first; poll it with the last `next_after`."""

    def make(reading: Reading) -> dict[str, Any]:
        values = {**query.values(), "after": query.after, "count": query.limit + 1}
        rows = reading.rows(statement("select_changes"), values)
        items = rows[: query.limit]
        last = items[-1]["change_id"] if items else query.after
        return {"items": items, "next_after": last, "more": len(rows) > query.limit}

    return answer(request, make)


@v1.get(
    "/changes.atom",
    tags=["changes"],
    response_class=Response,
    responses={
        200: {"content": {"application/atom+xml": {}}, "description": "The newest changes"},
        **UNCHANGED,
        **problems(422),
    },
)
def changes_feed(request: Request, query: Annotated[ChangesQuery, Query()]) -> Response:
    """Give the newest changes as an Atom feed, for a feed reader."""
    with app_state_of(request).shelf.reading() as reading:
        tag = etag(reading)
        headers = {"ETag": tag, "Cache-Control": FRESH}
        if knows(request, tag):
            return Response(status_code=304, headers=headers)
        values = {**query.values(), "before": 2**62}
        rows = reading.rows(statement("select_latest_changes"), values)
        rows = [row for row in rows if row["change_id"] > query.after]
        body = atom(rows, reading.publication, root=str(request.base_url), at=str(request.url))
    return Response(body, 200, headers, "application/atom+xml")


@v1.get(
    "/estimate",
    tags=["estimate"],
    response_model=models.Estimate,
    responses={**UNCHANGED, **problems(422)},
)
def estimate(request: Request, query: Annotated[EstimateQuery, Query()]) -> Response:
    """Rank offers by what a month of your own mix would cost at their list prices."""
    return answer(request, lambda reading: find_estimate(reading, query))


@v1.get("/status", tags=["status"], response_model=models.Status, responses=problems())
def status(request: Request) -> Response:
    """Say how old the data is, how the last runs went, what is missing and what is held."""
    with app_state_of(request).shelf.reading() as reading:
        body = encode(reading, find_status(reading, now=datetime.now(UTC)))
    return Response(body, 200, {"Cache-Control": "no-store"}, "application/json")
