"""The inference providers, and what is published about each."""

from __future__ import annotations

from datetime import date, datetime

from marketplace.api.models.availability_models import ProviderHours, ProviderSpeed
from marketplace.api.models.base import ApiModel, PublicationResponse, Region


class Provider(ApiModel):
    """Who serves models: its offers, its region and the feed of its prices."""

    inference_provider: str
    display_name: str | None
    operator: str | None
    operator_country: str | None
    serving_countries: list[str] | None
    region: Region
    region_confidence: str | None
    price_feed: str | None
    price_feed_reason: str | None
    offers: int
    live_offers: int
    adapters: int
    priced_offers: int
    rankable_offers: int
    observed_at: datetime | None
    joined_on: date | None
    left_on: date | None
    left_source: str | None


class ComplianceClaim(ApiModel):
    """A statement about a provider's law, place or handling of data, with its source."""

    claim_id: str
    inference_provider: str
    claim: str
    value: str
    applies: str
    source_url: str
    paraphrase: str
    checked_on: date
    expires_on: date
    confidence: str
    in_force: bool


class Providers(PublicationResponse):
    """Every provider that is known or was ever seen."""

    items: list[Provider]


class ProviderDetail(PublicationResponse):
    """One provider and the statements about it that are in force."""

    provider: Provider
    claims: list[ComplianceClaim]
    availability: list[ProviderHours]
    speeds: list[ProviderSpeed]
