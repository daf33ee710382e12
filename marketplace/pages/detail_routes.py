"""The pages of one model, one offer and one provider."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from marketplace.app_state import app_state_of
from marketplace.pages import charts, forms, wording
from marketplace.pages.card_view import CardView, card_views
from marketplace.pages.change_view import change_days
from marketplace.pages.page import moved, page_of
from marketplace.queries.details import (
    find_history,
    find_model,
    find_model_history,
    find_offer,
    find_past_prices,
    todays_offer,
)
from marketplace.queries.filters import ChangesQuery, OffersQuery
from marketplace.queries.model_lookup import bound_values, todays_name
from marketplace.queries.offers import find_offers
from marketplace.queries.parameter_types import LAST_CHANGE_ID, ModelId, OfferId, ShortText
from marketplace.queries.providers import (
    find_provider,
    provider_id,
    provider_names,
    providers_of,
)
from marketplace.queries.status import find_feeds
from marketplace.statements import statement
from warehouse.publication.reader_pool import Reading

detail_pages = APIRouter(include_in_schema=False)
MAX_PROVIDER_OFFERS, MAX_PROVIDER_CHANGES = 100, 20


@detail_pages.get("/models/{model_id:path}")
def model(request: Request, model_id: Annotated[ModelId, Path()]) -> Response:
    """Show a model's offers side by side, their spread and their price history."""
    with app_state_of(request).pool.reading() as reading:
        name_today = todays_name(reading, model_id)
    if name_today != model_id:
        return moved(request, f"models/{name_today}")
    as_of = request.query_params.get("as_of", "")
    moment = forms.parse_moment(as_of)

    def make(reading: Reading) -> dict[str, Any]:
        details = find_model(reading, model_id)
        name = details["model"]["model_id"]
        displayed = provider_names(reading)
        rows = [
            {**row, "inference_provider": displayed.get(row["inference_provider"])}
            for row in find_model_history(reading, name)
        ]
        until = reading.publication["observed_to"]
        price_charts = {
            series: charts.history(list(intervals), until)
            for series, intervals in groupby(rows, key=itemgetter("unit", "currency"))
        }
        views = card_views(reading, details["offers"])
        names = _distinct_names(views)
        speeds_by_name = {names[offer]: days for offer, days in details["speeds"].items()}
        past_prices = []
        if moment:
            past_prices = find_past_prices(reading, name, moment)
        return {
            **details,
            "views": views,
            "availability_by_name": {
                names[offer]: periods for offer, periods in details["availability"].items()
            },
            "speeds_by_name": speeds_by_name,
            "speed_chart": _speeds_chart(speeds_by_name),
            "history": rows,
            "price_charts": price_charts,
            "providers": providers_of(reading),
            "past_prices": past_prices,
        }

    return page_of(request, "model.html", make, as_of=as_of, moment=moment)


@detail_pages.get("/offers/{offer_id}")
def offer(request: Request, offer_id: Annotated[OfferId, Path()]) -> Response:
    """Show one offer, its prices as stated and as converted, and the proof of each."""
    with app_state_of(request).pool.reading() as reading:
        id_today = todays_offer(reading, offer_id)
    if id_today != offer_id:
        return moved(request, f"offers/{id_today}")

    def make(reading: Reading) -> dict[str, Any]:
        details = find_offer(reading, offer_id)
        (view,) = card_views(reading, [details["offer"]])
        provider = {"inference_provider": details["offer"]["inference_provider"]}
        return {
            **details,
            "view": view,
            "speed_chart": _speed_chart(view.provider_name, details["speeds"]),
            "history": find_history(reading, offer_id)["items"],
            "claims": reading.rows(statement("select_provider_claims"), provider),
            "provider": providers_of(reading).get(provider["inference_provider"]),
        }

    return page_of(request, "offer.html", make)


@detail_pages.get("/providers/{name}")
def provider(request: Request, name: Annotated[ShortText, Path()]) -> Response:
    """Show who a provider is, where it runs models, and its offers, the cheapest first."""
    with app_state_of(request).pool.reading() as reading:
        name_today = provider_id(reading, name)
    if name_today != name:
        return moved(request, f"providers/{name_today}")

    def make(reading: Reading) -> dict[str, Any]:
        details = find_provider(reading, name)
        row = providers_of(reading)[name]
        query = OffersQuery.model_validate(
            {"inference_provider": [name], "limit": MAX_PROVIDER_OFFERS}
        )
        offers = find_offers(reading, query, None)
        price_feed = [feed for feed in find_feeds(reading) if feed["feed"] == row["price_feed"]]
        return {
            **details,
            "name": row["display_name"] or name,
            "speed_chart": _speed_chart(row["display_name"] or name, details["speeds"]),
            "place": wording.place(row, row),
            "left_note": wording.left_note(row, reading.publication["published_at"]),
            "feed": price_feed[0] if price_feed else None,
            "views": card_views(reading, offers.items),
            "total": offers.total,
            "days": change_days(_latest_changes(reading, name)),
        }

    return page_of(request, "provider.html", make)


def _speed_chart(name: str, days: list[dict[str, Any]]) -> str | None:
    return _speeds_chart({name: days})


def _speeds_chart(speeds: Mapping[str, list[dict[str, Any]]]) -> str | None:
    """Draw speeds by name; None where fewer than two days have any."""
    measured = {
        row["day"] for rows in speeds.values() for row in rows if row["throughput_tps"] is not None
    }
    return charts.speeds(speeds) if len(measured) > 1 else None


def _distinct_names(views: Sequence[CardView]) -> dict[str, str]:
    """Return offer id → its provider's name, with the task or the provider's id where two share it.

    A model may have several offers at one provider.
    """
    names = {view.card["offer_id"]: view.provider_name for view in views}
    for fact in ("task", "provider_model_id"):
        shared = Counter(names.values())
        for view in views:
            offer = view.card["offer_id"]
            if shared[names[offer]] > 1:
                names[offer] = f"{names[offer]}, {view.card[fact] or 'no name stated'}"
    return names


def _latest_changes(reading: Reading, provider: str) -> list[dict[str, Any]]:
    query = ChangesQuery.model_validate(
        {"inference_provider": [provider], "limit": MAX_PROVIDER_CHANGES}
    )
    values = {**bound_values(reading, query), "before": LAST_CHANGE_ID}
    return reading.rows(statement("select_latest_changes"), values)
