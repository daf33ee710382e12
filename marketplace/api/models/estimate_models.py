"""The monthly cost of a mix."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from marketplace.api.models.base import ApiModel, DisplayText, Money, PublicationResponse
from marketplace.api.models.offer_models import CachedInput, Offer


class EstimatedOffer(ApiModel):
    """An offer and the monthly cost of the mix at its list price."""

    rank: int
    cost_per_month: Money
    currency: str
    formula: str
    offer: Offer
    cached_input: CachedInput
    display: DisplayText


class UnrankedOffer(ApiModel):
    """An offer of which it is not known what cached tokens cost; this is the cost without any."""

    cost_at_input_price: Money
    currency: str
    formula: str
    offer: Offer
    cached_input: CachedInput
    display: DisplayText


class Need(ApiModel):
    """A part of the mix that one offer can serve, and the offers that price it."""

    need: Literal["tokens", "images", "audio_minutes", "video_seconds", "characters"]
    total: Annotated[int, Field(description="The number of offers that could be ranked.")]
    items: list[EstimatedOffer]
    unranked_total: Annotated[
        int, Field(description="The number of offers whose price of cached tokens is not known.")
    ]
    unranked: Annotated[
        list[UnrankedOffer],
        Field(description="Those, by their cost with every input token at the input price."),
    ]


class Estimate(PublicationResponse):
    """Offers ranked for each part of a mix. Parts are priced separately and may need several
    offers."""

    mix: dict[str, int]
    cached_share: Money
    cached_input_tokens: Annotated[
        int, Field(description="The part of `input_tokens` that is cached, in whole tokens.")
    ]
    needs: list[Need]
    unmet: Annotated[
        list[str],
        Field(
            description="Parts for which no offer that passes the filters has a comparable price."
        ),
    ]
    least_per_month: Annotated[
        Money | None,
        Field(description="The sum of the cheapest offers of each part; null if a part is unmet."),
    ]
    display: DisplayText
