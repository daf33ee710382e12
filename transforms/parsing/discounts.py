"""Read a discount of a price list: a fraction off its numbers, until a stated end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

import msgspec

from transforms.parsing.decode import is_stated
from transforms.parsing.end_of_sale import seconds_of
from transforms.parsing.quotes import decimal_of, text_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLACES = 16
"""Decimal places of a discount that QUOTES can hold; what lies below is a float's noise."""
_LAST_YEAR = 9998
"""An end in a later year is none: the time zones of its readers could not write it."""


class Discount(NamedTuple):
    """`fraction` is off the stated numbers until `until` (UTC, None without a stated end).

    `problem`: why it cannot be read; then it is not known what anything costs.
    """

    fraction: Decimal = Decimal(0)
    until: datetime | None = None
    problem: str | None = None


def read_discount(stated: msgspec.Raw, end: msgspec.Raw, observed_at: datetime | None) -> Discount:
    """Return the discount that was in force when its list was observed; none once its end passed.

    The end is a Unix time or a date in ISO 8601 (without a time zone: UTC). A discount of which it
    is not known whether it ended has a problem.
    """
    if not is_stated(stated):
        return Discount()
    number = decimal_of(stated)
    if number is not None and number == 0:
        return Discount()
    if number is None or not 0 < number < 1 or number.adjusted() < -_PLACES:
        return Discount(problem="discount_not_understood")
    fraction = round(number, _PLACES)
    if not 0 < fraction < 1:
        return Discount(problem="discount_not_understood")
    if not is_stated(end):
        return Discount(fraction)
    until = time_of(end)
    if until is None or observed_at is None:
        return Discount(problem="discount_end_not_understood")
    return Discount(fraction, until) if observed_at < until else Discount()


def time_of(stated: msgspec.Raw) -> datetime | None:
    """Return a moment that is stated as a Unix time or in ISO 8601, None for anything else."""
    seconds = seconds_of(stated)
    try:
        if seconds is not None:
            found = _EPOCH + timedelta(microseconds=int(seconds * 1_000_000))
        else:
            text = text_of(stated)
            if text is None or "-" not in text[:8]:  # `20261201` is a number as well as a date
                return None
            found = datetime.fromisoformat(text)
            found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found if found.year <= _LAST_YEAR else None
