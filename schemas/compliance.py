"""Types of `providers/compliance_claims.json`: what a provider states about law, place and data."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, HttpUrl

Claim = Literal[
    "operator_jurisdiction", "serving_region", "retention", "training_use", "dpa", "certification"
]

CLAIM_TAGS = {
    ("retention", "none"): "no-retention",
    ("training_use", "no"): "no-training",
    ("dpa", "available"): "dpa-available",
}
"""(claim, value) → the tag of a provider that states nothing else of it."""
EU_HOSTED, EU_OPERATOR = "eu-hosted", "eu-operator"
TAGS = (*CLAIM_TAGS.values(), EU_HOSTED, EU_OPERATOR)
"""Every compliance tag that a card can have."""


class ComplianceClaim(BaseModel):
    """One statement with its source; `value` is a list only for places (ISO 3166 alpha-2)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    inference_provider: str
    claim: Claim
    value: str | list[str]
    applies: Literal["default", "optional", "enterprise"]
    source_url: HttpUrl
    paraphrase: str = Field(min_length=1)
    confidence: Literal["high", "medium", "low"]
    checked_on: date


class ComplianceClaims(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1]
    claims: list[ComplianceClaim]
