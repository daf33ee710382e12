"""Every field of every recorded entry, replaced by odd values: no error, and no entry is lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

import pytest

from schemas.errors import FeedMalformed
from tests.support.odd_values import (
    ENTRIES,
    FEEDS,
    NAMES,
    ODD,
    OddRecord,
    every_shape,
    name_of,
    odd_records,
    page_of,
    representatives,
    run_line,
)

PAGE = 1500
NO_JSON = ("NaN", "Infinity", "-Infinity", "+1", "01", ".5", "1.", "'a'", "nul", '"\x00"', "[", "")
"""Texts that are no JSON value; a page with one of them is no JSON."""


def pages(feed: str, odd: Iterator[OddRecord]) -> Iterator[list[OddRecord]]:
    """Yield the records in groups."""
    while page := list(islice(odd, PAGE)):
        yield page


def require_counted(feed: str, page: Sequence[OddRecord]) -> int:
    """Run a page through the line; return how many entries were accepted."""
    names = [n for n in (name_of(feed, odd.record) for odd in page) if n] if feed in NAMES else []
    body = page_of(feed, [odd.record for odd in page])
    outcome = run_line(feed, body, list(dict.fromkeys(names)))
    assert outcome.parsed.failures == (), outcome.parsed.failures[0].traceback
    assert outcome.accepted + outcome.rejected == outcome.parsed.summary.records
    summary = outcome.parsed.summary
    assert summary.rows == summary.distinct + summary.repeats + summary.nameless
    expected = sum(odd.entries for odd in page)
    if outcome.accepted + outcome.rejected != expected:
        wrong = [o[1:] for o in page if counted(feed, o) != o.entries]
        raise AssertionError(f"{feed}: {summary.records} of {expected} entries: {wrong[:5]}")
    return outcome.accepted


def counted(feed: str, odd: OddRecord) -> int:
    """Return how many entries a page of one record counts."""
    outcome = run_line(feed, page_of(feed, [odd.record]))
    return outcome.accepted + outcome.rejected


@pytest.mark.parametrize("feed", FEEDS)
def test_an_odd_value_in_any_field_breaks_nothing_and_loses_no_entry(feed: str) -> None:
    odd = list(odd_records(feed, representatives(feed)))
    accepted = sum(require_counted(feed, page) for page in pages(feed, iter(odd)))
    assert len(odd) >= 3 * len(ODD)
    assert 0 < accepted < len(odd)


@pytest.mark.slow
@pytest.mark.parametrize("feed", FEEDS)
def test_an_odd_value_in_any_field_of_every_shape_breaks_nothing(feed: str) -> None:
    for page in pages(feed, odd_records(feed, every_shape(feed))):
        require_counted(feed, page)


@pytest.mark.parametrize("feed", FEEDS)
@pytest.mark.parametrize("text", NO_JSON)
def test_a_page_that_is_no_json_is_malformed_whatever_field_breaks_it(feed: str, text: str) -> None:
    (record, *_) = representatives(feed)
    whole = page_of(feed, [record])
    key = b'"%s":' % {**NAMES, **ENTRIES}[feed].encode()
    at = whole.index(key) + len(key)
    with pytest.raises(FeedMalformed):
        run_line(feed, whole[:at] + text.encode() + b"," + whole[at:])
