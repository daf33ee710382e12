"""Load the registry and the compliance claims, and find a source's adapter."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from providers.interface import AdapterContext, ProviderInterface
from schemas.compliance import ComplianceClaims
from schemas.errors import SettingsError
from schemas.registry import Registry, Source

if TYPE_CHECKING:  # commands that fetch nothing read the registry too
    pass

Model = TypeVar("Model", bound=BaseModel)

_HERE = Path(__file__).parent
REGISTRY = "provider_registry.json"
CLAIMS = "compliance_claims.json"

PRICE_FEED_REASONS = {
    "compute_time_only": "bills by compute time and hardware; no price per unit of output exists",
    "no_list_published": "publishes prices on web pages only, in no usable machine-readable list",
    "none_seen": "no price of it has been seen in any list that is read",
}
"""Why an inference provider has no price feed: the values of `price_feed_reason`."""

EARLIER_REASONS = {
    "listed_without_price": "the price lists that are read name it and state no price for it",
    "list_not_read": "publishes a machine-readable price list that no feed here reads",
}
"""Reasons in registries that earlier runs landed; replay reads those too."""

MISSING_LIST_REASONS = {
    "list_needs_key": "its price list answers only with a key, and none is set",
    "list_off": "its price list is not read unless an operator switches it on",
    "list_unanswered": "its price list has not given a whole answer yet",
}
"""Why the price list of an inference provider has stated nothing so far; each run finds it."""


def registry_bytes() -> bytes:
    """Return the bytes of the packaged registry."""
    return (_HERE / REGISTRY).read_bytes()


def claims_bytes() -> bytes:
    """Return the bytes of the packaged compliance claims."""
    return (_HERE / CLAIMS).read_bytes()


def load_registry(raw: bytes | None = None) -> Registry:
    """Read a registry, the packaged one without `raw`; SettingsError names the place of a fault."""
    registry = _load(Registry, registry_bytes() if raw is None else raw, file=REGISTRY)
    feeds = [feed.feed for _, feed in registry.feeds()]
    feeds += [estimate.feed for estimate in registry.estimates]
    providers = registry.inference_providers
    _check_unique("source", (source.source for source in registry.sources))
    _check_unique("feed", feeds)
    _check_unique("inference_provider", (entry.inference_provider for entry in providers))
    known = {entry.inference_provider for entry in providers}
    joined = {feed.feed: feed.inference_provider for feed in registry.lists()}
    joined |= {rule.feed: rule.inference_provider for rule in registry.estimates}
    for name, provider in joined.items():
        if provider not in known:
            raise SettingsError(
                f"{REGISTRY}: {name} prices {provider!r}, which inference_providers does not name"
            )
    for entry in providers:
        place = f"{REGISTRY}: inference_providers: {entry.inference_provider}"
        if entry.price_feed is not None and entry.price_feed not in feeds:
            raise SettingsError(f"{place}: price_feed {entry.price_feed!r} is no feed")
        if entry.price_feed_reason not in {None, *PRICE_FEED_REASONS, *EARLIER_REASONS}:
            raise SettingsError(
                f"{place}: price_feed_reason {entry.price_feed_reason!r} is none of "
                + ", ".join(PRICE_FEED_REASONS)
            )
    return registry


def load_claims(raw: bytes | None = None) -> ComplianceClaims:
    """Read compliance claims, the packaged ones without `raw`; SettingsError as above."""
    return _load(ComplianceClaims, claims_bytes() if raw is None else raw, file=CLAIMS)


def adapter_for(source: Source, context: AdapterContext) -> ProviderInterface:
    """Make the source's adapter; SettingsError when its `module:class` leads to none."""
    place = f"{REGISTRY}: {source.source}: adapter {source.adapter!r}"
    module, _, name = source.adapter.partition(":")
    try:
        adapter = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise SettingsError(f"{place} cannot be found: {error}") from error
    if not (isinstance(adapter, type) and issubclass(adapter, ProviderInterface)):
        raise SettingsError(f"{place} is no ProviderInterface")
    return adapter(source, context)


def schema_text() -> str:
    """Return the JSON Schema of the registry as it is committed beside it."""
    return json.dumps(Registry.model_json_schema(), indent=2, ensure_ascii=False) + "\n"


def _load(model: type[Model], raw: bytes, *, file: str) -> Model:
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        faults = [
            f"{'.'.join(map(str, problem['loc'])) or 'the file'}: {problem['msg']}"
            for problem in error.errors(include_url=False)
        ]
        raise SettingsError(f"{file}: " + "; ".join(faults)) from error


def _check_unique(what: str, keys: Iterable[str]) -> None:
    if twice := [key for key, times in Counter(keys).items() if times > 1]:
        raise SettingsError(f"{REGISTRY}: {what} named more than once: {', '.join(twice)}")


if __name__ == "__main__":  # python -m providers.registry > providers/provider_registry.schema.json
    sys.stdout.write(schema_text())
