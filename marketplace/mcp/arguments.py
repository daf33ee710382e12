"""The arguments of the tools. Each unknown or wrong one is an error that names what is valid."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Any, TypeVar, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from marketplace.mcp.failures import ToolFailure
from marketplace.queries.filters import OffersQuery
from marketplace.queries.known_values import Event, TaskGroup
from marketplace.queries.moment import Moment
from marketplace.queries.parameter_types import (
    LAST_CHANGE_ID,
    MAX_VALUES,
    ModelId,
    OfferId,
    ShortText,
    ShortTexts,
)
from schemas.units import Unit

LAST_OFFSET = 1_000_000


Arguments = TypeVar("Arguments", bound=BaseModel)


class FindOffersArguments(OffersQuery):
    """The filters of /v1/offers, a sort order and a page."""

    limit: Annotated[int, Field(ge=1, le=50)] = Field(10, description="Offers per page.")


class OfferChoice(BaseModel):
    """Which offer: by its id, by the name for the router, or by model and provider."""

    model_config = ConfigDict(extra="forbid")

    offer_id: OfferId | None = Field(None, description="The id of an offer, 16 hex digits.")
    router_model: ModelId | None = Field(
        None, description="The name for the router: `org/model:provider`."
    )
    model_id: ModelId | None = Field(
        None, description="A model as `org/name`, in any case, or by a name that it had before."
    )
    inference_provider: ShortText | None = Field(
        None, description="With `model_id`: who serves it, like `novita`."
    )

    @model_validator(mode="after")
    def _choose_one(self) -> OfferChoice:
        given = [self.offer_id, self.router_model, self.model_id]
        if sum(value is not None for value in given) != 1:
            raise ValueError("give one of offer_id, router_model and model_id")
        if self.inference_provider is not None and self.model_id is None:
            raise ValueError("inference_provider goes with model_id alone")
        return self


class PriceOnArguments(OfferChoice):
    """Which prices, and when."""

    at: Moment = Field(description="The moment, with its time zone: `2026-03-01T12:00:00Z`.")
    known_at: Moment | None = Field(
        None, description="As far as was recorded by then; left out: as known now."
    )
    unit: Annotated[list[Unit], Field(max_length=len(get_args(Unit)))] = Field(
        [], description="What the price is for; left out: every unit."
    )
    tier: ShortTexts = Field(
        [], description="`standard`, `flex`, `priority`, `batch`, `context>32768`, `720p`, …"
    )
    limit: Annotated[int, Field(ge=1, le=200)] = Field(50, description="Prices per page.")
    offset: Annotated[int, Field(ge=0, le=LAST_OFFSET)] = Field(
        0, description="`next_offset` of the page before."
    )


class ExplainArguments(OfferChoice):
    """Which offer, and how much of its evidence."""

    claims: Annotated[int, Field(ge=0, le=50)] = Field(
        3, description="The most claims per price besides the one that cards show."
    )
    evidence_characters: Annotated[int, Field(ge=0, le=20_000)] = Field(
        600, description="The most characters of each verbatim fragment of an answer."
    )


class ChangesSinceArguments(BaseModel):
    """Where to start, and filters."""

    model_config = ConfigDict(extra="forbid")

    since: Moment | None = Field(
        None,
        description="Changes that were recorded at or after this time, with its zone, also of "
        "earlier moments; `since` of `/v1/changes` is the time at which they occurred.",
    )
    after: Annotated[int, Field(ge=0, le=LAST_CHANGE_ID)] | None = Field(
        None, description="Changes after this change id: `next_after` of the page before."
    )
    event: Annotated[list[Event], Field(max_length=MAX_VALUES)] = Field(
        [], description="Kinds of changes; left out: every kind."
    )
    task_group: Annotated[list[TaskGroup], Field(max_length=len(get_args(TaskGroup)))] = []
    model_id: ModelId | None = Field(None, description="One model, as `org/name`.")
    inference_provider: ShortTexts = Field([], description="Who serves, like `novita`.")
    limit: Annotated[int, Field(ge=1, le=100)] = Field(20, description="Changes per page.")

    @model_validator(mode="after")
    def _require_start(self) -> ChangesSinceArguments:
        if self.since is None and self.after is None:
            raise ValueError("give since (a time) or after (a change id; 0 for all)")
        return self

    def values(self) -> dict[str, Any]:
        """Return parameter → value of `select_changes.sql`, without the start."""
        return {
            "since": None,
            "event": [*self.event] or None,
            "task_group": [*self.task_group] or None,
            "model_id": self.model_id,
            "inference_provider": self.inference_provider or None,
        }


def read_arguments(model: type[Arguments], arguments: Mapping[str, Any]) -> Arguments:
    """Return the arguments of a call; ToolFailure names each wrong one and what is valid."""
    try:
        return model.model_validate(arguments)
    except ValidationError as error:
        problems = [_problem(model, each) for each in error.errors(include_url=False)]
        raise ToolFailure("; ".join(dict.fromkeys(problems))) from error


def _problem(model: type[BaseModel], error: Any) -> str:
    place = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return _unknown_argument(_innermost(model, error["loc"]), place)
    if error["type"] == "missing":
        return f"{place} is required"
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{place}: {message}" if place else message


def _innermost(model: type[BaseModel], place: tuple[str | int, ...]) -> type[BaseModel]:
    """Return the model that an argument belongs to: of `rows.0.tokens` that of a row."""
    for part in place[:-1]:
        if isinstance(part, str) and part in model.model_fields:
            inner = get_args(model.model_fields[part].annotation)
            model = next((each for each in inner if isinstance(each, type)), model)
    return model


def _unknown_argument(model: type[BaseModel], place: str) -> str:
    names = list(model.model_fields)
    close = get_close_matches(place.rpartition(".")[2], names, n=1)
    hint = f" (did you mean {close[0]}?)" if close else ""
    return f"unknown argument {place}{hint}; valid arguments are {', '.join(names)}"
