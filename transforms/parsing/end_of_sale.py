"""Read until when an entry of a list is sold."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import msgspec

from transforms.parsing.decode import is_stated
from transforms.parsing.quotes import decimal_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECONDS_FROM = Decimal(10) ** 12
"""A Unix time of this size or more is in milliseconds: as seconds it is the year 33658."""
_NO_TIME_FROM = Decimal(10) ** 15
"""A number of this size or more is no Unix time, in seconds or milliseconds."""


def is_sold(end: msgspec.Raw, observed_at: datetime | None) -> bool:
    """Return whether an entry with this end of sale was sold when its list was observed.

    Absent, null and false mean that no end is known. A Unix time after `observed_at` means sold
    until then. Whatever else there is, also a text, marks what is no longer sold; so does a date
    when it is not known when the list was observed.
    """
    if not is_stated(end) or bytes(end) == b"false":
        return True
    seconds = seconds_of(end)
    if seconds is None or observed_at is None:
        return False
    return seconds > Decimal(str((observed_at - _EPOCH).total_seconds()))


def seconds_of(stated: msgspec.Raw) -> Decimal | None:
    """Return a Unix time in seconds (or stated in milliseconds), None for what is none."""
    seconds = decimal_of(stated)
    if seconds is None or not 0 <= seconds < _NO_TIME_FROM:
        return None
    return seconds / 1000 if seconds >= _MILLISECONDS_FROM else seconds
