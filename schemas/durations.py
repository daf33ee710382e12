"""Durations as a setting or an option writes them: `2h`, `90m`, `1d12h`."""

from __future__ import annotations

import re
from datetime import timedelta

FORM = "a duration like 2h, 90m or 1d12h"
LONGEST = timedelta(days=365)
_PARTS = re.compile(r"(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?", re.ASCII)


def read_duration(text: str) -> timedelta:
    """Return the duration; ValueError, which has what is wrong, for anything else."""
    found = _PARTS.fullmatch(text.strip().lower())
    if found is None or not any(found.groups()):
        raise ValueError(f"it must be {FORM}, with d, h, m and s in this order")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    length = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if not timedelta() < length <= LONGEST:
        raise ValueError("it must be more than nothing, and at most 365d")
    return length


def duration_text(length: timedelta) -> str:
    """Return a duration as `read_duration` reads it, in whole seconds."""
    minutes, seconds = divmod(round(length.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s")]
    return "".join(f"{count}{unit}" for count, unit in parts if count) or "0s"
