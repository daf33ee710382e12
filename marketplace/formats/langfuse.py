"""Langfuse: one body for `POST /api/public/models` on each line, one for each price over time.

Source of the shape: `CreateModelRequest` and `PricingTierInput` of the package langfuse.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC
from decimal import Decimal
from typing import Any

from marketplace.formats.encoding import Origin, encode, number
from marketplace.formats.price_sets import Amounts, PriceSet
from marketplace.formats.routes import Route
from marketplace.formats.tiers import context_tiers, has_tokens, is_expressible, of_tier
from schemas.units import CACHED_INPUT, STANDARD

_ALIASES = {
    CACHED_INPUT: ("input_cached_tokens", "input_cache_read", "cache_read_input_tokens"),
    "cache_write_token": (
        "input_cache_write",
        "input_cache_creation",
        "cache_creation_input_tokens",
    ),
    "reasoning_token": ("output_reasoning_tokens", "output_reasoning"),
}
"""Our unit → the names that integrations of Langfuse give its tokens in a usage."""
_INSTEAD = {
    CACHED_INPUT: "input_token",
    "cache_write_token": "input_token",
    "reasoning_token": "output_token",
}
"""Langfuse takes these tokens out of the input or output and books a name without a price at zero,
so that where no price of their own is stated, they have that of the others."""
_OTHERS = {"image": ("IMAGES", "image"), "request": ("REQUESTS", "request")}
"""Our unit → the unit of the model, and the name in a usage."""
_SERVICE_TIERS = ("flex", "priority")
_ALL_INPUT = "^(input|cache_)"
"""Which names in a usage are input tokens, cached ones too."""


def write(routes: Iterable[Route], origin: Origin) -> Iterator[bytes]:
    """Yield the bodies, oldest first for each route; the format has no room for their origin.

    Langfuse takes the newest body that began before a call, and knows no end of one: a route is in
    it only while its price is known.
    """
    for route in routes:
        for each in route.sets:
            if (body := model_body(route, each)) is not None:
                yield encode(body) + b"\n"


def model_body(route: Route, prices: PriceSet) -> dict[str, Any] | None:
    """Return the body for one time of a route's prices; None where Langfuse lacks their unit."""
    shared = {
        "modelName": route.name,
        "matchPattern": f"(?i)^(openai/)?{re.escape(route.name)}$",
        "startDate": prices.since.astimezone(UTC).isoformat().replace("+00:00", "Z"),
    }
    if has_tokens(prices.amounts):
        return {**shared, "unit": "TOKENS", "pricingTiers": _token_tiers(prices.amounts)}
    for unit, (kind, name) in _OTHERS.items():
        if is_expressible(prices.amounts, {unit}):
            tier = _tier("Standard", 0, [], {name: prices.amounts[unit, STANDARD]})
            return {**shared, "unit": kind, "pricingTiers": [tier]}
    return None


def _token_tiers(amounts: Amounts) -> list[dict[str, Any]]:
    standard = of_tier(amounts)
    tiers = [_tier("Standard", 0, [], _by_name(standard))]
    for name in _SERVICE_TIERS:
        if stated := of_tier(amounts, name):
            condition = {
                "source": "model_parameters",
                "key": "service_tier",
                "operator": "in",
                "values": [name],
            }
            tiers.append(_tier(name, len(tiers), [condition], _by_name({**standard, **stated})))
    # the longest first: the first tier that matches counts
    for size, stated in reversed(context_tiers(amounts).items()):
        longer: dict[str, Any] = {"usageDetailPattern": _ALL_INPUT, "operator": "gt", "value": size}
        prices = _by_name({**standard, **stated})
        tiers.append(_tier(f"context>{size}", len(tiers), [longer], prices))
    return tiers


def _by_name(prices: dict[str, Decimal]) -> dict[str, Decimal]:
    named = {"input": prices["input_token"]}
    if "output_token" in prices:
        named["output"] = prices["output_token"]
    for unit, names in _ALIASES.items():
        amount = prices.get(unit, prices.get(_INSTEAD[unit]))
        if amount is not None:
            named.update(dict.fromkeys(names, amount))
    return named


def _tier(
    name: str, priority: int, conditions: list[dict[str, Any]], prices: dict[str, Decimal]
) -> dict[str, Any]:
    return {
        "name": name,
        "isDefault": priority == 0,
        "priority": priority,
        "conditions": conditions,
        "prices": {key: number(amount) for key, amount in prices.items()},
    }
