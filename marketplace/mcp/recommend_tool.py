"""The tool recommend: the routes of /v1/recommend, with the statements of their prices."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from marketplace.api.models.base import ApiModel, Money
from marketplace.api.models.recommend_models import LeftOutReason, RouteCost
from marketplace.display import with_recommendation
from marketplace.mcp.offer_tools import with_prices
from marketplace.mcp.results import FoundOffer, ToolResult
from marketplace.queries.filters import RecommendQuery
from marketplace.queries.recommend import find_recommendation
from warehouse.publication.reader_pool import Reading

Row = dict[str, Any]


class RecommendArguments(RecommendQuery):
    """The constraints and the mix of /v1/recommend."""

    limit: Annotated[int, Field(ge=1, le=20)] = Field(5, description="Ranked offers.")
    left_out_limit: Annotated[int, Field(ge=0, le=50)] = Field(
        5, description="Offers that are left out, the nearest to the constraints first."
    )


class RecommendedRoute(ApiModel):
    """An offer that meets every constraint, with its bill of the month."""

    rank: int
    route: Annotated[str, Field(description="`org/model:provider`, the name to call it by.")]
    cost_per_month: Money
    currency: Annotated[str, Field(description="Of every cost and saving of this item.")]
    formula: str
    default_route: RouteCost
    cheapest_route: RouteCost
    offer: FoundOffer


class RouteLeftOut(ApiModel):
    """An offer that is left out, with every reason."""

    route: str
    offer_id: str
    task: str
    reasons: list[LeftOutReason]
    cost_per_month: Money | None
    cost_at_input_price: Money | None
    currency: str | None


class Recommended(ToolResult):
    """The offers that meet every constraint, the lowest bill first, and those left out."""

    mix: dict[str, int]
    mix_is_default: Annotated[
        bool, Field(description="No quantity was given: the mix is an example.")
    ]
    cached_share: Money
    cached_input_tokens: int
    order: Annotated[list[str], Field(description="What decides the order, in turn.")]
    total: int
    items: list[RecommendedRoute]
    left_out_total: int
    left_out_counts: dict[str, int]
    left_out: list[RouteLeftOut]


def recommend_routes(reading: Reading, query: RecommendArguments) -> Row:
    """Return what /v1/recommend returns, each offer with its prices and their statements."""
    found = with_recommendation(find_recommendation(reading, query))
    offers = with_prices(reading, [item["offer"] for item in found["items"]])
    items = [
        _with(RecommendedRoute, item, offer=offer)
        for item, offer in zip(found["items"], offers, strict=True)
    ]
    left_out = [
        _with(RouteLeftOut, item, offer_id=item["offer"]["offer_id"], task=item["offer"]["task"])
        for item in found["left_out"]
    ]
    return {**found, "items": items, "left_out": left_out}


def _with(model: type[ApiModel], item: Row, **own: Any) -> Row:
    return {**{name: item[name] for name in model.model_fields if name not in own}, **own}
