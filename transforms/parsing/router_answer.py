"""The shape of the router's answer: a model, and the providers that offer it."""

from __future__ import annotations

import msgspec

from transforms.parsing.decode import ABSENT, Int64

Raw = msgspec.Raw


class Architecture(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    input_modalities: list[str] | None = None
    output_modalities: list[str] | None = None


class Offering(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    provider: str | None = None
    status: str | None = None
    context_length: Int64 | None = None
    pricing: Raw = ABSENT
    is_free: bool | None = None
    supports_tools: bool | None = None
    supports_structured_output: bool | None = None
    first_token_latency_ms: float | None = None
    throughput: float | None = None
    is_model_author: bool | None = None


class RoutedFacts(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A model without its providers."""

    id: str | None = None
    object: str | None = None
    created: Int64 | None = None
    owned_by: str | None = None
    architecture: Architecture | None = None


class RouterModel(RoutedFacts, forbid_unknown_fields=True, gc=False):
    """A model, whatever its providers are."""

    providers: list[Raw] | None = None


class RoutedModel(RoutedFacts, forbid_unknown_fields=True, gc=False):
    """A model of which every provider entry is as known."""

    providers: list[Offering] | None = None
