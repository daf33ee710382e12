"""How much time passed, as text for people."""

from __future__ import annotations

from datetime import timedelta

_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60))
_DAYS_ALONE = 30
"""From so many days on, hours add nothing."""


def elapsed(passed: timedelta) -> str:
    """Return a duration in at most two units, rounded down: `1 day`, `3 hours 20 minutes`.

    From 30 days on it has days alone. What is shorter than a minute, or negative, has no number.
    """
    seconds = int(passed.total_seconds())
    for place, (_, size) in enumerate(_UNITS):
        if seconds >= size:
            units = _UNITS[place : place + (1 if seconds >= _DAYS_ALONE * 86_400 else 2)]
            return " ".join(_parts(seconds, units))
    return "less than a minute"


def _parts(seconds: int, units: tuple[tuple[str, int], ...]) -> list[str]:
    parts = []
    for name, size in units:
        number, seconds = divmod(seconds, size)
        if number:
            parts.append(f"{number:,} {name}{'' if number == 1 else 's'}")
    return parts
