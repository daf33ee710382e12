"""The pages: read with the same functions as the API, in words for a buyer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request
from starlette.responses import RedirectResponse, Response

from marketplace.app_state import app_state_of
from marketplace.cursor import Cursor
from marketplace.pages import charts, forms
from marketplace.pages.card_view import providers_of, show
from marketplace.pages.rendering import THEMES
from marketplace.queries.details import find_history, find_model, find_offer
from marketplace.queries.estimate import find_estimate
from marketplace.queries.filters import ModelId, OfferId
from marketplace.queries.offers import find_facets, find_offers
from marketplace.queries.status import find_counts, find_status
from marketplace.statements import MATCHED, statement
from warehouse.publication.reader_pool import Reading

pages = APIRouter(include_in_schema=False)
MOST_COMPARED = 6


@pages.get("/")
def browse(request: Request) -> Response:
    """Show offers as cards, a dense table or a chart, with the filters beside them."""
    pairs = forms.pairs(request)
    query = forms.ask(forms.BrowseQuery, pairs)
    cursor = Cursor.unpack(query.cursor, query.fingerprint()) if query.cursor else None

    def make(reading: Reading) -> dict[str, Any]:
        found = find_offers(reading, query, cursor)
        told: dict[str, Any] = {"facets": found.facets, "total": found.total, "next": found.next}
        if query.view == "chart":
            points = reading.rows(statement(MATCHED, "select_chart_points"), query.values())
            best = charts.frontier(points)
            chart = charts.cost_and_speed(points, best) if points else None
            return {**told, "chart": chart, "points": points, "best": best}
        return {**told, "shown": show(reading, found.items)}

    publication_id = cursor.publication_id if cursor else None
    return _page(
        request,
        "browse.html",
        make,
        publication_id=publication_id,
        query=query,
        pairs=pairs,
        chips=forms.chips(pairs),
    )


@pages.get("/models/{model_id:path}")
def model(request: Request, model_id: Annotated[ModelId, Path()]) -> Response:
    """Show a model's offers side by side, their spread, and what they cost before."""
    asked = request.query_params.get("as_of", "")
    moment = forms.moment(asked)

    def make(reading: Reading) -> dict[str, Any]:
        found = find_model(reading, model_id)
        rows = reading.rows(statement("select_model_history"), {"model_id": model_id})
        until = reading.publication["observed_to"]
        drawn = {
            unit: charts.history(_most_known(rows, unit), until)
            for unit in ("input_token", "output_token")
            if any(row["unit"] == unit for row in rows)
        }
        then = []
        if moment:
            values = {"model_id": model_id, "as_of": moment}
            then = reading.rows(statement("select_price_as_of"), values)
        return {
            **found,
            "shown": show(reading, found["offers"]),
            "history": rows,
            "drawn": drawn,
            "providers": providers_of(reading),
            "then": then,
        }

    return _page(request, "model.html", make, asked=asked, moment=moment)


@pages.get("/offers/{offer_id}")
def offer(request: Request, offer_id: Annotated[OfferId, Path()]) -> Response:
    """Show one offer, its prices as stated and as compared, and the proof of each."""

    def make(reading: Reading) -> dict[str, Any]:
        found = find_offer(reading, offer_id)
        (shown,) = show(reading, [found["offer"]])
        who = found["offer"]["inference_provider"]
        return {
            **found,
            "shown": shown,
            "history": find_history(reading, offer_id)["items"],
            "claims": reading.rows(
                statement("select_provider_claims"), {"inference_provider": who}
            ),
        }

    return _page(request, "offer.html", make)


@pages.get("/compare")
def compare(request: Request) -> Response:
    """Put a few offers side by side."""
    asked = list(dict.fromkeys(request.query_params.getlist("offer")))[:MOST_COMPARED]

    def make(reading: Reading) -> dict[str, Any]:
        cards = reading.rows(statement("select_offers_by_id"), {"offers": asked}) if asked else []
        missing = len(asked) - len(cards)
        return {"shown": show(reading, cards), "missing": missing, "least": _least(cards)}

    return _page(request, "compare.html", make, most=MOST_COMPARED)


