"""A duration as text: its two largest units, singular where there is one."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.elapsed import elapsed

_SECONDS = {"day": 86_400, "hour": 3_600, "minute": 60}


@pytest.mark.parametrize(
    ("passed", "text"),
    [
        (timedelta(seconds=-5), "less than a minute"),
        (timedelta(seconds=59.9), "less than a minute"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(hours=3, minutes=20, seconds=59), "3 hours 20 minutes"),
        (timedelta(hours=24), "1 day"),
        (timedelta(hours=25, minutes=1), "1 day 1 hour"),
        (timedelta(days=2, minutes=59), "2 days"),
        (timedelta(days=29, hours=23), "29 days 23 hours"),
        (timedelta(days=30, hours=23), "30 days"),
        (timedelta(days=1_234), "1,234 days"),
    ],
)
def test_a_duration_has_its_two_largest_units(passed: timedelta, text: str) -> None:
    assert elapsed(passed) == text


@given(st.integers(60, 29 * 86_400))
def test_the_text_is_the_duration_rounded_down(seconds: int) -> None:
    parts = re.findall(r"(\d+) (day|hour|minute)(s?)", elapsed(timedelta(seconds=seconds)))
    assert 1 <= len(parts) <= 2
    assert all((number == "1") is not bool(plural) for number, _, plural in parts)
    stated = sum(int(number) * _SECONDS[unit] for number, unit, _ in parts)
    assert 0 <= seconds - stated < (3_600 if seconds >= 86_400 else 60)
