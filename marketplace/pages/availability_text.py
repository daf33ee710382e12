"""Availability in plain text: hours of a source's list, never a promise about calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Row = Mapping[str, Any]
NOTE = (
    "The share of the known hours in which the source listed the offer as live. Hours in a gap of "
    "the source are unknown and count in no share. Nothing here states whether calls succeeded."
)


def live_share(row: Row) -> str:
    """Return the share in percent, rounded down: `99.4 %`; `unknown` without a known hour."""
    known, live = row["known_hours"], row["live_hours"]
    if not known:
        return "unknown"
    whole, tenth = divmod(1000 * live // known, 10)
    return f"{whole} %" if tenth == 0 else f"{whole}.{tenth} %"


def listed_hours(row: Row) -> str:
    """Return the hours behind a share: `166 of 168 hours`, `166 of 166 hours, 2 unknown`."""
    unknown = row["unknown_hours"]
    if not row["known_hours"]:
        return f"{unknown:,} hour{'' if unknown == 1 else 's'} unknown"
    hours = row["known_hours"]
    text = f"{row['live_hours']:,} of {hours:,} hour{'' if hours == 1 else 's'}"
    return f"{text}, {unknown:,} unknown" if unknown else text
