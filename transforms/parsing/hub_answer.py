"""The shape of the Hub's answer: a model, and the entries of its provider mapping."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from schemas.text import printable_or_none
from transforms.parsing.decode import ABSENT, Int64

Raw = msgspec.Raw


# No struct here refers to itself, so the garbage collector need not look at 100,000 of them.
class Features(msgspec.Struct, rename="camel", forbid_unknown_fields=True, gc=False):
    structured_output: bool | None = None
    tool_calling: bool | None = None


class Performance(msgspec.Struct, rename="camel", forbid_unknown_fields=True, gc=False):
    request_latency_ms: float | None = None
    first_token_latency_ms: float | None = None
    tokens_per_second: float | None = None
    num_generated_tokens: Int64 | None = None


class Details(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    context_length: Int64 | None = None
    pricing: Raw = ABSENT


class HubEntry(msgspec.Struct, rename="camel", forbid_unknown_fields=True, gc=False):
    """One mapping entry; every field optional here, the contract decides what must be there."""

    _id: str | None = msgspec.field(name="_id", default=None)
    provider: str | None = None
    provider_id: str | None = None
    status: str | None = None
    previous_status: str | None = None
    task: str | None = None
    type: str | None = None
    is_model_author: bool | None = None
    adapter: str | None = None
    adapter_weights_path: str | None = None
    features: Features | None = None
    performance: Performance | None = None
    provider_details: Details | None = None


class Safetensors(msgspec.Struct, gc=False):
    total: Int64 | None = None


class ModelFacts(msgspec.Struct, rename="camel", forbid_unknown_fields=True, gc=False):
    """A model without its mapping."""

    id: str | None = None
    hub_id: str | None = msgspec.field(name="_id", default=None)
    pipeline_tag: str | None = msgspec.field(name="pipeline_tag", default=None)
    library_name: str | None = msgspec.field(name="library_name", default=None)
    likes: Int64 | None = None
    downloads: Int64 | None = None
    created_at: datetime | None = None
    last_modified: datetime | None = None
    gated: bool | str | None = None
    tags: list[str] | None = None
    safetensors: Safetensors | None = None
    author: str | None = None

    def licence(self) -> str | None:
        """Return the licence that a tag states."""
        if self.tags is None:
            return None
        licences = (tag for tag in self.tags if tag.startswith("license:"))
        return printable_or_none(next(licences, "").removeprefix("license:"))

    def gating(self) -> str | None:
        """Return `gated` as text: `false` | `"auto"` | `"manual"` → 'no' | 'auto' | 'manual'."""
        if isinstance(self.gated, bool):
            return "yes" if self.gated else "no"
        return printable_or_none(self.gated)


class HubModel(ModelFacts, rename="camel", forbid_unknown_fields=True, gc=False):
    """A model, whatever its mapping is."""

    mapping: Raw = msgspec.field(name="inferenceProviderMapping", default=ABSENT)


class ListedModel(ModelFacts, rename="camel", forbid_unknown_fields=True, gc=False):
    """A model of which every entry is as known, in an array."""

    mapping: list[HubEntry] | None = msgspec.field(name="inferenceProviderMapping", default=None)


class RawEntries(msgspec.Struct):
    """The verbatim entries of a model whose mapping is an array."""

    mapping: list[Raw] = msgspec.field(name="inferenceProviderMapping")


def utc(value: datetime | None) -> datetime | None:
    """Return a time of the Hub, which ends in Z; one without a zone is taken as UTC."""
    if value is None:
        return None
    try:
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    except OverflowError:  # the first or last day of the calendar, in a zone that passes it
        return None
