"""What pages may be asked, and how a form's fields become a question."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import Request
from pydantic import ConfigDict, Field

from marketplace.queries.filters import ChangesQuery, EstimateQuery, OffersQuery

MIX = {
    "input_tokens": 30_000_000,
    "output_tokens": 10_000_000,
    "images": 0,
    "audio_minutes": 0,
    "video_seconds": 0,
}
"""What the calculator begins with."""


class BrowseQuery(OffersQuery):
    """What a page may be asked: a stranger's parameter in a link is no reason to refuse it."""

    model_config = ConfigDict(extra="ignore")

    view: Literal["cards", "table", "chart"] = "cards"
    limit: Annotated[int, Field(ge=1, le=200)] = 48


class CalculatorQuery(EstimateQuery):
    """The same, with a mix to begin with."""

    model_config = ConfigDict(extra="ignore")


class LogQuery(ChangesQuery):
    """Changes as a person reads them: the newest first, back from `before`."""

    model_config = ConfigDict(extra="ignore")

    before: Annotated[int, Field(ge=1, le=2**62)] = 2**62
    limit: Annotated[int, Field(ge=1, le=200)] = 60


def pairs(request: Request) -> list[tuple[str, str]]:
    """Return the query as pairs; a form sends its empty fields too."""
    return [(name, value) for name, value in request.query_params.multi_items() if value.strip()]


def ask(kind: Any, pairs: list[tuple[str, str]]) -> Any:
    """Return the question that pairs of a form ask; ValidationError says what is wrong."""
    several = {n for n, f in kind.model_fields.items() if "list" in str(f.annotation)}
    told: dict[str, Any] = {}
    for name, value in pairs:
        if name in several:
            told.setdefault(name, []).append(value)
        else:
            told[name] = value
    return kind.model_validate(told)


def as_pairs(mix: dict[str, int]) -> list[tuple[str, str]]:
    """Return a mix as a form would send it."""
    return [(name, str(number)) for name, number in mix.items()]


def chips(pairs: list[tuple[str, str]]) -> list[tuple[str, str, tuple[str, str]]]:
    """Return (name, value, pair) of each filter that is on, to be taken off one by one."""
    no_filters = {"sort", "order", "view", "limit", "cursor"}
    return [(n.replace("_", " "), v, (n, v)) for n, v in pairs if n not in no_filters]


def moment(text: str) -> datetime | None:
    """Return the moment that a form's date field names: the end of that day, or the minute."""
    whole_day = len(text) <= len("2026-09-21")
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        return moment + timedelta(days=1, microseconds=-1) if whole_day else moment
    except (ValueError, OverflowError):
        return None
