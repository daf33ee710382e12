"""The evidence for an offer's numbers; a test holds these fields equal to schemas/proof.py."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from marketplace.api.models.availability_models import ListedHours, OfferSpeed
from marketplace.api.models.base import ApiModel, Money, PublicationResponse
from marketplace.api.models.offer_models import CachedInput, Offer
from marketplace.api.models.price_models import Price


class ClaimProof(ApiModel):
    """What one feed stated about the price of one unit, its entry verbatim, and its outcome."""

    standing: Literal["shown", "lost", "held", "superseded", "ended"]
    why: str
    unit: str
    tier: str
    feed: str
    price_status: str
    amount: Money | None
    currency: str
    basis: str
    reason: str | None
    raw_text: str | None
    native_amount: Money | None
    native_quantity: Money
    native_unit: str
    formula: str | None
    scope: str
    valid_from: datetime
    last_seen_at: datetime | None
    recorded_at: datetime
    rule_version: str
    run_id: str
    payload_hash: str
    json_path: str
    evidence: str | None
    superseded_at: datetime | None
    superseded_by_run: str | None


class PriceProof(ApiModel):
    """One unit of an offer: the price that cards show now, and every claim about it."""

    unit: str
    tier: str
    amount: Money | None
    currency: str
    price_status: str
    reason: str | None
    since: datetime
    conversion: str | None
    rule: str
    compared_with: Money | None = None
    until: datetime | None = None
    shown: ClaimProof | None
    others: list[ClaimProof]


class CostProof(ApiModel):
    """A number on the card, and how it is calculated."""

    column: str
    amount: Money
    currency: str | None
    meaning: str


class CheckProof(ApiModel):
    """A check's finding about the offer."""

    check_id: str
    name: str
    severity: str
    message: str
    decision: str | None
    decided_by: str | None
    decided_at: datetime | None
    decision_reason: str | None
    found_at: datetime


class Continuation(ApiModel):
    """The offer that an offer continues as, because a name in its id changed."""

    offer_id: str
    model_id: str
    inference_provider: str
    provider_model_id: str | None
    reason: str
    at: datetime


class Proof(ApiModel):
    """The evidence for every number of one offer."""

    publication_id: str
    origin: str
    offer_id: str
    model_id: str
    inference_provider: str
    task: str
    provider_model_id: str | None
    offer_type: str
    gone_at: datetime | None
    provider_left_on: date | None = None
    provider_left_source: str | None = None
    price_status: str | None
    price_reason: str | None
    held: bool
    hold_reason: str | None
    held_since: datetime | None
    costs: list[CostProof]
    prices: list[PriceProof]
    earlier: list[ClaimProof]
    checks: list[CheckProof]
    continues_as: Continuation | None


class OfferDetail(PublicationResponse):
    """One offer with its prices and their proof."""

    offer: Offer
    cached_input: CachedInput
    prices: list[Price]
    availability: Annotated[
        list[ListedHours], Field(description="The last 7 and 30 days, also under earlier ids.")
    ]
    speeds: Annotated[list[OfferSpeed], Field(description="The last 30 days.")]
    proof: Proof
