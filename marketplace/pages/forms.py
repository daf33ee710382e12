"""The queries of pages, and how a form's fields become a query."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from marketplace.queries.filters import ChangesQuery, EstimateQuery, OffersQuery
from marketplace.queries.parameter_types import LAST_CHANGE_ID, SearchText
from marketplace.queries.since import readable_period

MIX = {
    "input_tokens": 30_000_000,
    "output_tokens": 10_000_000,
    "images": 0,
    "audio_minutes": 0,
    "video_seconds": 0,
    "characters": 0,
}
"""The calculator's mix before a buyer enters one."""


CACHED_SHARES = [Decimal(share) / 100 for share in (0, 10, 25, 50, 75, 90)]
"""The shares of cached input tokens that the calculator offers."""


WEEK, ALL = "7d", "all"
PERIODS = {"24h": "Last 24 hours", WEEK: "Last 7 days", "30d": "Last 30 days", ALL: "All"}
"""The periods of the page of changes."""


def _period_or_all(text: str) -> str:
    return text if text == ALL else readable_period(text)


Period = Annotated[str, StringConstraints(max_length=40), AfterValidator(_period_or_all)]


class BrowseQuery(OffersQuery):
    """The query of the first page; unknown parameters in a shared link are ignored."""

    model_config = ConfigDict(extra="ignore")

    view: Literal["cards", "table", "chart"] = "cards"
    limit: Annotated[int, Field(ge=1, le=200)] = 48


class CompareQuery(BaseModel):
    """The offers to compare, in their order, and a search for one to add."""

    model_config = ConfigDict(extra="ignore")

    offer: Annotated[list[str], Field(max_length=100)] = []
    q: SearchText | None = None


class CalculatorQuery(EstimateQuery):
    """The query of the calculator; unknown parameters are ignored."""

    model_config = ConfigDict(extra="ignore")


class LogQuery(ChangesQuery):
    """The query of the page of changes: of a week if none is named, older than `before`."""

    model_config = ConfigDict(extra="ignore")

    since: Period = WEEK
    before: Annotated[int, Field(ge=1, le=LAST_CHANGE_ID)] = LAST_CHANGE_ID
    limit: Annotated[int, Field(ge=1, le=200)] = 60

    def values(self) -> dict[str, Any]:
        """Return parameter → value; no start for all changes."""
        return {**super().values(), "since": None if self.since == ALL else self.since}


def pairs(request: Request) -> list[tuple[str, str]]:
    """Return the query as pairs without empty fields, which a form sends too."""
    return [(name, value) for name, value in request.query_params.multi_items() if value]


def parse_query(kind: Any, pairs: list[tuple[str, str]]) -> Any:
    """Return the query of this kind that the pairs form; ValidationError names wrong fields."""
    lists = {n for n, f in kind.model_fields.items() if "list" in str(f.annotation)}
    fields: dict[str, Any] = {}
    for name, value in pairs:
        if name in lists:
            fields.setdefault(name, []).append(value)
        else:
            fields[name] = value
    return kind.model_validate(fields)


def as_pairs(mix: dict[str, int]) -> list[tuple[str, str]]:
    """Return a mix as a form would send it."""
    return [(name, str(number)) for name, number in mix.items()]


def parse_moment(text: str) -> datetime | None:
    """Return the time of a form's date field, for a date the end of that day; None if invalid."""
    whole_day = len(text) <= len("2026-09-21")
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        return moment + timedelta(days=1, microseconds=-1) if whole_day else moment
    except (ValueError, OverflowError):
        return None
