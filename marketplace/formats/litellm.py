"""LiteLLM: entries for its map of model costs, and a configuration of its proxy.

Source of the shape: `model_prices_and_context_window.json` and `litellm.completion_cost` of the
package litellm. The entries are those of this publication and no copy of LiteLLM's own map: other
people's prices could not be proven here. So the map has fewer entries than half of LiteLLM's, which
`LITELLM_MODEL_COST_MAP_URL` refuses; `litellm.register_model` takes it as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from marketplace.formats.encoding import Origin, encode, members, number
from marketplace.formats.price_sets import Amounts
from marketplace.formats.routes import ROUTER, Route
from marketplace.formats.tiers import (
    SERVICE_TIERS,
    context_tiers,
    has_tokens,
    is_expressible,
    of_tier,
)
from schemas.units import CACHED_INPUT, STANDARD, TOKENS

_TOKEN_KEYS = {
    "input_token": "input_cost_per_token",
    "output_token": "output_cost_per_token",
    CACHED_INPUT: "cache_read_input_token_cost",
    "cache_write_token": "cache_creation_input_token_cost",
    "reasoning_token": "output_cost_per_reasoning_token",
}
_SUFFIXES = {"flex": "_flex", "priority": "_priority", "batch": "_batches"}
_MEDIA: dict[str, tuple[str, str, str]] = {
    "text-to-image": ("image_generation", "image", "output_cost_per_image"),
    "image-to-image": ("image_generation", "image", "output_cost_per_image"),
    "automatic-speech-recognition": (
        "audio_transcription",
        "second_of_audio",
        "input_cost_per_second",
    ),
    "text-to-speech": ("audio_speech", "character", "input_cost_per_character"),
    "text-to-video": ("video_generation", "second_of_video", "output_cost_per_second"),
    "image-to-video": ("video_generation", "second_of_video", "output_cost_per_second"),
}
"""Task → mode of the entry, the unit that it has a key for, and the key."""
_TOKEN_MODES = {"text": "chat", "embedding": "embedding"}


def write(routes: Iterable[Route], origin: Origin) -> Iterator[bytes]:
    """Yield the map: `openai/<model>:<provider>` → its costs in USD per one unit.

    Under `huggingface/…` LiteLLM books chat at zero whatever its map has.
    """
    return members(
        (f"openai/{route.name}", found)
        for route in routes
        if (found := entry(route, origin)) is not None
    )


def write_config(routes: Iterable[Route], origin: Origin) -> Iterator[bytes]:
    """Yield the proxy's `model_list`, with the live routes of chat and their costs."""
    yield f"# {origin.note}\n".encode()
    if origin.attribution:
        yield f"# {' '.join(origin.attribution.split())}\n".encode()
    heading = b"model_list:\n"
    for route in routes:
        costs = entry(route, origin) if route.is_live and route.task == "conversational" else None
        if costs is not None:
            yield heading + b"".join(_deployment(route, costs))
            heading = b""
    if heading:
        yield b"model_list: []\n"


def entry(route: Route, origin: Origin) -> dict[str, Any] | None:
    """Return the entry of a route; None where LiteLLM has no unit for one of its prices."""
    costs = _costs(route)
    if costs is None:
        return None
    mode, prices = costs
    stated = {
        "max_input_tokens": route.context_length,
        "supports_function_calling": route.facts["supports_tools"],
        "supports_response_schema": route.facts["supports_structured_output"],
    }
    return {
        "litellm_provider": "openai",
        "mode": mode,
        **prices,
        **{key: value for key, value in stated.items() if value is not None},
        "source": f"https://huggingface.co/{route.model_id}",
        "metadata": {
            "notes": origin.note,
            "offer_id": route.facts["offer_id"],
            "inference_provider": route.provider,
            "price_last_seen_on": route.seen_on,
        },
    }


def _costs(route: Route) -> tuple[str, dict[str, Any]] | None:
    amounts = route.amounts
    if has_tokens(amounts):
        mode = _TOKEN_MODES.get(route.task_group)
        return (mode, _token_costs(amounts)) if mode else None
    if route.task not in _MEDIA:
        return None
    mode, unit, key = _MEDIA[route.task]
    if not is_expressible(amounts, {unit}):
        return None
    costs = {key: number(amounts[unit, STANDARD])}
    if unit == "second_of_video":
        for (each, tier), amount in amounts.items():
            if each == unit and tier != STANDARD and tier not in SERVICE_TIERS:
                costs[f"{key}_{tier}"] = number(amount)
    return mode, costs


def _token_costs(amounts: Amounts) -> dict[str, Any]:
    costs = {_TOKEN_KEYS[unit]: number(amount) for unit, amount in of_tier(amounts).items()}
    for size, tier in context_tiers(amounts).items():
        for unit, amount in tier.items():
            if unit in TOKENS:
                costs[f"{_TOKEN_KEYS[unit]}_above_{size}_tokens"] = number(amount)
    for name, suffix in _SUFFIXES.items():
        for unit, amount in of_tier(amounts, name).items():
            if unit in TOKENS:
                costs[f"{_TOKEN_KEYS[unit]}{suffix}"] = number(amount)
    return costs


def _deployment(route: Route, costs: dict[str, Any]) -> Iterator[bytes]:
    """Yield one item of the list. Each value is JSON, which is YAML too."""
    yield b"  - model_name: " + encode(route.name) + b"\n    litellm_params:\n"
    parameters = {
        "model": f"openai/{route.name}",
        "api_base": ROUTER,
        "api_key": "os.environ/HF_TOKEN",
    }
    for name, value in parameters.items():
        yield f"      {name}: ".encode() + encode(value) + b"\n"
    yield b"    model_info:\n"
    for name, value in costs.items():
        if name != "litellm_provider":
            yield f"      {name}: ".encode() + encode(value) + b"\n"
