"""The best routes for a month of a mix."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from marketplace.api.models.base import (
    ApiModel,
    DisplayText,
    DisplayTexts,
    Money,
    PublicationResponse,
)
from marketplace.api.models.offer_models import CachedInput, Offer


class RoutedOffer(ApiModel):
    """An offer that a route of the router leads to."""

    offer_id: str
    route: str
    cost_per_month: Annotated[Money | None, Field(description="Null: it is not known.")]
    display: DisplayText


class RouteCost(ApiModel):
    """What the mix costs by a route of the router for the same model, and the saving against it."""

    routes: Annotated[
        list[RoutedOffer],
        Field(description="Where the route leads; several where equal ones are all marked."),
    ]
    cost_per_month: Annotated[Money | None, Field(description="Null: `reason` names why.")]
    saving_per_month: Annotated[
        Money | None,
        Field(description="That cost less the offer's; negative where the route costs less."),
    ]
    reason: Annotated[
        Literal["not_routed", "no_route", "cost_not_known", "several_routes"] | None,
        Field(
            description="`not_routed`: the router does not list the model for this task; "
            "`no_route`: it states nothing to choose the route by; `cost_not_known`: where the "
            "route leads, the cost of the mix is not known; `several_routes`: it may lead to offers"
            " of different cost."
        ),
    ]
    display: DisplayTexts


class RecommendedOffer(ApiModel):
    """An offer that meets every constraint, and its cost of the month."""

    rank: int
    route: Annotated[str, Field(description="`org/model:provider`, the name to call it by.")]
    cost_per_month: Money
    currency: str
    formula: str
    default_route: Annotated[RouteCost, Field(description="Against the model's default route.")]
    cheapest_route: Annotated[
        RouteCost,
        Field(description="Against `:cheapest`, the lowest output price, not the lowest bill."),
    ]
    offer: Offer
    cached_input: CachedInput
    display: DisplayText


class LeftOutReason(ApiModel):
    """Why an offer is left out: a filter's name, or what is not known of its price."""

    reason: str
    text: str


class LeftOutOffer(ApiModel):
    """An offer that is left out, with every reason."""

    route: str
    reasons: list[LeftOutReason]
    cost_per_month: Annotated[Money | None, Field(description="Null: it is not known.")]
    cost_at_input_price: Annotated[
        Money | None,
        Field(description="Where the price of cached tokens is not known: the cost without any."),
    ]
    currency: str | None
    offer: Offer
    display: DisplayTexts


class Recommendation(PublicationResponse):
    """The offers that meet every constraint, the lowest bill first, and those left out."""

    mix: dict[str, int]
    mix_is_default: Annotated[
        bool, Field(description="Whether no quantity was given, so that the mix is an example.")
    ]
    cached_share: Money
    cached_input_tokens: int
    order: Annotated[
        list[str], Field(description="What decides the order; each breaks ties of those before.")
    ]
    total: Annotated[int, Field(description="The number of ranked offers.")]
    items: list[RecommendedOffer]
    left_out_total: int
    left_out_counts: Annotated[
        dict[str, int], Field(description="Reason → offers; one may be in several counts.")
    ]
    left_out: Annotated[
        list[LeftOutOffer], Field(description="Those with the fewest reasons first, then by cost.")
    ]
