"""The proof of an offer's numbers: each price, the claim it was chosen from, those that lost.

Money is plain text (no exponent), times are UTC, None is unknown.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

import msgspec

ClaimOutcome = Literal["shown", "lost", "held", "superseded", "ended"]


class ClaimProof(msgspec.Struct, frozen=True, kw_only=True):
    """What one feed stated that one unit costs, and what became of it."""

    outcome: ClaimOutcome = msgspec.field(name="standing")
    why: str
    """Why cards show it, or why not."""
    unit: str
    tier: str
    feed: str
    price_status: str
    amount: str | None
    """Per one unit."""
    currency: str
    basis: str
    reason: str | None
    raw_text: str | None
    native_amount: str | None
    native_quantity: str
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


class PriceProof(msgspec.Struct, frozen=True, kw_only=True):
    """One unit of an offer: its current price, and every claim about it."""

    unit: str
    tier: str
    amount: str | None
    currency: str
    price_status: str
    reason: str | None
    since: datetime
    """The first answer that stated this price."""
    conversion: str | None
    """The arithmetic from the stated number to the amount, with its figures."""
    rule: str
    compared_with: str | None = None
    """The last good amount before an absence; None: the price did not return from one."""
    until: datetime | None = None
    """When the discount in the amount ends; None: no discount, or no stated end."""
    chosen: ClaimProof | None = msgspec.field(name="shown")
    """The claim that cards show."""
    others: list[ClaimProof]


class CostProof(msgspec.Struct, frozen=True, kw_only=True):
    """A cost on the card, and what it is calculated from."""

    column: str
    amount: str
    currency: str | None
    meaning: str


class CheckProof(msgspec.Struct, frozen=True, kw_only=True):
    """A finding of the gate about the offer."""

    check_id: str
    name: str
    severity: str
    message: str
    decision: str | None
    decided_by: str | None
    decided_at: datetime | None
    decision_reason: str | None
    found_at: datetime
    """The start of the run that recorded it."""


class Continuation(msgspec.Struct, frozen=True, kw_only=True):
    """The offer that an offer continues as, because a name in its id changed."""

    offer_id: str
    model_id: str
    inference_provider: str
    provider_model_id: str | None
    reason: str
    at: datetime


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that proves one offer's numbers, from one publication."""

    publication_id: str
    origin: str
    offer_id: str
    model_id: str
    inference_provider: str
    task: str
    provider_model_id: str | None
    offer_type: str
    gone_at: datetime | None
    """Set when the offer is no longer listed; then there is no card."""
    provider_left_on: date | None = None
    """Set when its provider left Hugging Face, by `provider_left_source`."""
    provider_left_source: str | None = None
    price_status: str | None
    price_reason: str | None
    held: bool
    hold_reason: str | None
    held_since: datetime | None
    costs: list[CostProof]
    prices: list[PriceProof]
    earlier: list[ClaimProof]
    """Claims about units without a current price."""
    checks: list[CheckProof]
    continues_as: Continuation | None
    """Set when the offer is listed under another id now."""
