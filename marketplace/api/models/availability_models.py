"""How much of the time a source listed offers as live, and how fast they were."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from marketplace.api.models.base import ApiModel


class ListedHours(ApiModel):
    """The hours of a period in which the source listed an offer, not those in which calls
    succeeded."""

    days: Annotated[
        Literal[7, 30], Field(description="The period, back from the newest observation.")
    ]
    hours: Annotated[
        int, Field(description="The hours of the period since the offer was first listed.")
    ]
    known_hours: Annotated[
        int, Field(description="Those in which every feed that lists the offer answered.")
    ]
    live_hours: Annotated[int, Field(description="Known hours in which it was listed live.")]
    unknown_hours: Annotated[int, Field(description="Hours in a gap of a feed that lists it.")]
    live_share: Annotated[
        float | None,
        Field(description="`live_hours` of `known_hours`, 0 to 1; null: no hour is known."),
    ]


class ProviderHours(ListedHours):
    """The same hours, summed over the offers of a provider."""

    offers: int


class SpeedOfDay(ApiModel):
    """The medians of a day (UTC) of what was measured in its known hours; null: not measured."""

    day: date
    throughput_tps: float | None
    first_token_latency_ms: float | None
    request_latency_ms: float | None


class OfferSpeed(SpeedOfDay):
    """The speeds of one offer on a day."""

    hours: Annotated[int, Field(description="The known hours with a measurement.")]


class ProviderSpeed(SpeedOfDay):
    """The median of the offers of a provider at the end of a day."""

    offers: Annotated[int, Field(description="The offers whose speed was known.")]
