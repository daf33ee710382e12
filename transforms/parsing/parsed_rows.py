"""The rows that a parser of single entries collects, as tuples in the order of their columns."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple


class OfferingRow(NamedTuple):
    """One row of OFFERINGS; a tuple, because a run makes 100,000 of them."""

    feed: str
    payload_hash: str
    json_path: str
    model_id: str | None
    inference_provider: str | None
    task: str | None
    provider_model_id: str | None = None
    entry_id: str | None = None
    mapping_type: str | None = None
    status_text: str | None = None
    context_length: int | None = None
    supports_tools: bool | None = None
    supports_structured_output: bool | None = None
    is_model_author: bool | None = None
    input_modalities: list[str] | None = None
    output_modalities: list[str] | None = None
    request_latency_ms: float | None = None
    first_token_latency_ms: float | None = None
    throughput_tps: float | None = None
    is_free: bool | None = None
    has_price: bool = False
    price_input_text: str | None = None
    price_output_text: str | None = None
    price_problem: str | None = None
    price_cached_text: str | None = None
    price_cache_write_text: str | None = None
    price_reasoning_text: str | None = None
    price_unknown: str | None = None
    evidence: str | None = None


class ModelRow(NamedTuple):
    """One row of MODELS."""

    model_id: str
    hub_id: str | None
    pipeline_tag: str | None
    library_name: str | None
    licence: str | None
    likes: int | None
    downloads: int | None
    parameters: int | None
    gated: str | None
    created_at: datetime | None
    modified_at: datetime | None


class RejectedRow(NamedTuple):
    """One row of REJECTED."""

    feed: str
    payload_hash: str
    json_path: str
    record_key: str | None
    reasons: list[str]
    field: str | None
    value_text: str | None
    inference_provider: str | None = None
