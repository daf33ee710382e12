"""Work ahead of the next step: in order, bounded, with the errors where they belong."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from pipeline.ahead import PAGES_AHEAD, ParseAhead, read_ahead
from schemas.errors import FeedMalformed
from schemas.offerings import REJECTED
from transforms.parsing.parsed_feed import PROVIDER_ENTRIES, AnswerSummary, Page, ParsedFeed


def page(number: int) -> Page:
    return Page(b"[]", f"{number}")


def parsed(records: int) -> ParsedFeed:
    summary = AnswerSummary("hub", records, 0, 0, 0, 0, PROVIDER_ENTRIES)
    return ParsedFeed(summary, REJECTED.empty())


def test_items_come_in_order_and_an_error_after_those_before_it() -> None:
    def items() -> Iterator[int]:
        yield from range(9)
        raise FeedMalformed("broken", code="broken")

    found: list[int] = []
    with pytest.raises(FeedMalformed, match="broken"):
        found.extend(read_ahead(items()))
    assert found == list(range(9))
    assert list(read_ahead(iter(()))) == []


def test_no_more_items_are_made_than_wait() -> None:
    made: list[int] = []
    blocked = threading.Event()

    def items() -> Iterator[int]:
        for number in range(100):
            made.append(number)
            if number == PAGES_AHEAD + 1:
                blocked.set()  # one is held, and the next waits for room
            yield number

    with closing(read_ahead(items())) as ahead:
        assert next(ahead) == 0
        assert blocked.wait(30)
        assert len(made) <= PAGES_AHEAD + 2
    assert len(made) < 100


def test_closing_ends_the_thread() -> None:
    before = set(threading.enumerate())
    with closing(read_ahead(iter(range(100)))) as ahead:
        next(ahead)
    assert set(threading.enumerate()) <= before


def test_pages_are_parsed_as_they_are_added() -> None:
    ahead = ParseAhead(lambda pages: parsed(len(list(pages))))
    for number in range(7):
        ahead.add(page(number))
    ahead.finish()
    assert ahead.result().summary.records == 7


def test_a_parser_that_fails_does_not_block_the_pages_after_it() -> None:
    def parse(pages: Iterator[Page]) -> ParsedFeed:
        next(pages)
        raise FeedMalformed("no array", code="not_array")

    ahead = ParseAhead(parse)
    for number in range(20):
        ahead.add(page(number))
    ahead.finish()
    with pytest.raises(FeedMalformed, match="no array"):
        ahead.result()


def test_a_feed_that_broke_off_ends_its_parser() -> None:
    ahead = ParseAhead(lambda pages: parsed(len(list(pages))))
    ahead.add(page(0))
    ahead.cancel()
    with pytest.raises(RuntimeError):
        ahead.result()
