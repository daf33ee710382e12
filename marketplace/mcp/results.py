"""The results of the tools: their classes are the output schemas.

Each amount stands beside its currency, its unit, when it was observed, and the place of the
statement: the sha256 of the landed answer, and the JSON path in it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from marketplace.api.models.base import ApiModel, Money, Region
from marketplace.api.models.change_models import Change
from marketplace.api.models.proof_models import Proof

Hash = Annotated[str, Field(description="sha256, in hex, of the raw answer that stated it.")]
JsonPath = Annotated[str, Field(description="Place of the statement in that answer.")]


class ToolResult(ApiModel):
    """A result of one publication, which it names; all its facts are of that publication."""

    publication: str
    origin: Annotated[
        Literal["live", "sample"], Field(description="`sample`: recordings, no current prices.")
    ]
    observed_to: Annotated[
        datetime | None, Field(description="The newest answer in the publication.")
    ]


class Evidence(ApiModel):
    """The place of a statement."""

    payload_hash: Hash | None
    json_path: JsonPath | None


class PriceNow(Evidence):
    """What one unit of an offer costs now."""

    unit: str
    tier: str
    amount: Annotated[
        Money | None,
        Field(description="Per ONE unit, in `currency`; null: unknown, see `price_status`."),
    ]
    currency: str | None
    price_status: str
    basis: str | None
    reason: str | None
    held: bool
    feed: str | None
    raw_text: Annotated[str | None, Field(description="The number as the source wrote it.")]
    native_unit: str | None
    native_quantity: Money | None
    valid_from: Annotated[datetime, Field(description="The first answer that stated it.")]
    observed_at: Annotated[
        datetime | None, Field(description="The last complete answer that confirmed it.")
    ]
    until: Annotated[datetime | None, Field(description="When a discount in it ends.")]


class OfferCost(ApiModel):
    """A cost of the card, calculated from prices, or estimated."""

    cost: Annotated[str, Field(description="The column of `cards`, like `cost_per_token`.")]
    amount: Money
    currency: str | None
    unit: Annotated[str, Field(description="What the amount is for.")]
    observed_at: datetime | None
    is_estimate: Annotated[bool, Field(description="An estimate is no price and never ranks.")]
    statements: Annotated[
        list[Evidence], Field(description="The statements that it is calculated from.")
    ]


class FoundOffer(ApiModel):
    """An offer that is listed now, with its costs and prices."""

    offer_id: str
    model_id: str
    inference_provider: str
    provider_model_id: str | None
    router_model: Annotated[
        str | None, Field(description="The name to call it by through the router.")
    ]
    task: str
    task_group: str
    offer_type: str
    status: str
    context_length: int | None
    supports_tools: bool | None
    supports_structured_output: bool | None
    region: Region
    operator_country: str | None
    compliance_tags: list[str]
    throughput_tps: float | None
    first_token_latency_ms: float | None
    request_latency_ms: float | None
    speed_observed_at: datetime | None
    price_status: str
    price_reason: str | None
    router_default: bool | None
    router_cheapest: bool | None
    rankable: Annotated[bool, Field(description="Whether its cost can be compared with others.")]
    held: bool
    hold_reason: str | None
    observed_at: datetime | None
    costs: list[OfferCost]
    prices: list[PriceNow]


class FoundOffers(ToolResult):
    """A page of offers."""

    total: int
    models: int
    rankable: int
    items: list[FoundOffer]
    next: Annotated[str | None, Field(description="The `cursor` of the next page; null: none.")]


class PriceThen(Evidence):
    """What one unit of an offer cost at a moment."""

    offer_id: str
    model_id: str
    inference_provider: str
    task_group: str
    unit: str
    tier: str
    amount: Annotated[Money | None, Field(description="Per ONE unit; null: unknown then.")]
    currency: str | None
    price_status: str
    basis: str | None
    reason: str | None
    feed: str | None
    raw_text: str | None
    native_unit: str | None
    native_quantity: Money | None
    in_gap: Annotated[
        bool, Field(description="No complete answer covers the moment: the last known price.")
    ]
    observed_at: Annotated[
        datetime, Field(description="The answer with this hash: the first that stated the price.")
    ]
    not_before_at: datetime | None
    valid_to: datetime | None
    last_seen_at: datetime | None
    recorded_at: datetime
    run_id: str


class PricesOn(ToolResult):
    """The prices at a moment."""

    at: datetime
    known_at: datetime | None
    after_newest_answer: Annotated[
        bool, Field(description="The moment is later than every answer: the last known prices.")
    ]
    total: int
    items: list[PriceThen]
    next_offset: int | None
    why: Annotated[str | None, Field(description="Why there is no price; null where there is one.")]


class AmountEvidence(Evidence):
    """The statement behind an amount of a change."""

    observed_at: Annotated[datetime, Field(description="The first answer that stated it.")]
    feed: str | None


class ChangeWithEvidence(Change):
    """A change, with the statements behind its amounts."""

    old_statement: AmountEvidence | None
    new_statement: AmountEvidence | None


class ChangesSince(ToolResult):
    """Changes in the order in which they were recorded."""

    items: list[ChangeWithEvidence]
    next_after: Annotated[int, Field(description="The `after` of the next page, and of later.")]
    more: bool


class LeftOut(ApiModel):
    """How much the arguments left out."""

    claims: int
    earlier: int
    checks: int


class Explained(ToolResult):
    """Where each number of an offer comes from."""

    proof: Proof
    left_out: LeftOut
