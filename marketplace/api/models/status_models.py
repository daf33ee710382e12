"""The state of the data and of the service."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from marketplace.api.models.base import ApiModel, PublicationResponse


class Feed(ApiModel):
    """An address that runs read, and the state of reading it."""

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
    observed_at: datetime | None
    """The last complete response; the data of the feed is of this time."""
    state: str
    """`ok`, or in plain text what is wrong."""


class Run(ApiModel):
    """A run that is recorded in this publication."""

    run_id: str
    started_at: datetime
    finished_at: datetime | None
    outcome: str
    changes: int | None
    holds: int | None
    rejected: int | None
    error: str | None


class Gap(ApiModel):
    """A period in which a feed returned no complete response; nothing is interpolated."""

    feed: str
    from_at: datetime
    to_at: datetime
    reason: str


class HeldOffer(ApiModel):
    """A card that shows its last good price, because a check held back a newer one."""

    offer_id: str
    model_id: str
    inference_provider: str
    task: str
    hold_reason: str | None
    held_since: datetime | None


class HomeVerdict(ApiModel):
    """The state of the data and of the runs, why it is so, and what its operator does."""

    state: Literal["ok", "degraded", "stale", "failing"]
    reason: str
    remedy: str | None


class Status(PublicationResponse):
    """The age of the data. This response has no ETag, because its ages change all the time."""

    now: datetime
    verdict: HomeVerdict
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


class Export(ApiModel):
    """A relation and the addresses of its files."""

    relation: str
    parquet: str
    csv: str
    ndjson: str


class ToolFormat(ApiModel):
    """The addresses of the files of one format that other tools load."""

    format: str
    files: list[str]


class Exports(PublicationResponse):
    """Whole relations, and files for other tools; add `.sha256` to an address for its checksum."""

    items: list[Export]
    formats: list[ToolFormat]


class Health(ApiModel):
    """The process is running."""

    status: Literal["ok"]


class Ready(PublicationResponse):
    """A publication can be read."""

    status: Literal["ready"]
    verdict: HomeVerdict


class Problem(BaseModel):
    """RFC 9457 problem details."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    instance: str
    restart: Annotated[
        str | None, Field(description="The address of the first page, where starting again helps.")
    ] = None
    errors: list[dict[str, str]] | None = None
    verdict: Annotated[
        HomeVerdict | None,
        Field(description="The verdict on the home, of `/readyz` and `/v1/status` alone."),
    ] = None
