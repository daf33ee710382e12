"""Offers, their facets, and models with their offers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from marketplace.api.models.base import (
    ApiModel,
    DisplayText,
    DisplayTexts,
    Money,
    PublicationResponse,
    Region,
)


class Offer(ApiModel):
    """A card: an offer that is listed now. Amounts are per one of the unit in the field's name."""

    offer_id: str
    source: str
    model_id: str
    model_name: str
    author: str | None
    inference_provider: str
    provider_model_id: str | None
    router_model: str | None
    task: str
    task_group: Literal["text", "image", "audio", "video", "embedding", "other"]
    offer_type: Literal["model", "adapter"]
    status: Literal["live", "staging", "error", "unknown"]
    status_since: datetime | None
    context_length: int | None
    supports_tools: bool | None
    supports_structured_output: bool | None
    is_model_author: bool | None
    input_modalities: list[str] | None
    output_modalities: list[str] | None
    region: Region
    region_confidence: str | None
    operator_country: str | None
    compliance_tags: list[str]
    throughput_tps: float | None
    first_token_latency_ms: float | None
    request_latency_ms: float | None
    speed_observed_at: datetime | None
    speed_changed_at: datetime | None
    cost_per_input_token: Money | None
    cost_per_output_token: Money | None
    cost_per_cached_input_token: Annotated[
        Money | None, Field(description="Null for three reasons, which `cached_input` names.")
    ]
    cost_per_token: Annotated[
        Money | None, Field(description="Blended 3:1; input alone where the output is not tokens.")
    ]
    cost_per_image: Money | None
    cost_per_audio_minute: Money | None
    cost_per_video_second: Money | None
    cost_per_million_characters: Money | None
    estimated_cost: Annotated[
        Money | None, Field(description="An estimate per `estimated_unit`; never a price.")
    ]
    estimated_unit: str | None
    currency: str | None
    price_status: Literal["priced", "free", "suspect", "not_published", "unparsed"]
    price_basis: str | None
    price_reason: str | None
    price_feed: str | None
    router_default: Annotated[
        bool | None,
        Field(
            description="Whether the router's default route (`:fastest`) leads here: the highest "
            "throughput of the model's live offers; null: the router does not list the offer."
        ),
    ]
    router_cheapest: Annotated[
        bool | None,
        Field(
            description="Whether `:cheapest` leads here: the lowest output price of the model's "
            "live offers; null: the router does not list the offer."
        ),
    ]
    rankable: Annotated[bool, Field(description="Whether its cost can be compared with others.")]
    held: Annotated[
        bool, Field(description="A check held back a newer price; this is the last good one.")
    ]
    hold_reason: str | None
    held_since: datetime | None
    first_seen_at: datetime
    observed_at: datetime | None
    price_observed_at: datetime | None
    price_changed_at: datetime | None
    origin: Literal["live", "sample"]
    display: DisplayTexts


class CachedInput(ApiModel):
    """What is stated about the price of input tokens that the provider has cached."""

    status: Annotated[
        Literal["priced", "not_offered", "not_stated", "under_review"],
        Field(
            description="`not_offered`: the source states that it has no price of cached tokens, "
            "so they cost as much as others; `not_stated`: no source states anything; "
            "`under_review`: a price is stated that a check refuses."
        ),
    ]
    amount: Annotated[Money | None, Field(description="Per one token; null unless priced.")]
    currency: str | None
    basis: str | None
    feed: str | None
    observed_at: datetime | None
    display: DisplayText


class FacetCount(ApiModel):
    """The number of offers that would pass with this value, all other filters unchanged."""

    value: str
    count: int


class Offers(PublicationResponse):
    """A page of offers."""

    total: int
    models: Annotated[int, Field(description="The number of models that these offers belong to.")]
    rankable: int
    items: list[Offer]
    next: Annotated[
        str | None, Field(description="The `cursor` of the next page; null on the last page.")
    ]
    facets: dict[str, list[FacetCount]]
    cached_input: Annotated[
        dict[str, CachedInput], Field(description="By the `offer_id` of each item.")
    ]


class Model(ApiModel):
    """A model that has or had an offer."""

    model_id: str
    hub_id: str | None
    model_name: str
    author: str | None
    pipeline_tag: str | None
    library_name: str | None
    licence: str | None
    likes: int | None
    downloads: int | None
    parameters: int | None
    gated: str | None
    input_modalities: list[str] | None
    output_modalities: list[str] | None
    created_at: datetime | None
    modified_at: datetime | None
    live_offers: int
    priced_offers: int
    adapter_offers: int
    first_seen_at: datetime | None
    observed_at: datetime | None


class Models(PublicationResponse):
    """A page of the catalogue."""

    total: Annotated[int, Field(description="The number of models that pass the filters.")]
    items: list[Model]
    next: Annotated[
        str | None, Field(description="The `cursor` of the next page; null on the last page.")
    ]
    files: Annotated[
        dict[str, str],
        Field(description="The whole catalogue as one file: format → its address."),
    ]


class Spread(ApiModel):
    """The lowest and the highest cost of a task, where several offers can be ranked."""

    task: str
    unit: str
    rankable_offers: int
    least: Money
    most: Money
    cheapest: str
    dearest: str
    times: float | None
    display: DisplayTexts


class ModelDetail(PublicationResponse):
    """A model with all its offers; rankable ones come first."""

    model: Model
    spread: list[Spread]
    offers: list[Offer]
    cached_input: Annotated[
        dict[str, CachedInput], Field(description="By the `offer_id` of each offer.")
    ]
