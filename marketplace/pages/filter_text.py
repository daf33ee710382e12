"""Filters in plain text, as the chips of a page show them: `Tool calling`, `≥ 100k context`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from marketplace.numbers import short
from marketplace.pages.labels import GROUPS, REGIONS

Pair = tuple[str, str]
_TRUE = {"true", "1", "yes", "y", "on", "t"}
_YES_OR_NO = {
    "tools": ("Tool calling", "No tool calling"),
    "structured_output": ("Structured output", "No structured output"),
    "priced_only": ("With a price", "With or without a price"),
    "rankable_only": ("Comparable cost", "Comparable cost or not"),
}
"""Filter → its text where it is true, and where it is false."""
_LIMITS = {
    "max_cost_per_million_tokens": "≤ ${} per 1M tokens, blended 3:1",
    "max_cost_per_image": "≤ ${} per image",
    "max_cost_per_audio_minute": "≤ ${} per minute of audio",
    "max_cost_per_video_second": "≤ ${} per second of video",
    "min_throughput_tps": "≥ {} tokens/s",
    "max_first_token_latency_ms": "first token ≤ {} ms",
}
_NAMED: dict[str, Callable[[str], str]] = {
    "task": lambda value: GROUPS.get(value, value),
    "region": lambda value: region_name(value),
    "region_mode": lambda value: (
        "Unverified locations too" if value == "lenient" else "Verified locations"
    ),
    "status": lambda value: f"Status: {value}",
    "offer_type": lambda value: {
        "model": "Models",
        "adapter": "Adapters (LoRA)",
        "all": "Models and adapters",
    }.get(value, value),
    "min_context_length": lambda value: f"≥ {short(int(value))} context",
    "provider": lambda value: f"Source: {value}",
    "q": lambda value: f"“{value}”",
}


def region_name(region: str) -> str:
    """Return `EU`, `Multiple regions`, `Location unverified`, or a country's two letters."""
    named = REGIONS.get(region.lower(), region.upper())
    return "Location unverified" if named == "unverified" else named


def filter_text(name: str, value: str, providers: Mapping[str, str]) -> str:
    """Return the text of a filter that passed validation; `providers` is id → displayed name."""
    if name in _YES_OR_NO:
        return _YES_OR_NO[name][value.lower() not in _TRUE]
    if name in _LIMITS:
        return _LIMITS[name].format(value)
    if name == "inference_provider":
        return providers.get(value, value)
    named = _NAMED.get(name)
    return named(value) if named else value


def chips(pairs: list[Pair], providers: Mapping[str, str]) -> list[tuple[str, Pair]]:
    """Return (text, pair) of each active filter, so that a page can remove it alone."""
    no_filters = {"sort", "order", "view", "limit", "cursor"}
    return [(filter_text(n, v, providers), (n, v)) for n, v in pairs if n not in no_filters]
