"""OpenRouter's list of models, and the endpoints of one: what its clients read.

Source of the shape: `ModelsListResponse`, `ListEndpointsResponse` and `PublicEndpoint` of the
package openrouter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice
from typing import Any
from urllib.parse import quote

from marketplace.formats.encoding import Origin, array, encode
from marketplace.formats.price_sets import Amounts, main_units
from marketplace.formats.routes import Route
from marketplace.formats.tiers import context_tiers, has_tokens, of_tier
from schemas.amounts import amount_text

_KEYS = {
    "input_token": "prompt",
    "output_token": "completion",
    "cached_input_token": "input_cache_read",
    "cache_write_token": "input_cache_write",
    "reasoning_token": "internal_reasoning",
}
_OVERRIDDEN = ("input_token", "output_token", "cached_input_token", "cache_write_token")
"""The units that a price for long prompts has a key for."""
_SERVICE_TIERS = ("flex", "priority")
_OUTPUTS = {"text": "text", "embedding": "embeddings"}
_LIVE = 0


def write(routes: Iterable[Route], origin: Origin) -> Iterator[bytes]:
    """Yield the list; the routes are ordered by model.

    A model of the list is what a call of the router names: each route as `org/model:provider`, and
    `org/model` where the price of its one default route is known.
    """
    counter = _ItemCount()
    yield b'{"data": '
    yield from array(counter.count(_models(routes, origin)))
    yield b', "total_count": ' + encode(counter.total) + b', "links": {"next": null}}\n'


def page_of(lines: Iterable[bytes], *, offset: int, limit: int, next_page: str) -> bytes:
    """Return a page of a whole list that `write` wrote, of which each model is a line.

    `next_page` is the address of the page after it, which is named if there is one.
    """
    chosen, total = [], 0
    for line in islice(lines, 1, None):
        if line.startswith(b"{"):
            if offset <= total < offset + limit:
                chosen.append(line.rstrip(b",\n"))
            total += 1
    more = next_page if offset + limit < total else None
    end = encode({"total_count": total, "links": {"next": more}})
    return b'{"data":[' + b",".join(chosen) + b"]," + end[1:]


class _ItemCount:
    """The number of the items that went by."""

    def __init__(self) -> None:
        self.total = 0

    def count(self, items: Iterable[object]) -> Iterator[object]:
        """Yield the items."""
        for item in items:
            self.total += 1
            yield item


def _models(routes: Iterable[Route], origin: Origin) -> Iterator[dict[str, Any]]:
    for _, group in groupby(filter(_is_billed_by_tokens, routes), key=lambda each: each.model_id):
        of_model = list(group)
        for route in of_model:
            if route.facts["is_default"]:
                yield _model(route, route.model_id, origin)
        for route in of_model:
            yield _model(route, route.name, origin)


def write_endpoints(
    model_id: str, routes: Sequence[Route], origin: Origin, *, created: int
) -> Iterator[bytes]:
    """Yield the endpoints of one model.

    An endpoint needs a context length, so that a route whose length no source states is left out.
    """
    billed = [route for route in routes if _is_billed_by_tokens(route)]
    data = {
        "id": model_id,
        "name": model_id,
        "created": created,
        "description": f"{origin.note} {origin.attribution}".strip(),
        "architecture": {
            **_architecture(billed[0] if billed else None),
            "instruct_type": None,
            "tokenizer": None,
        },
        "endpoints": [
            endpoint
            for route in billed
            if route.context_length is not None
            for endpoint in _endpoints(route)
        ],
    }
    yield encode({"data": data}) + b"\n"


def _is_billed_by_tokens(route: Route) -> bool:
    return has_tokens(route.amounts) and route.task_group in _OUTPUTS


def _model(route: Route, name: str, origin: Origin) -> dict[str, Any]:
    return {
        "id": name,
        "canonical_slug": route.model_id,
        "hugging_face_id": route.model_id,
        "name": name,
        "created": int(route.since.timestamp()),
        "description": f"Served by {route.provider_name} through Hugging Face. "
        f"Price last seen on {route.seen_on}. {origin.note}",
        "context_length": route.context_length,
        "architecture": _architecture(route),
        "pricing": _pricing(route.amounts),
        "top_provider": {
            "context_length": route.context_length,
            "max_completion_tokens": None,
            "is_moderated": False,
        },
        "supported_parameters": _parameters(route),
        "per_request_limits": None,
        "default_parameters": None,
        "supported_voices": None,
        "links": {"details": f"{origin.root_path}/api/v1/models/{quote(route.model_id)}/endpoints"},
    }


def _endpoints(route: Route) -> Iterator[dict[str, Any]]:
    yield _endpoint(route, None)
    for tier in _SERVICE_TIERS:
        if "input_token" in of_tier(route.amounts, tier):
            yield _endpoint(route, tier)


def _endpoint(route: Route, tier: str | None) -> dict[str, Any]:
    """Return an endpoint. Latency, throughput and uptime of calls stay null: nobody measures any
    here."""
    endpoint: dict[str, Any] = {
        "name": f"{route.provider_name} | {route.name}",
        "model_id": route.model_id,
        "model_name": route.model_id,
        "provider_name": route.provider_name,
        "tag": route.provider if tier is None else f"{route.provider}/{tier}",
        "context_length": route.context_length,
        "max_completion_tokens": None,
        "max_prompt_tokens": None,
        "native_tools": {},
        "pricing": _pricing(route.amounts, tier),
        "quantization": None,
        "service_tier": tier,
        "supported_parameters": _parameters(route),
        "supports_diarization": False,
        "supports_implicit_caching": False,
        "supports_tool_choice": dict.fromkeys(("auto", "function", "none", "required"), False),
    }
    for name in ("latency_last_30m", "throughput_last_30m"):
        endpoint[name] = None
    for name in ("uptime_last_5m", "uptime_last_30m", "uptime_last_1d"):
        endpoint[name] = None
    if route.is_live:
        endpoint["status"] = _LIVE  # what the other values mean is documented nowhere
    return endpoint


def _pricing(amounts: Amounts, tier: str | None = None) -> dict[str, Any]:
    prices = of_tier(amounts)
    if tier is not None:
        prices = {**prices, **of_tier(amounts, tier)}
    pricing: dict[str, Any] = {
        _KEYS[unit]: amount_text(amount) for unit, amount in prices.items() if unit in _KEYS
    }
    if "output_token" not in main_units(amounts):
        pricing["completion"] = "0"  # an embedding returns no tokens, and the key is required
    overrides = [
        {
            "min_prompt_tokens": size,
            **{
                _KEYS[unit]: amount_text(amount)
                for unit, amount in stated.items()
                if unit in _OVERRIDDEN
            },
        }
        for size, stated in (context_tiers(amounts) if tier is None else {}).items()
    ]
    return {**pricing, "overrides": overrides} if overrides else pricing


def _architecture(route: Route | None) -> dict[str, Any]:
    stated = route.facts if route else {}
    inputs = stated.get("input_modalities") or ["text"]
    outputs = stated.get("output_modalities") or [
        _OUTPUTS.get(route.task_group, "text") if route else "text"
    ]
    return {
        "modality": f"{'+'.join(inputs)}->{'+'.join(outputs)}",
        "input_modalities": list(inputs),
        "output_modalities": list(outputs),
    }


def _parameters(route: Route) -> list[str]:
    found = ["tools"] if route.facts["supports_tools"] else []
    if route.facts["supports_structured_output"]:
        found += ["response_format", "structured_outputs"]
    return found
