"""Changes of prices, offers, statuses and providers."""

from __future__ import annotations

from datetime import datetime

from marketplace.api.models.base import ApiModel, DisplayTexts, Money, PublicationResponse


class Change(ApiModel):
    """A change of a price, an offer, a status or a provider; amounts are per one unit.

    One of a whole provider (`provider_joined`, `provider_left`) has no offer, model or task group.
    """

    change_id: int
    event: str
    offer_id: str | None
    model_id: str | None
    inference_provider: str
    task_group: str | None
    unit: str | None
    tier: str | None
    old_amount: Money | None
    new_amount: Money | None
    change_pct: float | None
    old_value: str | None
    new_value: str | None
    currency: str | None
    not_before_at: datetime | None
    occurred_at: datetime
    recorded_at: datetime
    run_id: str
    display: DisplayTexts


class Changes(PublicationResponse):
    """Changes in order; for the next ones set `after` to `next_after`."""

    items: list[Change]
    next_after: int
    more: bool
