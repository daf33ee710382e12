"""Until when an entry of DeepInfra's list is sold."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from transforms.parsing.deepinfra_list import parse_deepinfra_list
from transforms.parsing.parsed_feed import Page

START = datetime(2026, 11, 25, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def unix(moment: datetime) -> int:
    return int(moment.timestamp())


def reason(end: object, observed_at: datetime | None = START) -> str | None:
    """Return why an entry with this end of sale has no price, None where it has one."""
    pricing = {"type": "output_length", "cents_per_output_sec": 2.5}
    row = {"model_name": "di/film", "deprecated": end, "pricing": pricing}
    page = Page(json.dumps([row]).encode(), "hash", observed_at)
    parsed = parse_deepinfra_list([page], inference_provider="deepinfra")
    (found,) = parsed.quotes["no_price_reason"].to_list()
    return str(found) if found is not None else None


@pytest.mark.parametrize(
    "end",
    [
        None,
        False,
        unix(START + 30 * HOUR),
        float(unix(START + 30 * HOUR)) + 0.5,
        unix(START + 30 * HOUR) * 1000,
        253402300799,  # the end of the year 9999
    ],
)
def test_an_end_that_lies_ahead_leaves_the_price(end: object) -> None:
    assert reason(end) is None


@pytest.mark.parametrize(
    "end",
    [
        unix(START - HOUR),
        unix(START),
        unix(START - HOUR) * 1000,
        0,
        -1,
        True,
        "",
        "2027-01-01",
        str(unix(START + 30 * HOUR)),
        [],
        {},
        10**18,
        10**30,
    ],
)
def test_an_end_that_passed_or_is_no_time_ends_the_price(end: object) -> None:
    assert reason(end) == "deprecated_in_list"


def test_an_end_is_compared_with_the_time_of_the_list_and_not_of_the_reader() -> None:
    end = unix(START)
    assert reason(end, START - timedelta(seconds=1)) is None
    assert reason(end, START) == "deprecated_in_list"
    assert reason(unix(START + HOUR), None) == "deprecated_in_list"
