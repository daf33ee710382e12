"""What every format is made from: routes of models at providers, with the prices of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import cached_property
from typing import Any

from marketplace.formats.price_sets import Amounts, PriceSet, as_amounts, is_known, price_sets
from marketplace.statements import statement
from schemas.errors import UsageError
from schemas.regions import COUNTRIES, COUNTRY_FORM, PROVEN
from warehouse.publication.reader_pool import Reading

ROUTER = "https://router.huggingface.co/v1"
"""Where every route of chat is called, whatever address a home reads its prices from."""
_ROUTES = "match_routes"


class Reach(Enum):
    """Which prices a format has room for; the value is the statement that reads them."""

    NOW = (_ROUTES, "select_routes")
    DATED = (_ROUTES, "select_dated_routes")
    """Those of now, and what the same routes cost before."""
    PAST = ("select_past_routes",)
    """Every price per token that was ever known, also of routes that are gone."""


@dataclass(frozen=True)
class RouteQuery:
    """Which routes: those that provably run in a region, and those of one model; None: all."""

    region: str | None = None
    model_id: str | None = None


@dataclass(frozen=True)
class Route:
    """One model at one inference provider. Every unknown fact is None."""

    facts: Mapping[str, Any]

    @property
    def model_id(self) -> str:
        """The model as the Hub writes it today."""
        return str(self.facts["model_id"])

    @property
    def provider(self) -> str:
        """The inference provider, like `novita`."""
        return str(self.facts["inference_provider"])

    @property
    def provider_name(self) -> str:
        """The inference provider's own name, like `Novita`."""
        return str(self.facts["provider_name"] or self.provider)

    @property
    def name(self) -> str:
        """What a call of the router names as its model, like `org/model:novita`."""
        return f"{self.model_id}:{self.provider}"

    @property
    def task(self) -> str:
        """The task, like `conversational`."""
        return str(self.facts["task"])

    @property
    def task_group(self) -> str:
        """The output type, like `text`."""
        return str(self.facts["task_group"])

    @property
    def is_live(self) -> bool:
        """Whether the sources state that it can be called."""
        return bool(self.facts["status"] == "live")

    @property
    def context_length(self) -> int | None:
        """The longest input and output together, in tokens."""
        value: int | None = self.facts["context_length"]
        return value

    @property
    def since(self) -> datetime:
        """When the model was created on the Hub, else when the route was first seen."""
        since: datetime = self.facts["created_at"] or self.facts["first_seen_at"]
        return since

    @property
    def seen_on(self) -> str:
        """The day (UTC) on which the prices of now were last seen, of several the earliest."""
        seen: datetime = self.facts["seen_at"]
        return seen.date().isoformat()

    @cached_property
    def amounts(self) -> Amounts:
        """The prices of now."""
        return as_amounts(self.facts["prices"] or [])

    @cached_property
    def sets(self) -> list[PriceSet]:
        """The prices over time, oldest first; of a route with prices of now the last has those."""
        current = None if self.facts["prices"] is None else self.amounts
        return price_sets(self.facts["intervals"] or [], current, self.task_group)


def checked_region(text: str) -> str:
    """Return a region in lower case; UsageError for what is none, or proves no place."""
    region = text.strip().lower()
    if region not in PROVEN and region.upper() not in COUNTRIES:
        valid = ", ".join((*PROVEN, COUNTRY_FORM))
        raise UsageError(f"“{text[:40]}” is no region; valid: {valid}")
    return region


def read_routes(
    reading: Reading, reach: Reach, query: RouteQuery, *, by_provider: bool = False
) -> Iterator[Route]:
    """Yield the routes with a known price, ordered by model and provider.

    With `by_provider`, the provider comes first.
    """
    values = {"region": query.region, "model_id": query.model_id, "by_provider": by_provider}
    for row in reading.stream(statement(*reach.value), values):
        route = Route(row)
        if reach is Reach.PAST or is_known(route.amounts, route.task_group):
            yield route
