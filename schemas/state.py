"""Contracts of the warehouse's current rows: the frames that a run reads before and writes after.

Times are UTC. `missed` counts the whole answers in a row that lacked a listing; `absent_from` is
the time of the first of them and `last_seen_at` that of the answer before it. Both are null while
the feed lists the offer.
"""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from schemas.contract import MONEY, TEXT_LIST, UTC_TIME, contract

SERIES = ("offer_id", "unit", "tier")
"""The columns that identify a price series."""
STATUSES = ("live", "staging", "error", "unknown")
STATUS_FACTS = ("status", "context_length", "supports_tools", "supports_structured_output")
"""The facts of a card whose changes status_history has."""
SPEED_FACTS = ("throughput_tps", "first_token_latency_ms", "request_latency_ms")
"""The facts of a card whose changes speed_history has."""
PRICE_STATUSES = ("priced", "free", "suspect", "not_published", "unparsed")


def _text(*, nullable: bool = False) -> pa.Column:
    return pa.Column(pl.String, nullable=nullable)


def _one_of(*values: str, nullable: bool = False) -> pa.Column:
    return pa.Column(pl.String, pa.Check.isin(values), nullable=nullable)


def _time(*, nullable: bool = True) -> pa.Column:
    return pa.Column(UTC_TIME, nullable=nullable)


def _not_negative(dtype: pl.DataType | type[pl.DataType]) -> pa.Column:
    return pa.Column(dtype, pa.Check.ge(0), nullable=True)


def _flag() -> pa.Column:
    return pa.Column(pl.Boolean, nullable=True)


_FACTS = {
    "status": _one_of(*STATUSES),
    "context_length": _not_negative(pl.Int64),
    "supports_tools": _flag(),
    "supports_structured_output": _flag(),
    "is_model_author": _flag(),
    "input_modalities": pa.Column(TEXT_LIST, nullable=True),
    "output_modalities": pa.Column(TEXT_LIST, nullable=True),
    "throughput_tps": _not_negative(pl.Float64),
    "first_token_latency_ms": _not_negative(pl.Float64),
    "request_latency_ms": _not_negative(pl.Float64),
}

OFFERS = contract(
    "offers",
    key=("offer_id",),
    offer_id=_text(),
    source=_text(),
    model_id=_text(),
    inference_provider=_text(),
    task=_text(),
    provider_model_id=_text(nullable=True),
    router_model=_text(nullable=True),
    task_group=_text(),
    offer_type=_one_of("model", "adapter"),
    adapter_rule_id=_text(nullable=True),
    first_seen_at=_time(nullable=False),
    last_seen_at=_time(),
    gone_at=_time(),
)
"""Every offer ever; `last_seen_at` and `gone_at` are null while it is present."""

LISTINGS = contract(
    "listings",
    key=("offer_id", "feed"),
    offer_id=_text(),
    feed=_text(),
    **_FACTS,
    missed=pa.Column(pl.Int64, pa.Check.ge(0)),
    absent_from=_time(),
    last_seen_at=_time(),
)
"""The facts that each feed states of an offer now."""

_MONEY_FACTS = {
    "amount": pa.Column(MONEY, pa.Check.ge(0), nullable=True),
    "currency": _text(),
    "price_status": _one_of(*PRICE_STATUSES),
    "basis": _one_of("list", "derived", "estimate"),
    "reason": _text(nullable=True),
    "native_unit": _text(),
    "raw_text": _text(nullable=True),
    "native_amount": pa.Column(MONEY, nullable=True),
    "native_quantity": pa.Column(MONEY),
    "formula": _text(nullable=True),
    "scope": _one_of("public", "account"),
}
_PROOF = {
    "payload_hash": _text(),
    "json_path": _text(),
    "run_id": _text(),
}

CLAIMS = contract(
    "claims",
    key=(*SERIES, "feed"),
    offer_id=_text(),
    unit=_text(),
    tier=_text(),
    feed=_text(),
    **_MONEY_FACTS,
    **_PROOF,
    until=_time(),
)
"""The price that each feed states per unit now; `run_id` is the run that first recorded it.

`until` is when the stated discount ends, null without one or without an end. No log has it: another
end of the same discount is no other price.
"""
CLAIM_LOG = tuple(name for name in CLAIMS.dtypes if name != "until")
"""The columns of a claim that its log has."""

INCOMING_CLAIMS = contract(
    "incoming_claims",
    key=CLAIMS.key,
    **CLAIMS.frame.columns,
    evidence=_text(),
)
"""Claims as one answer states them, with the verbatim fragment, which only the log keeps."""

