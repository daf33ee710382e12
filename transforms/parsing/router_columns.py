"""Read models of the router's list that are all as known straight into columns."""

from __future__ import annotations

from typing import Any

import msgspec
import polars as pl

from schemas.kept_rows import ChunkRows
from schemas.offerings import MODELS, OFFERINGS
from transforms.parsing.columns import (
    Chunk,
    build,
    cleaned,
    evidence,
    price_columns,
    stated,
)
from transforms.parsing.decode import ABSENT
from transforms.parsing.limits import (
    LONGEST_STATUS,
    MAX_ENTRIES,
    keys_are_single,
    short_texts,
    shortened_status,
)
from transforms.parsing.router_answer import Architecture, RoutedModel, RouterModel

_models = msgspec.json.Decoder(list[RoutedModel])
_raw_model = msgspec.json.Decoder(RouterModel)
_NO_ARCHITECTURE = Architecture()


def read_routed(chunk: Chunk, text: bytes) -> ChunkRows | None:
    """Return the rows of a chunk; None where a model has no id, no list of providers, too many of
    them, or a key twice.

    Raises a msgspec error where a model is not as known.
    """
    models = _models.decode(text)
    spellings = {model.id.lower() for model in models if model.id}
    if len(spellings) < len(models) or any(
        model.providers is None or len(model.providers) > MAX_ENTRIES for model in models
    ):
        return None
    offerings = _offerings(chunk, models, text)
    return None if offerings is None else ChunkRows(offerings, MODELS.empty(), spellings)


def _offerings(chunk: Chunk, models: list[RoutedModel], text: bytes) -> pl.DataFrame | None:
    places = [(m, e) for m, model in enumerate(models) for e in range(len(model.providers or ()))]
    entries = [entry for model in models for entry in model.providers or ()]
    shapes = [model.architecture or _NO_ARCHITECTURE for model in models]
    inputs = [short_texts(shape.input_modalities) for shape in shapes]
    outputs = [short_texts(shape.output_modalities) for shape in shapes]
    pricing = [entry.pricing for entry in entries]
    columns: dict[str, list[Any]] = {
        "json_path": [f"$.data[{chunk.first + m}].providers[{e}]" for m, e in places],
        "model_id": [models[m].id for m, _ in places],
        "inference_provider": [entry.provider for entry in entries],
        "status_text": [entry.status for entry in entries],
        "context_length": [entry.context_length for entry in entries],
        "supports_tools": [entry.supports_tools for entry in entries],
        "supports_structured_output": [entry.supports_structured_output for entry in entries],
        "is_model_author": [entry.is_model_author for entry in entries],
        "input_modalities": [inputs[m] for m, _ in places],
        "output_modalities": [outputs[m] for m, _ in places],
        "first_token_latency_ms": [entry.first_token_latency_ms for entry in entries],
        "throughput_tps": [entry.throughput for entry in entries],
        "is_free": [entry.is_free for entry in entries],
        **price_columns(pricing),
    }
    keys = 2 * len(models) + sum(
        map(
            stated,
            (
                columns["inference_provider"],
                columns["status_text"],
                columns["is_free"],
                columns["context_length"],
            ),
        ),
        len(pricing) - pricing.count(ABSENT),
    )
    if not keys_are_single(chunk.raws, text, keys):
        return None
    columns["has_price"] = [
        priced or bool(free)
        for priced, free in zip(columns["has_price"], columns["is_free"], strict=True)
    ]
    columns["evidence"] = evidence(
        places,
        columns["has_price"],
        lambda model: _raw_model.decode(chunk.raws[model]).providers or (),
    )
    columns["status_text"] = cleaned(
        columns["status_text"], shortened_status, longest=LONGEST_STATUS, text=text
    )
    return build(
        OFFERINGS,
        len(entries),
        columns,
        feed="router",
        payload_hash=chunk.payload_hash,
        task="conversational",
    )
