"""A moment that a query names: a time with its zone, as text."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, WithJsonSchema

_NUMBER = re.compile(r"\s*[+-]?[0-9_.]+([eE][+-]?[0-9]+)?\s*")


def _require_text(value: object) -> object:
    if isinstance(value, datetime) or (isinstance(value, str) and not _NUMBER.fullmatch(value)):
        return value
    # a bare number is seconds or milliseconds: nothing states which
    raise ValueError("write a time with its zone as text, like 2026-03-01T12:00:00Z")


def _require_utc(moment: datetime) -> datetime:
    try:
        moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("write a time in the years 1 to 9999 of UTC") from None
    return moment


Moment = Annotated[
    AwareDatetime,
    BeforeValidator(_require_text),
    AfterValidator(_require_utc),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A time with its zone: nothing states which zone one without it means."""
