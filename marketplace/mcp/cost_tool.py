"""The tool cost: what usage cost when it was used, as `pricehouse cost` computes it."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from decimal import Context, Decimal
from functools import reduce
from typing import Annotated, Any

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from marketplace.api.models.base import ApiModel, Money
from marketplace.mcp.failures import ToolFailure
from marketplace.mcp.results import Evidence, ToolResult
from marketplace.queries.moment import Moment
from marketplace.queries.parameter_types import ModelId, ShortText
from schemas.amounts import amount_text
from schemas.errors import UsageError
from schemas.usage import MOMENT, MOST_DECIMALS, MOST_UNITS
from warehouse.publication.reader_pool import Reading
from warehouse.publication.usage_rows import checked_rows

Row = dict[str, Any]
MAX_ROWS = 100
_EXACT = Context(prec=80)
Quantity = Annotated[
    Decimal,
    Field(ge=0, le=MOST_UNITS, decimal_places=MOST_DECIMALS),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": MOST_UNITS}),
]


class UsageRow(BaseModel):
    """What was called, when, and how much; the quantities are those of schemas/usage.py."""

    model_config = ConfigDict(extra="forbid")

    model: ModelId = Field(description="`org/name`, or `org/name:provider`.")
    provider: ShortText | None = Field(None, description="Who served, like `novita`.")
    task: ShortText | None = Field(
        None, description="Where a model has several tasks: one of them, or their group."
    )
    tier: ShortText | None = Field(None, description="`standard` where it is left out.")
    timestamp: Moment = Field(description="When it was used, with its time zone.")
    input_tokens: Quantity | None = None
    cached_input_tokens: Quantity | None = None
    cache_write_tokens: Quantity | None = None
    output_tokens: Quantity | None = None
    reasoning_tokens: Quantity | None = None
    images: Quantity | None = None
    megapixels: Quantity | None = None
    pixels: Quantity | None = None
    steps: Quantity | None = None
    compute_seconds: Quantity | None = None
    audio_seconds: Quantity | None = None
    video_seconds: Quantity | None = None
    characters: Quantity | None = None
    runs: Quantity | None = None
    requests: Quantity | None = None


class CostArguments(BaseModel):
    """Rows of usage, and as far as when prices were known."""

    model_config = ConfigDict(extra="forbid")

    rows: Annotated[list[UsageRow], Field(min_length=1, max_length=MAX_ROWS)] = Field(
        description="What was used; cached tokens are a part of input_tokens, reasoning tokens "
        "one of output_tokens."
    )
    known_at: Moment | None = Field(
        None, description="As far as was recorded by then; left out: as known now."
    )
    default_route: bool = Field(
        default=False,
        description="Cost a row without a provider at the one that the router's default led to.",
    )


class UsedPrice(Evidence):
    """A price that a cost was calculated from, or that is missing."""

    unit: str
    tier: str
    amount: Annotated[Money | None, Field(description="Per ONE unit.")]
    currency: str | None
    price_status: str | None
    reason: str | None
    feed: str | None
    observed_at: Annotated[
        datetime | None, Field(description="The answer with this hash: the first that stated it.")
    ]
    valid_to: datetime | None
    held: bool | None
    why: Annotated[str | None, Field(description="Why it gives no cost; null: it does.")]


class CostedRow(ApiModel):
    """What a row cost when it was used, or why that is not known."""

    row: Annotated[int, Field(description="The place of the row in `rows`, from 1.")]
    model: str
    timestamp: datetime
    cost: Annotated[Money | None, Field(description="Null: `why` is the reason, never zero.")]
    currency: str | None
    why: str | None
    last_known_cost: Annotated[
        Money | None, Field(description="At the last known price, where the moment is in a gap.")
    ]
    flags: list[str]
    inference_provider: str | None
    offer_id: str | None
    valid_from: datetime | None
    valid_to: datetime | None
    prices: list[UsedPrice]


class CostTotal(ApiModel):
    """The sum of the known costs in one currency."""

    currency: str
    cost: Money
    rows: int


class Costs(ToolResult):
    """The costs of the rows, in their order."""

    known_at: datetime | None
    totals: list[CostTotal]
    rows_without_cost: int
    items: list[CostedRow]


def cost_usage(reading: Reading, query: CostArguments) -> Row:
    """Return the cost of each row with its prices, and the sums of what is known."""
    given = [row.model_dump(exclude_none=True) for row in query.rows]
    try:
        usage = checked_rows(pl.DataFrame([_as_text(row) for row in given]))
    except UsageError as error:
        raise ToolFailure(str(error)) from error
    found = reading.costs(
        usage, known_at=query.known_at, default_route=query.default_route
    ).to_dicts()
    sums: dict[str, list[Decimal]] = defaultdict(list)
    for row in found:
        if row["cost"] is not None:
            sums[row["currency"]].append(Decimal(row["cost"]))
    return {
        "known_at": query.known_at,
        "totals": [
            {"currency": currency, "cost": reduce(_EXACT.add, costs), "rows": len(costs)}
            for currency, costs in sorted(sums.items())
        ],
        "rows_without_cost": sum(row["cost"] is None for row in found),
        "items": [
            _item(number, used, row)
            for number, (used, row) in enumerate(zip(given, found, strict=True), start=1)
        ],
    }


def _as_text(row: Row) -> Row:
    return {
        name: amount_text(value) if isinstance(value, Decimal) else value
        for name, value in (row | {MOMENT: row[MOMENT].astimezone(UTC).isoformat()}).items()
    }


def _item(number: int, used: Row, found: Row) -> Row:
    own = {"row": number, "model": used["model"], MOMENT: used[MOMENT]}
    costed = {name: found[name] for name in CostedRow.model_fields if name not in own}
    return own | costed | {"flags": found["flags"] or [], "prices": _prices(found)}


def _prices(found: Row) -> list[Row]:
    return [
        {name: price[name] for name in UsedPrice.model_fields if name != "observed_at"}
        | {"observed_at": price["valid_from"]}
        for price in found["prices"] or []
    ]
