"""Prices of an offer, now and over time."""

from __future__ import annotations

from datetime import datetime

from marketplace.api.models.base import ApiModel, DisplayText, Money, PublicationResponse


class StatedPrice(ApiModel):
    """A price per one unit, and the price as the source states it."""

    offer_id: str
    model_id: str
    inference_provider: str
    unit: str
    tier: str
    amount: Money | None
    currency: str | None
    price_status: str
    basis: str | None
    reason: str | None
    native_unit: str | None
    raw_text: str | None
    native_amount: Money | None
    native_quantity: Money | None
    formula: str | None
    scope: str | None


class Price(StatedPrice):
    """The current price of one unit of a listed offer."""

    feed: str | None
    valid_from: datetime
    observed_at: datetime | None
    held: bool
    hold_reason: str | None
    payload_hash: str | None
    json_path: str | None
    until: datetime | None
    """When the discount in `amount` ends; null without a discount, or without a stated end."""
    display: DisplayText


class Interval(StatedPrice):
    """A period in which cards showed a price: from `valid_from` until before `valid_to`."""

    task_group: str
    valid_from: datetime
    not_before_at: datetime | None
    valid_to: datetime | None
    last_seen_at: datetime | None
    closed_by: str | None
    recorded_at: datetime
    feed: str | None
    rule_version: str | None
    run_id: str
    payload_hash: str | None
    json_path: str | None
    display: DisplayText


class History(PublicationResponse):
    """The prices of an offer over time, with those under its earlier ids."""

    offer_id: str
    items: list[Interval]
