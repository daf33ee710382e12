"""The queries that clients may send, and the values that they bind in SQL statements."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
)

from marketplace.queries.known_values import Event, Region, TaskGroup
from marketplace.queries.parameter_types import (
    LAST_CHANGE_ID,
    MAX_ITEMS,
    MAX_VALUES,
    Amount,
    ModelId,
    SearchText,
    Share,
    ShortText,
    ShortTexts,
    Tag,
)
from marketplace.queries.search import search_terms
from marketplace.queries.since import Since
from schemas.amounts import PER_MILLION

Sort = Literal[
    "cost",
    "cost_per_token",
    "cost_per_input_token",
    "cost_per_output_token",
    "cost_per_cached_input_token",
    "cost_per_image",
    "cost_per_audio_minute",
    "cost_per_video_second",
    "cost_per_million_characters",
    "estimated_cost",
    "throughput_tps",
    "speed_per_dollar",
    "first_token_latency_ms",
    "request_latency_ms",
    "context_length",
    "price_changed_at",
    "first_seen_at",
    "model_id",
]
LARGEST_FIRST = {
    "throughput_tps",
    "speed_per_dollar",
    "context_length",
    "price_changed_at",
    "first_seen_at",
}
_WITHIN = {"eea": ("eea", "eu")}  # the EU is part of the EEA
_UNKNOWN_PLACES = ("multi", "unverified")


class CardFilters(BaseModel):
    """Filters of cards that need no name of a model; one that is left out excludes nothing."""

    model_config = ConfigDict(extra="forbid")

    provider: ShortText | None = Field(None, description="The source, like `huggingface`.")
    inference_provider: ShortTexts = Field(
        [], description="The inference provider that serves, by id or name, like `novita`."
    )
    task: ShortTexts = Field(
        [],
        description="A group (`text`, `image`, `audio`, `video`, `embedding`, `other`) or an "
        "exact task that an offer has or had, like `conversational`.",
    )
    region: Annotated[list[Region], Field(max_length=MAX_VALUES)] = Field(
        [],
        description="The verified region of inference: `eu`, `eea`, `us`, a country's two letters"
        " (ISO 3166), `multi` (multiple regions) or `unverified`. A country also finds the"
        " providers that serve from it alone.",
    )
    region_mode: Literal["strict", "lenient"] = Field(
        "strict",
        description="`lenient` also returns offers with an unverified region or multiple regions.",
    )
    status: Annotated[list[Literal["live", "staging", "error", "unknown"]], Field(max_length=4)] = (
        Field([], description="The status: `live`, `staging`, `error` or `unknown`.")
    )
    offer_type: Literal["model", "adapter", "all"] = Field(
        "model", description="Adapters are separate: they run on another model and have no price."
    )
    tag: Annotated[list[Tag], Field(max_length=MAX_VALUES)] = Field(
        [],
        description="A compliance tag, like `no-retention`; an offer must have all that are given.",
    )
    tools: bool | None = Field(None, description="Whether the offer supports tool calls.")
    structured_output: bool | None = Field(
        None, description="Whether the offer supports output by a schema."
    )
    min_context_length: Annotated[int, Field(ge=0, le=10**12)] | None = Field(
        None, description="Tokens."
    )
    max_cost_per_million_tokens: Amount | None = Field(
        None, description="USD per 1,000,000 tokens, blended 3:1 (three input, one output)."
    )
    max_cost_per_image: Amount | None = Field(None, description="USD per image of 1024×1024.")
    max_cost_per_audio_minute: Amount | None = Field(None, description="USD per minute of audio.")
    max_cost_per_video_second: Amount | None = Field(None, description="USD per second of video.")
    min_throughput_tps: Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)] | None = Field(
        None, description="Tokens per second, as last measured."
    )
    max_first_token_latency_ms: (
        Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)] | None
    ) = Field(None, description="Milliseconds to the first token, as last measured.")
    priced_only: bool = Field(
        default=False, description="Only offers with a price, or stated free by their source."
    )
    rankable_only: bool = Field(
        default=False, description="Only offers whose cost can be compared."
    )

    def values(self) -> dict[str, Any]:
        """Return parameter → value for `match_cards.sql`."""
        cost = self.max_cost_per_million_tokens
        return {
            "provider": self.provider,
            "inference_provider": self.inference_provider or None,
            "task": self.task or None,
            "region": self._regions(),
            "status": self.status or None,
            "offer_type": None if self.offer_type == "all" else self.offer_type,
            "tag": self.tag or None,
            "tools": self.tools,
            "structured_output": self.structured_output,
            "min_context_length": self.min_context_length,
            "max_cost_per_token": None if cost is None else cost * PER_MILLION,
            "max_cost_per_image": self.max_cost_per_image,
            "max_cost_per_audio_minute": self.max_cost_per_audio_minute,
            "max_cost_per_video_second": self.max_cost_per_video_second,
            "min_throughput_tps": self.min_throughput_tps,
            "max_first_token_latency_ms": self.max_first_token_latency_ms,
            "priced_only": self.priced_only,
            "rankable_only": self.rankable_only,
            "model_id": None,
            "search_terms": None,
        }

    def _regions(self) -> list[str] | None:
        if not self.region:
            return None
        wanted = [place for region in self.region for place in _WITHIN.get(region, (region,))]
        return wanted + (list(_UNKNOWN_PLACES) if self.region_mode == "lenient" else [])


class Filters(CardFilters):
    """Filters of cards; one that is left out excludes nothing. A card passes a filter with several
    values if it has any of them; of `tag` it must have all."""

    model_id: ModelId | None = Field(None, description="One model, as `org/name`.")
    q: SearchText | None = Field(
        None,
        description="Words that all occur in the model's or the provider's name, in any order; "
        "`model:provider` and names without their signs, like `gptoss`, are found too.",
    )

    def values(self) -> dict[str, Any]:
        """Return parameter → value for `match_cards.sql`."""
        named = {"model_id": self.model_id, "search_terms": search_terms(self.q or "") or None}
        return {**super().values(), **named}


class OffersQuery(Filters):
    """Filters, a sort order and a page."""

    sort: Sort = Field(
        "cost",
        description="Rankable offers come first, unknown values last, estimates after "
        "prices. `cost` compares only offers that are billed by the same unit. `speed_per_dollar` "
        "is `throughput_tps` divided by the blended cost of 1,000,000 tokens in dollars.",
    )
    order: Literal["asc", "desc"] | None = Field(
        None, description="By default the best for a buyer comes first: low cost, high speed."
    )
    limit: Annotated[int, Field(ge=1, le=MAX_ITEMS)] = Field(50, description="Items per page.")
    cursor: Annotated[str, StringConstraints(max_length=2000)] | None = Field(
        None, description="`next` of the page before; valid for the publication that issued it."
    )

    @property
    def sign(self) -> int:
        """1 if small numbers come first, -1 if large ones do."""
        largest_first = self.sort in LARGEST_FIRST if self.order is None else self.order == "desc"
        return -1 if largest_first else 1

    def fingerprint(self) -> str:
        """Return the query without its page; a cursor is valid for one fingerprint."""
        own = set(OffersQuery.model_fields) - {
            "limit",
            "cursor",
        }  # pages add fields of their own, like `view`
        return self.model_dump_json(include=own)


class Mix(BaseModel):
    """What a buyer uses in a month, in whole units."""

    input_tokens: Annotated[int, Field(ge=0, le=10**15)] = 0
    output_tokens: Annotated[int, Field(ge=0, le=10**15)] = 0
    images: Annotated[int, Field(ge=0, le=10**12)] = 0
    audio_minutes: Annotated[int, Field(ge=0, le=10**12)] = 0
    video_seconds: Annotated[int, Field(ge=0, le=10**12)] = 0
    characters: Annotated[int, Field(ge=0, le=10**15)] = 0


class CachedMix(Mix):
    """A mix of which the provider has cached a part of the input tokens."""

    cached_share: Share = Field(
        Decimal(0),
        description="The share of the input tokens that the provider has cached, 0 to 1. Offers "
        "whose price of cached tokens is not stated are not ranked then.",
    )

    def mix(self) -> dict[str, int]:
        """Return unit → quantity per month."""
        return {name: getattr(self, name) for name in Mix.model_fields}

    @property
    def cached_input_tokens(self) -> int:
        """The whole input tokens per month that are cached."""
        return int((self.input_tokens * self.cached_share).to_integral_value(ROUND_HALF_EVEN))


class EstimateQuery(CachedMix, Filters):
    """A monthly mix, and filters of the rankable offers to consider."""

    limit: Annotated[int, Field(ge=1, le=MAX_ITEMS)] = Field(20, description="Items per need.")
    left_out_limit: Annotated[int, Field(ge=0, le=1000)] = Field(
        50, description="Offers per need that are left out, those with the fewest reasons first."
    )


class RecommendQuery(CachedMix, CardFilters):
    """A monthly mix, the models to choose among, and what an offer must meet."""

    model_id: Annotated[list[ModelId], Field(max_length=MAX_VALUES)] = Field(
        [], description="A model to choose among, as `org/name`; without one, every model."
    )
    q: SearchText | None = Field(
        None, description="Choose among offers whose model's or provider's name has these words."
    )
    no_training: bool = Field(
        default=False,
        description="Claims in force prove that by default inputs train no model: `no-training`.",
    )
    no_retention: bool = Field(
        default=False,
        description="Claims in force prove that by default nothing is kept: `no-retention`.",
    )
    max_cost_per_month: Amount | None = Field(None, description="USD per month of the mix.")
    limit: Annotated[int, Field(ge=1, le=MAX_ITEMS)] = Field(20, description="Ranked offers.")
    left_out_limit: Annotated[int, Field(ge=0, le=1000)] = Field(
        50, description="Offers that are left out, the nearest to the constraints first."
    )

    def tags(self) -> list[str]:
        """Return the compliance tags that an offer must have, each once."""
        named = [("no-training", self.no_training), ("no-retention", self.no_retention)]
        return list(dict.fromkeys([*self.tag, *(tag for tag, wanted in named if wanted)]))

    def values(self) -> dict[str, Any]:
        """Return parameter → value for `match_cards.sql`; models are named apart."""
        named = {"tag": self.tags() or None, "search_terms": search_terms(self.q or "") or None}
        return {**super().values(), **named}


class ChangesQuery(BaseModel):
    """Filters of changes, and the change id to start after."""

    model_config = ConfigDict(extra="forbid")

    after: Annotated[int, Field(ge=0, le=LAST_CHANGE_ID)] = Field(
        0, description="The change id to start after; ids only grow and are never reused."
    )
    since: Since | None = Field(
        None,
        description="The start of a period in which changes occurred: hours or days before the "
        "newest observation, like `24h` or `7d`, or a time with its offset, like "
        "`2026-09-21T00:00:00Z`.",
    )
    limit: Annotated[int, Field(ge=1, le=1000)] = Field(100, description="Items per page.")
    event: Annotated[list[Event], Field(max_length=MAX_VALUES)] = []
    task_group: Annotated[list[TaskGroup], Field(max_length=MAX_VALUES)] = []
    model_id: ModelId | None = None
    inference_provider: ShortTexts = []

    def values(self) -> dict[str, Any]:
        """Return parameter → value for the statements about changes, without the start."""
        return {
            "count": self.limit,
            "since": self.since,
            "event": self.event or None,
            "task_group": self.task_group or None,
            "model_id": self.model_id,
            "inference_provider": self.inference_provider or None,
        }
