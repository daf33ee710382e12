"""What a feed states of one offering, as parsed: before identity, status and price rules.

One row is one mapping entry of the Hub list, or one provider entry of the router.
"""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from schemas.contract import TEXT_LIST, UTC_TIME, contract
from schemas.text import PRINTABLE

# A repository id on the Hub: optional owner, then a name; nothing else can be a model.
# ASCII only: a letter of another script that looks the same would be another model.
_MODEL_ID = r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,95}(/[A-Za-z0-9_.\-]{1,96})?$"
_KEYWORD = r"^[a-z0-9][a-z0-9\-_.]{0,63}$"


def _text(pattern: str | None = None, *, nullable: bool = False) -> pa.Column:
    return pa.Column(
        pl.String, pa.Check.str_matches(pattern) if pattern else None, nullable=nullable
    )


OFFERINGS = contract(
    "offerings",
    feed=_text(),
    payload_hash=_text(),
    json_path=_text(),
    model_id=_text(_MODEL_ID),
    inference_provider=_text(_KEYWORD),
    task=_text(_KEYWORD),
    provider_model_id=_text(PRINTABLE, nullable=True),
    entry_id=_text(nullable=True),
    mapping_type=_text(nullable=True),
    status_text=_text(nullable=True),
    context_length=pa.Column(pl.Int64, nullable=True),
    supports_tools=pa.Column(pl.Boolean, nullable=True),
    supports_structured_output=pa.Column(pl.Boolean, nullable=True),
    is_model_author=pa.Column(pl.Boolean, nullable=True),
    input_modalities=pa.Column(TEXT_LIST, nullable=True),
    output_modalities=pa.Column(TEXT_LIST, nullable=True),
    request_latency_ms=pa.Column(pl.Float64, nullable=True),
    first_token_latency_ms=pa.Column(pl.Float64, nullable=True),
    throughput_tps=pa.Column(pl.Float64, nullable=True),
    is_free=pa.Column(pl.Boolean, nullable=True),
    has_price=pa.Column(pl.Boolean),
    price_input_text=_text(nullable=True),
    price_output_text=_text(nullable=True),
    price_problem=_text(nullable=True),
    price_cached_text=_text(nullable=True),
    price_cache_write_text=_text(nullable=True),
    price_reasoning_text=_text(nullable=True),
    price_unknown=_text(nullable=True),
    evidence=_text(nullable=True),
)
"""`price_*_text` is the number as written; `price_problem` why a price object cannot be read;
`price_unknown` the mark of its unknown keys (schemas/unknown_keys.py); `evidence` the verbatim
entry, only where `has_price`. `provider_model_id` is null in the router."""

HUB_OFFERINGS = contract(
    "hub_offerings",
    **{**OFFERINGS.frame.columns, "provider_model_id": _text(PRINTABLE)},
)
"""The Hub always names the provider's own id; the router never does."""

PARTNER_MAPPINGS = contract(
    "partner_mappings",
    **{
        name: OFFERINGS.frame.columns[name]
        for name in ("feed", "payload_hash", "json_path", "inference_provider", "task")
    },
    model_id=_text(_MODEL_ID, nullable=True),
    provider_model_id=_text(PRINTABLE),
    mapping_type=_text(nullable=True),
    status_text=_text(nullable=True),
)
"""A provider's mapping as Hugging Face states it once more, which has as many rows as the
catalogue; `model_id` is null for a tag-filter rule."""

COMPARED = ("inference_provider", "model_id", "task", "provider_model_id", "status_text")
"""The columns of such a mapping that are compared with that of the catalogue."""

MODELS = contract(
    "models",
    key=("model_id",),
    model_id=_text(_MODEL_ID),
    hub_id=_text(nullable=True),
    pipeline_tag=_text(nullable=True),
    library_name=_text(nullable=True),
    licence=_text(nullable=True),
    likes=pa.Column(pl.Int64, nullable=True),
    downloads=pa.Column(pl.Int64, nullable=True),
    parameters=pa.Column(pl.Int64, nullable=True),
    gated=_text(nullable=True),
    created_at=pa.Column(UTC_TIME, nullable=True),
    modified_at=pa.Column(UTC_TIME, nullable=True),
)
"""A model as the Hub list states it; the daily fields are null when the query did not ask."""

MODEL_NAMES = contract(
    "model_names", **{name: MODELS.frame.columns[name] for name in ("model_id", "hub_id")}
)
"""What makes two names one model: the columns of MODELS by which a row of it can be refused."""

REJECTED = contract(
    "rejected",
    feed=_text(),
    payload_hash=_text(),
    json_path=_text(),
    record_key=_text(nullable=True),
    reasons=pa.Column(TEXT_LIST),
    field=_text(nullable=True),
    value_text=_text(nullable=True),
    inference_provider=_text(nullable=True),
)
"""A row that was rejected, and why; `inference_provider` null where the row names none."""

DRIFT = contract(
    "drift",
    feed=_text(),
    field=_text(),
    kind=_text(r"^(unknown_key|wrong_type|unknown_value)$"),
    example=_text(nullable=True),
)
"""A field outside the price object that is not as known: recorded, never a reason to stop."""
