"""Read models of the Hub's list that are all as known straight into columns."""

from __future__ import annotations

from typing import Any

import msgspec
import polars as pl

from schemas.kept_rows import ChunkRows
from schemas.offerings import MODELS, OFFERINGS
from schemas.text import LONGEST_NAME, printable_or_none
from transforms.parsing.columns import (
    Chunk,
    build,
    cleaned,
    evidence,
    price_columns,
    stated,
)
from transforms.parsing.decode import ABSENT
from transforms.parsing.hub_answer import (
    Features,
    ListedModel,
    Performance,
    RawEntries,
    utc,
)
from transforms.parsing.limits import (
    LONGEST_STATUS,
    MAX_ENTRIES,
    keys_are_single,
    shortened_status,
)

_models = msgspec.json.Decoder(list[ListedModel])
_entries = msgspec.json.Decoder(RawEntries)
_NO_FEATURES = Features()
_NO_PERFORMANCE = Performance()


def read_listed(chunk: Chunk, text: bytes) -> ChunkRows | None:
    """Return the rows of a chunk; None where a model has no id, too many entries, or a key twice.

    Raises a msgspec error where a model is not as known.
    """
    models = _models.decode(text)
    spellings = {model.id.lower() for model in models if model.id}
    if len(spellings) < len(models) or any(len(m.mapping or ()) > MAX_ENTRIES for m in models):
        return None
    offerings = _offerings(chunk, models, text)
    return None if offerings is None else ChunkRows(offerings, _model_rows(models, text), spellings)


def _offerings(chunk: Chunk, models: list[ListedModel], text: bytes) -> pl.DataFrame | None:
    places = [(m, e) for m, model in enumerate(models) for e in range(len(model.mapping or ()))]
    entries = [entry for model in models for entry in model.mapping or ()]
    details = [entry.provider_details for entry in entries]
    features = [entry.features or _NO_FEATURES for entry in entries]
    speed = [entry.performance or _NO_PERFORMANCE for entry in entries]
    pricing = [found.pricing if found else ABSENT for found in details]
    columns: dict[str, list[Any]] = {
        "json_path": [f"$[{chunk.first + m}].inferenceProviderMapping[{e}]" for m, e in places],
        "model_id": [models[m].id for m, _ in places],
        "inference_provider": [entry.provider for entry in entries],
        "task": [entry.task for entry in entries],
        "provider_model_id": [entry.provider_id for entry in entries],
        "entry_id": [entry._id for entry in entries],
        "mapping_type": [entry.type for entry in entries],
        "status_text": [entry.status for entry in entries],
        "context_length": [found.context_length if found else None for found in details],
        "supports_tools": [found.tool_calling for found in features],
        "supports_structured_output": [found.structured_output for found in features],
        "is_model_author": [entry.is_model_author for entry in entries],
        "request_latency_ms": [found.request_latency_ms for found in speed],
        "first_token_latency_ms": [found.first_token_latency_ms for found in speed],
        "throughput_tps": [found.tokens_per_second for found in speed],
        **price_columns(pricing),
    }
    keys = len(models) + sum(
        map(
            stated,
            (
                [model.mapping for model in models],
                columns["inference_provider"],
                columns["provider_model_id"],
                columns["task"],
                columns["status_text"],
                columns["mapping_type"],
                details,
                columns["context_length"],
            ),
        ),
        len(pricing) - pricing.count(ABSENT),
    )
    if not keys_are_single(chunk.raws, text, keys):
        return None
    columns["evidence"] = evidence(
        places, columns["has_price"], lambda model: _entries.decode(chunk.raws[model]).mapping
    )
    for name in ("entry_id", "mapping_type"):
        columns[name] = cleaned(columns[name], printable_or_none, longest=LONGEST_NAME, text=text)
    columns["status_text"] = cleaned(
        columns["status_text"], shortened_status, longest=LONGEST_STATUS, text=text
    )
    return build(OFFERINGS, len(entries), columns, feed="hub", payload_hash=chunk.payload_hash)


def _model_rows(models: list[ListedModel], text: bytes) -> pl.DataFrame:
    columns: dict[str, list[Any]] = {
        "model_id": [model.id for model in models],
        "hub_id": [model.hub_id for model in models],
        "pipeline_tag": [model.pipeline_tag for model in models],
        "library_name": [model.library_name for model in models],
        "licence": [model.licence() for model in models],
        "likes": [model.likes for model in models],
        "downloads": [model.downloads for model in models],
        "parameters": [model.safetensors.total if model.safetensors else None for model in models],
        "gated": [model.gating() for model in models],
        "created_at": [utc(model.created_at) for model in models],
        "modified_at": [utc(model.last_modified) for model in models],
    }
    for name in ("hub_id", "pipeline_tag", "library_name"):
        columns[name] = cleaned(columns[name], printable_or_none, longest=LONGEST_NAME, text=text)
    return build(MODELS, len(models), columns)
