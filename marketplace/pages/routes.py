"""The pages: the data of the API, with texts for buyers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from marketplace.api.document import read_examples
from marketplace.app_state import app_state_of
from marketplace.cursor import Cursor
from marketplace.pages import charts, forms, wording
from marketplace.pages.card_view import card_views
from marketplace.pages.change_view import KINDS, change_days
from marketplace.pages.filter_text import chips
from marketplace.pages.page import page_of, page_of_any_home
from marketplace.pages.rendering import THEMES
from marketplace.problems import TYPES
from marketplace.queries.details import (
    todays_offer,
)
from marketplace.queries.estimate import find_estimate
from marketplace.queries.model_lookup import bound_values
from marketplace.queries.offers import (
    find_comparable,
    find_facets,
    find_offers,
    find_page_before,
    find_suggestions,
)
from marketplace.queries.providers import provider_names, providers_of
from marketplace.queries.status import find_status
from marketplace.root_path import root_of
from marketplace.statements import MATCHED, statement
from warehouse.publication.reader_pool import Reading

pages = APIRouter(include_in_schema=False)
MAX_COMPARED, MAX_ADDED = 6, 12


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
            "cards_before": 0,
            "before": None,
            "total": page.total,
            "next": page.next,
        }
        known = [(name, value) for name, value in pairs if name in forms.BrowseQuery.model_fields]
        values["chips"] = chips(known, provider_names(reading))
        if cursor:
            values["cards_before"], values["before"] = find_page_before(reading, query, cursor)
        if query.view == "chart":
            points = reading.rows(
                statement(MATCHED, "select_chart_points"), bound_values(reading, query)
            )
            best = charts.frontier(points)
            chart = charts.cost_and_speed(points, best) if points else None
            return {**values, "chart": chart, "points": points, "best": best}
        return {**values, "views": card_views(reading, page.items)}

    publication_id = cursor.publication_id if cursor else None
    return page_of(
        request,
        "browse.html",
        make,
        publication_id=publication_id,
        query=query,
        pairs=pairs,
    )


@pages.get("/compare")
def compare(request: Request) -> Response:
    """Show a few offers side by side."""
    query = forms.parse_query(forms.CompareQuery, forms.pairs(request))
    offer_ids = list(dict.fromkeys(text.lower() for text in query.offer))[:MAX_COMPARED]

    def make(reading: Reading) -> dict[str, Any]:
        today = [todays_offer(reading, offer_id) for offer_id in offer_ids]
        cards = (
            reading.rows(statement("select_offers_by_id"), {"offers": today}) if offer_ids else []
        )
        place = {offer_id: number for number, offer_id in enumerate(today)}
        cards.sort(key=lambda card: place[card["offer_id"]])
        chosen = [card["offer_id"] for card in cards]
        others = []
        if len(chosen) < MAX_COMPARED and (chosen or query.q):
            others = find_comparable(reading, chosen, query.q or "", MAX_ADDED)
        return {
            "views": card_views(reading, cards),
            "missing": len(offer_ids) - len(cards),
            "lowest": _lowest(cards),
            "chosen": chosen,
            "others": card_views(reading, others),
        }

    return page_of(request, "compare.html", make, max_compared=MAX_COMPARED, query=query)


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
            offers = [item["offer"] for item in need["left_out"]]
            need["rest"] = list(zip(need["left_out"], card_views(reading, offers), strict=True))
        return {**result, "facets": find_facets(reading, query)}

    return page_of(
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

    return page_of(request, "changes.html", make, query=query, pairs=pairs)


@pages.get("/status")
def status(request: Request) -> Response:
    """Show the age of the data, and what is missing or held."""

    state = app_state_of(request)

    def make(reading: Reading) -> dict[str, Any]:
        providers = list(providers_of(reading).values())
        published_at = reading.publication["published_at"]
        return {
            **find_status(
                reading, state.pool.home, stale_after=state.stale_after, now=datetime.now(UTC)
            ),
            "coverage": reading.rows(statement("select_coverage")),
            "providers": providers,
            "left": [p for p in providers if wording.left_note(p, published_at)],
        }

    return page_of(request, "status.html", make)


@pages.get("/api")
def api(request: Request) -> Response:
    """List the routes of the API and their parameters, from its OpenAPI document."""
    document = request.app.openapi()
    routes = [
        (path, method.upper(), operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
    ]
    return page_of_any_home(
        request,
        "api.html",
        routes=routes,
        problem_types=TYPES,
        examples=read_examples(),
        root=str(request.base_url),
    )


@pages.get("/theme")
def theme(
    request: Request, to: Literal["light", "dark", "system"] = "system", back: str = "/"
) -> Response:
    """Store the choice of light or dark in a cookie, and redirect back."""
    # Only a path on this server: neither another host nor a scheme.
    safe = back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/"
    root = root_of(request)
    response = RedirectResponse(root + safe.removeprefix(root), 303)
    cookie_path = f"{root}/"
    if to in THEMES:
        response.set_cookie(
            "theme", to, max_age=31_536_000, path=cookie_path, httponly=True, samesite="lax"
        )
    else:
        response.delete_cookie("theme", path=cookie_path)
    return response


def _lowest(cards: list[dict[str, Any]]) -> dict[str, Any]:
    """Return column → the lowest cost, where at least two of these cards are rankable by it."""
    columns = [c for c in cards[0] if c.startswith("cost_per_")] if cards else []
    lowest = {}
    for column in columns:
        costs = [c[column] for c in cards if c["rankable"] and c[column] is not None]
        if len(costs) > 1:
            lowest[column] = min(costs)
    return lowest