@pages.get("/calculator")
def calculator(request: Request) -> Response:
    """Rank offers by what a month of the buyer's own mix costs there."""
    pairs = forms.pairs(request)
    mixed = any(name in forms.MIX for name, _ in pairs)
    query = forms.ask(
        forms.CalculatorQuery, pairs if mixed else [*pairs, *forms.as_pairs(forms.MIX)]
    )

    def make(reading: Reading) -> dict[str, Any]:
        found = find_estimate(reading, query)
        for need in found["needs"]:
            shown = show(reading, [item["offer"] for item in need["items"]])
            need["rows"] = list(zip(need["items"], shown, strict=True))
        return {**found, "facets": find_facets(reading, query)}

    return _page(request, "calculator.html", make, query=query, pairs=pairs)


@pages.get("/changes")
def changes(request: Request) -> Response:
    """Show what changed, the newest first."""
    pairs = forms.pairs(request)
    query = forms.ask(forms.LogQuery, pairs)

    def make(reading: Reading) -> dict[str, Any]:
        values = {**query.values(), "before": query.before, "count": query.limit + 1}
        rows = reading.rows(statement("select_latest_changes"), values)
        events = reading.rows(statement("select_events"))
        return {"rows": rows[: query.limit], "more": len(rows) > query.limit, "events": events}

    return _page(request, "changes.html", make, query=query, pairs=pairs)


@pages.get("/status")
def status(request: Request) -> Response:
    """Say plainly how old the data is, and what is missing or held."""

    def make(reading: Reading) -> dict[str, Any]:
        return {
            **find_status(reading, now=datetime.now(UTC)),
            "coverage": reading.rows(statement("select_coverage")),
            "providers": list(providers_of(reading).values()),
        }

    return _page(request, "status.html", make)


@pages.get("/api")
def api(request: Request) -> Response:
    """List what the API answers, from its own document."""
    document = request.app.openapi()
    routes = [(path, told["get"]) for path, told in document["paths"].items() if "get" in told]
    return _page(request, "api.html", lambda _: {}, routes=routes, root=str(request.base_url))


@pages.get("/theme")
def theme(to: Literal["light", "dark", "system"] = "system", back: str = "/") -> Response:
    """Keep the reader's choice of light or dark in a cookie, and go back."""
    # Only a path of ours: neither another host nor a scheme.
    safe = back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/"
    gone = RedirectResponse(safe, 303)
    if to in THEMES:
        gone.set_cookie("theme", to, max_age=31_536_000, httponly=True, samesite="lax")
    else:
        gone.delete_cookie("theme")
    return gone


def _page(
    request: Request,
    template: str,
    make: Callable[[Reading], dict[str, Any]],
    *,
    publication_id: str | None = None,
    **more: Any,
) -> Response:
    with app_state_of(request).shelf.reading(publication_id) as reading:
        return request.app.state.pages.render(  # type: ignore[no-any-return]
            request,
            template,
            publication=reading.publication,
            totals=find_counts(reading),
            **make(reading),
            **more,
        )


def _most_known(rows: list[dict[str, Any]], unit: str) -> list[dict[str, Any]]:
    """Return the intervals of the servers that are known longest, as many as a chart can tell."""
    first: dict[str, datetime] = {}
    for row in rows:
        if row["unit"] == unit:
            who = row["inference_provider"]
            first[who] = min(first.get(who, row["valid_from"]), row["valid_from"])
    told = sorted(first, key=lambda who: (first[who], who))[: charts.MOST_LINES]
    return [row for row in rows if row["unit"] == unit and row["inference_provider"] in told]


def _least(cards: list[dict[str, Any]]) -> dict[str, Any]:
    """Return column → the least cost among at least two of these that may be ranked."""
    columns = [c for c in cards[0] if c.startswith("cost_per_")] if cards else []
    found = {}
    for column in columns:
        costs = [c[column] for c in cards if c["rankable"] and c[column] is not None]
        if len(costs) > 1:
            found[column] = min(costs)
    return found
