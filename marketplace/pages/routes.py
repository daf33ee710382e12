"""The pages: the data of the API, with texts for buyers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Path, Request
from starlette.responses import RedirectResponse, Response

from marketplace.app_state import app_state_of
from marketplace.cursor import Cursor
from marketplace.pages import charts, forms
from marketplace.pages.card_view import card_views, providers_of
from marketplace.pages.change_view import KINDS, change_days
from marketplace.pages.rendering import THEMES, Pages
from marketplace.pages.wording import left_note
from marketplace.problems import TYPES
from marketplace.queries.details import (
    find_history,
    find_model,
    find_model_history,
    find_offer,
    find_past_prices,
    todays_offer,
)
from marketplace.queries.estimate import find_estimate
from marketplace.queries.filters import ModelId, OfferId
from marketplace.queries.model_lookup import bound_values, todays_name
from marketplace.queries.offers import find_facets, find_offers, find_suggestions
from marketplace.queries.status import find_counts, find_status
from marketplace.statements import MATCHED, statement
from warehouse.publication.reader_pool import Reading

pages = APIRouter(include_in_schema=False)
MAX_COMPARED = 6


@pages.get("/")
def browse(request: Request) -> Response:
    """Show offers as cards, a table or a chart, with filters beside them."""
    pairs = forms.pairs(request)
    query = forms.parse_query(forms.BrowseQuery, pairs)
    cursor = Cursor.unpack(query.cursor, query.fingerprint()) if query.cursor else None

    def make(reading: Reading) -> dict[str, Any]:
        page = find_offers(reading, query, cursor)
        lost = bool(query.q) and not page.total
        values: dict[str, Any] = {
            "suggestions": find_suggestions(reading, query.q or "") if lost else [],
            "facets": page.facets,
            "total": page.total,
            "next": page.next,
        }
        if query.view == "chart":
            points = reading.rows(
                statement(MATCHED, "select_chart_points"), bound_values(reading, query)
            )
            best = charts.frontier(points)
            chart = charts.cost_and_speed(points, best) if points else None
            return {**values, "chart": chart, "points": points, "best": best}
        return {**values, "views": card_views(reading, page.items)}

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
    """Show a model's offers side by side, their spread and their price history."""
    with app_state_of(request).pool.reading() as reading:
        name_today = todays_name(reading, model_id)
    if name_today != model_id:
        return _moved(request, f"models/{name_today}")
    as_of = request.query_params.get("as_of", "")
    moment = forms.parse_moment(as_of)

    def make(reading: Reading) -> dict[str, Any]:
        details = find_model(reading, model_id)
        name = details["model"]["model_id"]
        rows = find_model_history(reading, name)
        until = reading.publication["observed_to"]
        price_charts = {
            series: charts.history(list(intervals), until)
            for series, intervals in groupby(rows, key=itemgetter("unit", "currency"))
        }
        past_prices = []
        if moment:
            past_prices = find_past_prices(reading, name, moment)
        return {
            **details,
            "views": card_views(reading, details["offers"]),
            "history": rows,
            "price_charts": price_charts,
            "providers": providers_of(reading),
            "past_prices": past_prices,
        }

    return _page(request, "model.html", make, as_of=as_of, moment=moment)


@pages.get("/offers/{offer_id}")
def offer(request: Request, offer_id: Annotated[OfferId, Path()]) -> Response:
    """Show one offer, its prices as stated and as converted, and the proof of each."""
    with app_state_of(request).pool.reading() as reading:
        id_today = todays_offer(reading, offer_id)
    if id_today != offer_id:
        return _moved(request, f"offers/{id_today}")

    def make(reading: Reading) -> dict[str, Any]:
        details = find_offer(reading, offer_id)
        (view,) = card_views(reading, [details["offer"]])
        provider = {"inference_provider": details["offer"]["inference_provider"]}
        return {
            **details,
            "view": view,
            "history": find_history(reading, offer_id)["items"],
            "claims": reading.rows(statement("select_provider_claims"), provider),
            "provider": providers_of(reading).get(provider["inference_provider"]),
        }

    return _page(request, "offer.html", make)


@pages.get("/compare")
def compare(request: Request) -> Response:
    """Show a few offers side by side."""
    offer_ids = list(dict.fromkeys(request.query_params.getlist("offer")))[:MAX_COMPARED]

    def make(reading: Reading) -> dict[str, Any]:
        today = [todays_offer(reading, offer_id) for offer_id in offer_ids]
        cards = (
            reading.rows(statement("select_offers_by_id"), {"offers": today}) if offer_ids else []
        )
        missing = len(offer_ids) - len(cards)
        return {"views": card_views(reading, cards), "missing": missing, "lowest": _lowest(cards)}

    return _page(request, "compare.html", make, max_compared=MAX_COMPARED)


