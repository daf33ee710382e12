"""What the API answers, field by field; tests hold these equal to the columns and the answers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Money = Annotated[
    str, Field(pattern=r"^-?\d+(\.\d+)?$", description="Decimal as plain text, no exponent.")
]
Region = Annotated[str, Field(description="`eu`, `eea`, `us`, two letters, `multi`, `unverified`.")]


class Answer(BaseModel):
    """Every answer names the publication that it is read from; all of it is of that moment."""

    model_config = ConfigDict(extra="forbid")

    publication: str
    origin: Literal["live", "sample"]


class Row(BaseModel):
    """A row; null is unknown, never zero."""

    model_config = ConfigDict(extra="forbid")


class Offer(Row):
    """A card: an offer that is listed now. Money is per one of the unit that the name says."""

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
    cost_per_token: Annotated[
        Money | None, Field(description="Blended 3:1; input alone where no tokens come out.")
    ]
    cost_per_image: Money | None
    cost_per_audio_minute: Money | None
    cost_per_video_second: Money | None
    cost_per_million_characters: Money | None
    estimated_cost: Annotated[
        Money | None, Field(description="An estimate, per estimated_unit; never a price.")
    ]
    estimated_unit: str | None
    currency: str | None
    price_status: Literal["priced", "free", "suspect", "not_published", "unparsed"]
    price_basis: str | None
    price_reason: str | None
    price_feed: str | None
    rankable: Annotated[bool, Field(description="Whether its cost may be compared with others.")]
    held: Annotated[bool, Field(description="A newer price was refused; this is the last good one")]
    hold_reason: str | None
    held_since: datetime | None
    first_seen_at: datetime
    observed_at: datetime | None
    price_observed_at: datetime | None
    price_changed_at: datetime | None
    origin: Literal["live", "sample"]


class FacetCount(Row):
    """How many offers would pass with this value, all other filters as they are."""

    value: str
    count: int


class Offers(Answer):
    """A page of offers."""

    total: int
    models: Annotated[int, Field(description="How many models these offers are of.")]
    rankable: int
    items: list[Offer]
    next: Annotated[str | None, Field(description="`cursor` of the next page.")]
    facets: dict[str, list[FacetCount]]


class Stated(Row):
    """A price per one unit, beside how the source wrote it."""

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


class Price(Stated):
    """What one unit of a listed offer costs now."""

    feed: str | None
    valid_from: datetime
    observed_at: datetime | None
    held: bool
    hold_reason: str | None
    payload_hash: str | None
    json_path: str | None


class ClaimProof(Row):
    """What one feed said that one unit costs, its verbatim entry, and what became of it."""

    standing: Literal["shown", "lost", "held", "superseded", "ended"]
    why: str
    unit: str
    tier: str
    feed: str
    price_status: str
    amount: Money | None
    currency: str
    basis: str
    reason: str | None
    raw_text: str | None
    native_amount: Money | None
    native_quantity: Money
    native_unit: str
    formula: str | None
    scope: str
    valid_from: datetime
    last_seen_at: datetime | None
    recorded_at: datetime
    rule_version: str
    run_id: str
    payload_hash: str
    json_path: str
    evidence: str | None
    superseded_at: datetime | None
    superseded_by_run: str | None


class PriceProof(Row):
    """One unit of an offer: what cards show of it now, and every claim about it."""

    unit: str
    tier: str
    amount: Money | None
    currency: str
    price_status: str
    reason: str | None
    since: datetime
    conversion: str | None
    rule: str
    shown: ClaimProof | None
    others: list[ClaimProof]


class CostProof(Row):
    """A number on the card, and what it is made of."""

    column: str
    amount: Money
    currency: str | None
    meaning: str


class CheckProof(Row):
    """A finding of the gate about the offer."""

    check_id: str
    name: str
    severity: str
    message: str
    decision: str | None
    decided_by: str | None
    decided_at: datetime | None
    decision_reason: str | None


class Proof(Row):
    """Everything that stands behind one offer's numbers."""

    publication_id: str
    origin: str
    offer_id: str
    model_id: str
    inference_provider: str
    task: str
    provider_model_id: str | None
    offer_type: str
    gone_at: datetime | None
    price_status: str | None
    price_reason: str | None
    held: bool
    hold_reason: str | None
    held_since: datetime | None
    costs: list[CostProof]
    prices: list[PriceProof]
    earlier: list[ClaimProof]
    checks: list[CheckProof]


