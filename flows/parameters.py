"""The parameters of the flows, as Prefect's form shows them: its browser page and its server refuse
what does not fit. Prefect stores them in clear, so none of them is ever a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from pipeline.context import LOCK_WAIT_S
from providers.registry import load_registry

FEED_NAMES = tuple(feed.feed for _, feed in load_registry().feeds())  # one that is off is skipped
ALL_FEEDS = list(FEED_NAMES)
LOCK_WAIT = int(LOCK_WAIT_S)

if TYPE_CHECKING:
    FeedName = str
else:
    FeedName = Literal[FEED_NAMES]  # derived, so that a new feed of the registry is in the form too

# Titles and descriptions of a form come from the flow's docstring; Prefect reads no other.
Feeds = Annotated[list[FeedName], Field(min_length=1, json_schema_extra={"uniqueItems": True})]
LockWait = Annotated[int, Field(ge=0, le=900)]
