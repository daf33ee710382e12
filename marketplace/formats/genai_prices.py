"""genai-prices, version 2 of its data: providers with models, and prices by the day they began.

Source of the shape: `prices/new_data/v2/data.schema.json` in the repository pydantic/genai-prices.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from hashlib import sha256
from itertools import groupby
from typing import Any

from marketplace.formats.encoding import Origin, array, number
from marketplace.formats.price_sets import Amounts, DayPrices, by_day
from marketplace.formats.routes import ROUTER, Route
from marketplace.formats.tiers import SERVICE_TIERS, context_tiers, is_expressible, of_tier
from schemas.amounts import MILLION

UNITS: dict[str, tuple[str, Decimal]] = {
    "input_token": ("input_mtok", MILLION),
    "output_token": ("output_mtok", MILLION),
    "cached_input_token": ("cache_read_mtok", MILLION),
    "cache_write_token": ("cache_write_mtok", MILLION),
    "reasoning_token": ("output_reasoning_mtok", MILLION),
    "character": ("input_mchars", MILLION),
    # `input_audio_hours` alone is refused, because its parent unit would have no price
    "second_of_audio": ("audio_hours", Decimal(3600)),
    "request": ("requests_kcount", Decimal(1000)),
}
"""Our unit → the key of the format, and how many of the unit its number is for."""
MAX_ID = 100
_ANCESTOR = {
    "cached_input_token": "input_token",
    "cache_write_token": "input_token",
    "reasoning_token": "output_token",
}
_TOKEN_COUNTS = [
    {"path": "prompt_tokens", "dest": "input_tokens", "required": True},
    {
        "path": ["prompt_tokens_details", "cached_tokens"],
        "dest": "cache_read_tokens",
        "required": False,
    },
    {
        "path": ["completion_tokens_details", "reasoning_tokens"],
        "dest": "output_reasoning_tokens",
        "required": False,
    },
    {"path": "completion_tokens", "dest": "output_tokens", "required": True},
]
"""Where an answer of the router has its token counts."""


def write(routes: Iterable[Route], origin: Origin) -> Iterator[bytes]:
    """Yield the array of providers; the routes are ordered by provider.

    The format has no end of a price, so that a route is in it only while its price is known. Before
    the first day of a price and in a time when it was unknown, the library uses the price next to
    it.
    """
    return array(_providers(routes, origin))


def _providers(routes: Iterable[Route], origin: Origin) -> Iterator[dict[str, Any]]:
    for provider, group in groupby(routes, key=lambda route: route.provider):
        models: list[dict[str, Any]] = []
        name = provider
        for route in group:
            name = route.provider_name
            if is_expressible(route.amounts, UNITS):
                models.append(_model(route))
        if models:
            yield {
                "id": f"huggingface_{provider}",
                "name": f"HuggingFace ({name})",
                "api_pattern": ROUTER.replace(".", r"\.").replace("/v1", f"/{provider}"),
                "pricing_urls": [f"{ROUTER}/models"],
                "price_comments": f"{origin.note} {origin.attribution}"[:1000],
                "provider_match": {"equals": f"huggingface_{provider}"},
                "extractors": [
                    {
                        "root": "usage",
                        "mappings": _TOKEN_COUNTS,
                        "api_flavor": flavor,
                        "model_path": "model",
                    }
                    for flavor in ("default", "chat")
                ],
                "models": models,
            }


def _model(route: Route) -> dict[str, Any]:
    model: dict[str, Any] = {
        "id": short_id(route.model_id),
        "match": {"or": [{"equals": route.model_id}, {"equals": route.name}]},
        "price_comments": f"Price last seen on {route.seen_on}.",
    }
    if route.context_length is not None:
        model["context_window"] = route.context_length
    days = [day for day in by_day(route.sets) if is_expressible(day.amounts, UNITS)]
    if len(days) < 2:
        model["prices"] = prices(route.amounts)
    else:
        model["prices"] = [{**_since(day), "prices": prices(day.amounts)} for day in days]
    if variants := list(_variants(days)):
        model["price_variants"] = variants
    return model


def prices(amounts: Amounts) -> dict[str, Any]:
    """Return the prices of the standard tier; of a unit with context tiers, with those."""
    standard, tiers = of_tier(amounts), context_tiers(amounts)
    found: dict[str, Any] = {}
    for unit, amount in standard.items():
        if unit not in UNITS or _ANCESTOR.get(unit, unit) not in standard:
            continue
        key, quantity = UNITS[unit]
        steps = [
            {"start": size, "price": number(tier[unit] * quantity)}
            for size, tier in tiers.items()
            if unit in tier
        ]
        base = number(amount * quantity)
        found[key] = {"base": base, "tiers": steps} if steps else base
    return found


def _variants(days: list[DayPrices]) -> Iterator[dict[str, Any]]:
    """Yield the prices of service tiers, the newest first, as far back as each was stated."""
    for tier in SERVICE_TIERS:
        for day in reversed(days):
            stated = of_tier(day.amounts, tier)
            if not stated:
                break
            found = {
                UNITS[unit][0]: number(amount * UNITS[unit][1])
                for unit, amount in stated.items()
                if unit in UNITS
            }
            yield {"when": {"service_tier": tier}, **_since(day), "prices": found}


def _since(day: DayPrices) -> dict[str, Any]:
    return {"constraint": {"start_date": day.first.isoformat()}}


def short_id(model_id: str) -> str:
    """Return an id that the schema takes: at most 100 characters, still one for each model."""
    if len(model_id) <= MAX_ID:
        return model_id
    return f"{model_id[: MAX_ID - 9]}-{sha256(model_id.encode()).hexdigest()[:8]}"
