"""The start of a period: a moment, or a duration before the newest observation."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

_DURATION = re.compile(r"([0-9]{1,4})([hd])")
_MESSAGE = (
    "“{text}” is no period: write hours or days, like 24h or 7d, or a time with its offset, "
    "like 2026-09-21T00:00:00Z"
)


def start_of(text: str, newest: datetime) -> datetime:
    """Return the moment (UTC) that a period begins; a duration counts back from `newest`."""
    duration = _DURATION.fullmatch(text)
    if duration is None:
        return datetime.fromisoformat(text).astimezone(UTC)
    number = int(duration[1])
    return newest - (timedelta(hours=number) if duration[2] == "h" else timedelta(days=number))


def readable_period(text: str) -> str:
    """Return a text that `start_of` reads; PydanticCustomError for another."""
    try:
        if not _DURATION.fullmatch(text) and datetime.fromisoformat(text).tzinfo is None:
            raise ValueError
        start_of(text, datetime.max.replace(tzinfo=UTC))
    except (ValueError, OverflowError):
        raise PydanticCustomError("unknown_period", _MESSAGE, {"text": text}) from None
    return text


Since = Annotated[str, StringConstraints(max_length=40), AfterValidator(readable_period)]