EVIDENCE = contract(
    "evidence",
    key=CLAIMS.key,
    **{name: CLAIMS.frame.columns[name] for name in CLAIMS.key},
    evidence=_text(),
)
"""The verbatim fragment of each claim of one run."""

PRICES = contract(
    "prices",
    key=SERIES,
    offer_id=_text(),
    unit=_text(),
    tier=_text(),
    feed=_text(),
    **_MONEY_FACTS,
    **_PROOF,
    valid_from=_time(nullable=False),
    changed_at=_time(nullable=False),
    until=_time(),
)
"""The chosen claim of each series, from which cards are made; `run_id` is that of the claim."""
PRICE_LOG = tuple(name for name in PRICES.dtypes if name not in {"changed_at", "until"})
"""The columns of a price that its log has."""

CARDS = contract(
    "cards",
    key=("offer_id",),
    offer_id=_text(),
    **_FACTS,
    status_since=_time(nullable=False),
    facts_since=_time(nullable=False),
    speed_feed=_text(nullable=True),
    speed_changed_at=_time(),
    price_status=_one_of(*PRICE_STATUSES),
    price_basis=_text(nullable=True),
    price_reason=_text(nullable=True),
    price_feed=_text(nullable=True),
    price_changed_at=_time(),
    held=pa.Column(pl.Boolean),
    hold_reason=_text(nullable=True),
    held_since=_time(),
    price_seen_at=_time(),
)
"""One row per present offer: the facts chosen from its listings and prices.

`facts_since` dates status, context and capabilities together, `status_since` the status alone.
`price_seen_at` is the last answer that stated a held price, null unless held."""

PROVIDERS = contract(
    "providers",
    key=("inference_provider",),
    inference_provider=_text(),
    display_name=_text(),
    operator=_text(nullable=True),
    operator_country=_text(nullable=True),
    serving_countries=pa.Column(TEXT_LIST, nullable=True),
    region=_text(),
    region_confidence=_text(nullable=True),
    compliance_tags=pa.Column(TEXT_LIST),
    price_feed=_text(nullable=True),
    price_feed_reason=_text(nullable=True),
    joined_on=pa.Column(pl.Date, nullable=True),
    left_on=pa.Column(pl.Date, nullable=True),
    left_source=_text(nullable=True),
)
"""Who serves; region and tags follow from the claims in force."""

REFUSALS = contract(
    "refusals",
    key=("check_id",),
    check_id=_text(),
    name=_text(),
    feed=_text(),
    inference_provider=_text(nullable=True),
    offer_id=_text(nullable=True),
    unit=_text(nullable=True),
    tier=_text(nullable=True),
    candidate=_text(),
    since_at=_time(nullable=False),
    decision=_one_of("pending", "accepted", "rejected"),
    absent_from=_time(),
    kept_seen_at=_time(),
)
"""The open holds of the gate: a held price (offer, unit, tier), or a drop of a whole provider.

`absent_from` is the first answer that stated no price there any more, null while one is stated.
`kept_seen_at` is the last answer that stated the price which is kept meanwhile, of a hold of one
additional price; null where the whole offer is held, or no price is kept."""

CORRECTIONS = contract(
    "corrections",
    key=SERIES,
    offer_id=_text(),
    unit=_text(),
    tier=_text(),
    overruled_amount=pa.Column(MONEY, nullable=True),
    overruled_status=_one_of(*PRICE_STATUSES),
    overruled_currency=_text(),
    overruled_feed=_text(nullable=True),
    absent_from=_time(),
)
"""Active corrections: each counts until its source states another value than the overridden one.

`absent_from` is the first answer that stated no price there any more, null while one is stated."""

STORED_MODELS = contract(
    "stored_models",
    key=("model_id",),
    model_id=_text(),
    hub_id=_text(nullable=True),
    pipeline_tag=_text(nullable=True),
    library_name=_text(nullable=True),
    licence=_text(nullable=True),
    likes=pa.Column(pl.Int64, nullable=True),
    downloads=pa.Column(pl.Int64, nullable=True),
    parameters=pa.Column(pl.Int64, nullable=True),
    gated=_text(nullable=True),
    created_at=_time(),
    modified_at=_time(),
    input_modalities=pa.Column(TEXT_LIST, nullable=True),
    output_modalities=pa.Column(TEXT_LIST, nullable=True),
    first_seen_at=_time(nullable=False),
    renamed_to=_text(nullable=True),
)
"""Every name of a model that ever had an offer, with the last stated facts of it.

`renamed_to` is the name that the model has today; null for that name itself."""
