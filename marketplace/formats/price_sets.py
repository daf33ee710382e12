"""The prices of a route over time: from intervals of single prices to sets that change together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, NamedTuple

from schemas.units import COMPARED_WITH, STANDARD

Row = Mapping[str, Any]
Series = tuple[str, str]
"""A unit and a tier."""
Amounts = Mapping[Series, Decimal]
"""USD per ONE unit; an amount that is not known has no key."""
_MINUTE = Decimal(60)
_MINUTES = frozenset({"minute", "minute_of_audio", "minute_of_video"})
_EXACT_PLACES = Decimal(1).scaleb(-15)


class PriceSet(NamedTuple):
    """All prices of a route in [since, until); `until` None: in force, no amounts: unknown."""

    since: datetime
    until: datetime | None
    amounts: Amounts


class DayPrices(NamedTuple):
    """The prices of a route in [first, until), in days of UTC; `until` None: in force."""

    first: date
    until: date | None
    amounts: Amounts


def main_units(amounts: Amounts) -> frozenset[str]:
    """Return the units of the standard tier that an offer is compared by."""
    return frozenset(unit for unit, tier in amounts if tier == STANDARD) - COMPARED_WITH.keys()


def is_known(amounts: Amounts, task_group: str) -> bool:
    """Return whether amounts are enough to cost a call: a text needs tokens in and out, or none."""
    units = main_units(amounts)
    tokens = units & {"input_token", "output_token"}
    return bool(units) and (len(tokens) != 1 or (task_group != "text" and "input_token" in tokens))


def as_amounts(rows: Iterable[Row]) -> dict[Series, Decimal]:
    """Return the amounts of rows of prices that have one."""
    return {(row["unit"], row["tier"]): _per_unit(row) for row in rows if row["amount"] is not None}


def price_sets(
    intervals: Sequence[Row], current: Amounts | None, task_group: str
) -> list[PriceSet]:
    """Return the sets of prices that intervals of single prices make, oldest first.

    Amounts are empty where a call could not be costed, or where two offers of the name state
    different prices. The last set has the prices of `current` if it is given.
    """
    moments = sorted({row["valid_from"] for row in intervals} | _ends(intervals))
    sets: list[PriceSet] = []
    for place, since in enumerate(moments):
        until = moments[place + 1] if place + 1 < len(moments) else None
        valid = [row for row in intervals if _covers(row, since)]
        amounts = _agreed(valid)
        if until is None and current is not None:
            amounts = dict(current)
        if not is_known(amounts, task_group):
            amounts = {}
        if sets and sets[-1].amounts == amounts:
            sets[-1] = sets[-1]._replace(until=until)
        else:
            sets.append(PriceSet(since, until, amounts))
    return sets


def by_day(sets: Sequence[PriceSet]) -> list[DayPrices]:
    """Return the known sets with whole days, of which each has the prices at its end.

    A set that begins and ends on one day has no day of its own.
    """
    days = [
        DayPrices(each.since.date(), each.until.date() if each.until else None, each.amounts)
        for each in sets
        if each.amounts
    ]
    return [each for each in days if each.until is None or each.first < each.until]


def _ends(intervals: Sequence[Row]) -> set[datetime]:
    return {row["valid_to"] for row in intervals if row["valid_to"] is not None}


def _covers(row: Row, moment: datetime) -> bool:
    ends_later = row["valid_to"] is None or moment < row["valid_to"]
    return bool(row["valid_from"] <= moment and ends_later)


def _agreed(rows: Sequence[Row]) -> dict[Series, Decimal]:
    amounts = as_amounts(rows)
    stated = {(row["unit"], row["tier"], row["amount"]) for row in rows}
    return amounts if len(stated) == len({each[:2] for each in stated}) else {}


def _per_unit(row: Row) -> Decimal:
    """Return the amount; of one stated per minute, with the digits that a sixtieth of it has."""
    amount: Decimal = row["amount"]
    if row["native_unit"] not in _MINUTES:
        return amount
    per_minute = (amount * _MINUTE).quantize(_EXACT_PLACES, ROUND_HALF_EVEN)
    return per_minute / _MINUTE  # 28 digits: an hour of it is again what was stated