class OfferDetail(Answer):
    """One offer, its prices, and what proves them."""

    offer: Offer
    prices: list[Price]
    proof: Proof


class Model(Row):
    """A model that ever had an offer."""

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


class Spread(Row):
    """How far apart the offers of a task lie that may be ranked; only where there are several."""

    task: str
    unit: str
    rankable_offers: int
    least: Money
    most: Money
    cheapest: str
    dearest: str
    times: float | None


class ModelDetail(Answer):
    """A model with all its offers side by side, what may be ranked first."""

    model: Model
    spread: list[Spread]
    offers: list[Offer]


class Interval(Stated):
    """A time in which cards showed a price: from `valid_from` to before `valid_to`."""

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


class History(Answer):
    """An offer's prices over time, also under ids that it had before."""

    offer_id: str
    items: list[Interval]


class Change(Row):
    """Something that changed; money is per one unit."""

    change_id: int
    event: str
    offer_id: str
    model_id: str
    inference_provider: str
    task_group: str
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


class Changes(Answer):
    """Changes in order; ask again with `after` = `next_after`."""

    items: list[Change]
    next_after: int
    more: bool


class EstimatedOffer(Row):
    """An offer and what the mix would cost there in a month, by its list price."""

    rank: int
    cost_per_month: Money
    currency: str
    formula: str
    offer: Offer


class Need(Row):
    """A part of the mix that one offer can serve, and who serves it."""

    need: Literal["tokens", "images", "audio_minutes", "video_seconds"]
    total: Annotated[int, Field(description="How many offers could be ranked.")]
    items: list[EstimatedOffer]


class Estimate(Answer):
    """Ranked offers for each part of a mix; the rest of the mix costs extra, elsewhere."""

    mix: dict[str, int]
    needs: list[Need]
    unmet: Annotated[list[str], Field(description="Parts that nobody prices, by these filters.")]
    least_per_month: Annotated[
        Money | None, Field(description="Each part at its cheapest; null if a part is unmet.")
    ]


class Feed(Row):
    """An address that is read, and how reading it goes."""

    feed: str
    source: str
    kind: str
    url: str
    terms_url: str | None
    required: bool
    enabled: bool
    expected_every_s: float
    last_attempt_at: datetime | None
    last_success_at: datetime | None
    failures_in_a_row: int
    last_error: str | None


class Run(Row):
    """A run of the hour that this publication knows."""

    run_id: str
    started_at: datetime
    finished_at: datetime | None
    outcome: str
    changes: int | None
    holds: int | None
    rejected: int | None
    error: str | None


class Gap(Row):
    """A time in which a feed gave no whole answer; nothing is interpolated."""

    feed: str
    from_at: datetime
    to_at: datetime
    reason: str


class HeldOffer(Row):
    """A card that shows its last good price, because a newer one was refused."""

    offer_id: str
    model_id: str
    inference_provider: str
    task: str
    hold_reason: str | None
    held_since: datetime | None


class Status(Answer):
    """How old the data is. This answer has no ETag: its ages are of the moment."""

    now: datetime
    published_at: datetime
    observed_from: datetime | None
    observed_to: datetime | None
    age_s: float | None
    licence: str | None
    attribution: str | None
    counts: dict[str, int]
    feeds: list[Feed]
    runs: list[Run]
    gaps: list[Gap]
    held: list[HeldOffer]


class Export(Row):
    """A relation and where its files are."""

    relation: str
    parquet: str
    csv: str
    ndjson: str


class Exports(Answer):
    """Whole relations as files; add `.sha256` to an address for its checksum."""

    items: list[Export]


class Health(Row):
    """The process answers."""

    status: Literal["ok"]


class Ready(Answer):
    """There is a publication to read."""

    status: Literal["ready"]


class Problem(BaseModel):
    """RFC 9457 problem details."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    instance: str
    restart: Annotated[str | None, Field(description="Where to begin again, where that helps.")] = (
        None
    )
    errors: list[dict[str, str]] | None = None
