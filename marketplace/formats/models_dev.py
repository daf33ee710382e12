"""models.dev: one provider with its models, as in its `api.json`.

Source of the shape: `packages/core/src/schema.ts` and `providers/huggingface/provider.toml` in the
repository anomalyco/models.dev. Its schema is strict, and a model needs facts that no feed of
Hugging Face states today, so that the list of models is empty until one does: a guess would be
loaded as a fact.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from marketplace.formats.encoding import Origin, encode, number
from marketplace.formats.price_sets import Amounts
from marketplace.formats.routes import ROUTER, Route
from marketplace.formats.tiers import context_tiers, has_tokens, of_tier, per_million

REQUIRED = frozenset(
    {
        "id",
        "name",
        "attachment",
        "reasoning",
        "tool_call",
        "release_date",
        "last_updated",
        "modalities",
        "open_weights",
        "limit",
    }
)
REQUIRED_LIMITS = frozenset({"context", "output"})
_MODALITIES = frozenset({"text", "audio", "image", "video", "pdf"})
_COSTS = {
    "input_token": "input",
    "output_token": "output",
    "cached_input_token": "cache_read",
    "cache_write_token": "cache_write",
}


def write(routes: Iterable[Route], origin: Origin) -> Iterator[bytes]:
    """Yield the providers of which the file has one; the schema has no room for its origin."""
    models = {route.name: found for route in routes if (found := complete(stated_facts(route)))}
    provider = {
        "id": "huggingface",
        "env": ["HF_TOKEN"],
        "npm": "@ai-sdk/openai-compatible",
        "api": ROUTER,
        "name": "Hugging Face",
        "doc": "https://huggingface.co/docs/inference-providers",
        "models": models,
    }
    yield encode({"huggingface": provider}) + b"\n"


def stated_facts(route: Route) -> dict[str, Any]:
    """Return the fields of a model that the sources state; one that they do not has no key."""
    facts: dict[str, Any] = {"id": route.name, "name": route.name}
    if (tools := route.facts["supports_tools"]) is not None:
        facts["tool_call"] = tools
    if (structured := route.facts["supports_structured_output"]) is not None:
        facts["structured_output"] = structured
    if route.context_length is not None:
        facts["limit"] = {"context": route.context_length}
    inputs, outputs = route.facts["input_modalities"], route.facts["output_modalities"]
    if inputs and outputs and _MODALITIES.issuperset([*inputs, *outputs]):
        facts["modalities"] = {"input": list(inputs), "output": list(outputs)}
    if has_tokens(route.amounts) and (cost := _cost(route.amounts)):
        facts["cost"] = cost
    return facts


def complete(facts: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the model; None where a required field or its cost is not known."""
    if not facts.keys() >= REQUIRED | {"cost"} or not facts["limit"].keys() >= REQUIRED_LIMITS:
        return None
    return dict(facts)


def _cost(amounts: Amounts) -> dict[str, Any] | None:
    standard = of_tier(amounts)
    if not standard.keys() >= {"input_token", "output_token"}:
        return None
    tiers = [
        {"tier": {"type": "context", "size": size}, **_numbers({**standard, **stated})}
        for size, stated in context_tiers(amounts).items()
    ]
    costs = _numbers(standard)
    return {**costs, "tiers": tiers} if tiers else costs


def _numbers(prices: Mapping[str, Any]) -> dict[str, Any]:
    found = {key: per_million(prices, unit) for unit, key in _COSTS.items()}
    return {key: number(amount) for key, amount in found.items() if amount is not None}