@pages.get("/calculator")
def calculator(request: Request) -> Response:
    """Rank offers by the monthly cost of the buyer's mix."""
    pairs = forms.pairs(request)
    has_mix = any(name in forms.MIX for name, _ in pairs)
    query = forms.parse_query(
        forms.CalculatorQuery, pairs if has_mix else [*pairs, *forms.as_pairs(forms.MIX)]
    )

    def make(reading: Reading) -> dict[str, Any]:
        result = find_estimate(reading, query)
        for need in result["needs"]:
            for name, items in (("rows", need["items"]), ("others", need["unranked"])):
                views = card_views(reading, [item["offer"] for item in items])
                need[name] = list(zip(items, views, strict=True))
        return {**result, "facets": find_facets(reading, query)}

    return _page(
        request,
        "calculator.html",
        make,
        query=query,
        pairs=pairs,
        cached_shares=forms.CACHED_SHARES,
    )


@pages.get("/changes")
def changes(request: Request) -> Response:
    """Show the changes of a period by kind, or of chosen kinds in pages; the newest first."""
    pairs = forms.pairs(request)
    query = forms.parse_query(forms.LogQuery, pairs)

    def make(reading: Reading) -> dict[str, Any]:
        values = bound_values(reading, query)
        counted = ("since", "task_group", "model_id", "inference_provider")
        events = reading.rows(statement("select_events"), {name: values[name] for name in counted})
        numbers = {row["event"]: row["n"] for row in events}
        kinds = {"chosen": query.event} if query.event else KINDS
        found = {}
        for kind, names in kinds.items():
            page_of = {"before": query.before, "count": query.limit + 1, "event": list(names)}
            rows = reading.rows(statement("select_latest_changes"), {**values, **page_of})
            page = rows[: query.limit]
            found[kind] = {
                "days": change_days(page),
                "events": names,
                "total": sum(numbers.get(name, 0) for name in names),
                "before": page[-1]["change_id"] if len(rows) > query.limit else None,
            }
        return {"kinds": found, "events": events, "periods": forms.PERIODS}

    return _page(request, "changes.html", make, query=query, pairs=pairs)


@pages.get("/status")
def status(request: Request) -> Response:
    """Show the age of the data, and what is missing or held."""

    def make(reading: Reading) -> dict[str, Any]:
        providers = list(providers_of(reading).values())
        published_at = reading.publication["published_at"]
        return {
            **find_status(reading, now=datetime.now(UTC)),
            "coverage": reading.rows(statement("select_coverage")),
            "providers": providers,
            "left": [p for p in providers if left_note(p, published_at)],
        }

    return _page(request, "status.html", make)


@pages.get("/api")
def api(request: Request) -> Response:
    """List the routes of the API and their parameters, from its OpenAPI document."""
    document = request.app.openapi()
    routes = [(path, item["get"]) for path, item in document["paths"].items() if "get" in item]
    return _page(
        request,
        "api.html",
        lambda _: {},
        routes=routes,
        problem_types=TYPES,
        root=str(request.base_url),
    )


@pages.get("/theme")
def theme(to: Literal["light", "dark", "system"] = "system", back: str = "/") -> Response:
    """Store the choice of light or dark in a cookie, and redirect back."""
    # Only a path on this server: neither another host nor a scheme.
    safe = back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/"
    response = RedirectResponse(safe, 303)
    if to in THEMES:
        response.set_cookie("theme", to, max_age=31_536_000, httponly=True, samesite="lax")
    else:
        response.delete_cookie("theme")
    return response


def _page(
    request: Request,
    template: str,
    make: Callable[[Reading], dict[str, Any]],
    *,
    publication_id: str | None = None,
    **more: Any,
) -> Response:
    renderer: Pages = request.app.state.pages
    with app_state_of(request).pool.reading(publication_id) as reading:
        return renderer.render(
            request,
            template,
            publication=reading.publication,
            totals=find_counts(reading),
            **make(reading),
            **more,
        )


def _moved(request: Request, path: str) -> Response:
    """Redirect to the same page under the name of today: a link of before leads there."""
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"/{quote(path)}{query}", 307)


def _lowest(cards: list[dict[str, Any]]) -> dict[str, Any]:
    """Return column → the lowest cost, where at least two of these cards are rankable by it."""
    columns = [c for c in cards[0] if c.startswith("cost_per_")] if cards else []
    lowest = {}
    for column in columns:
        costs = [c[column] for c in cards if c["rankable"] and c[column] is not None]
        if len(costs) > 1:
            lowest[column] = min(costs)
    return lowest
