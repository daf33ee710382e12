"""Where the walk over Featherless' numbered pages ends, and which of its pages may lack rows."""

from __future__ import annotations

import pytest

from providers.featherless import MAX_PAGES, PAGE_SIZE, short_pages
from providers.http.client import HttpClient
from providers.interface import AdapterContext
from providers.registry import adapter_for, load_registry
from schemas.errors import FeedError
from schemas.payload import Traffic
from tests.support.clocks import FakeClock
from tests.support.raw_server import RawReply, json_reply, serving

[SOURCE] = [source for source in load_registry().sources if source.source == "featherless"]


def page(first, count, *, total=None):
    """Return an answer with rows of these numbers, which states a count of pages or none."""
    rows = [{"id": f"acme/m{n}"} for n in range(first, first + count)]
    pages = {} if total is None else {"pagination": {"total_pages": total, "per_page": PAGE_SIZE}}
    return json_reply({"data": rows, **pages})


def walk(replies):
    """Return the pages that the adapter yields, the code of its error, and the short pages."""
    clock, pages = FakeClock(), []
    traffic = Traffic()
    with serving(replies) as server, HttpClient(sleep=clock.sleep) as client:
        context = AdapterContext(
            {"featherless_list": server.url}, client, {"featherless_list": traffic}
        )
        try:
            pages.extend(adapter_for(SOURCE, context).get_pricing())
        except FeedError as error:
            return len(pages), error.code, traffic.short_pages
        assert [request.target for request in server.requests][: len(pages)] == [
            f"/v1/models?page={n}&per_page={PAGE_SIZE}" for n in range(1, len(pages) + 1)
        ]
        return len(pages), None, traffic.short_pages


def test_walk_ends_at_the_stated_last_page():
    assert walk([page(0, PAGE_SIZE, total=2), page(PAGE_SIZE, 7, total=2)]) == (2, None, 0)


@pytest.mark.parametrize("last", [page(0, 0), page(0, 7)], ids=["empty", "repeated"])
def test_walk_without_a_stated_count_ends_with_a_page_that_adds_nothing(last):
    assert walk([page(0, PAGE_SIZE), page(PAGE_SIZE, 7), last]) == (3, None, 0)


def test_refusal_behind_a_short_page_is_the_end_without_a_stated_count():
    assert walk([page(0, 7), RawReply(404)]) == (1, None, 0)


@pytest.mark.parametrize("first", [page(0, PAGE_SIZE), page(0, 7, total=3)], ids=["full", "stated"])
def test_refusal_before_the_end_is_an_error(first):
    assert walk([first, RawReply(404)])[1] == "http_404"


def test_pages_that_are_empty_before_the_stated_end_count_as_short():
    empty = page(0, 0, total=50)
    assert walk([page(0, PAGE_SIZE, total=50), empty, empty]) == (3, None, 48)


def test_walk_continues_behind_one_empty_page():
    replies = [page(0, PAGE_SIZE, total=3), page(0, 0, total=3), page(PAGE_SIZE, 5, total=3)]
    assert walk(replies) == (3, None, 1)


def test_full_page_that_repeats_earlier_ones_is_an_error():
    assert walk([page(0, PAGE_SIZE), page(0, PAGE_SIZE)]) == (2, "paging_repeat", 0)


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (json_reply({"data": []}), "no_rows"),
        (json_reply({"models": []}), "wrong_shape"),
        (json_reply([{"id": "acme/m0"}]), "not_object"),
        (RawReply(body=b"<!doctype html><title>Sign in</title>"), "not_json"),
    ],
)
def test_first_page_of_another_shape_is_kept_and_refused(reply, code):
    assert walk([reply])[:2] == (1, code)


def test_unreadable_count_of_pages_is_none():
    odd = json_reply({"data": [{"id": "acme/m0"}], "pagination": {"total_pages": "many"}})
    assert walk([odd, page(0, 0)]) == (2, None, 0)


def test_pages_without_an_end_are_endless():
    numbers = iter(range(10**6))
    pages, code, _ = walk(lambda _: page(next(numbers) * 2, 2, total=10**6))
    assert (pages, code) == (MAX_PAGES, "paging_endless")


@pytest.mark.parametrize(
    ("sizes", "total", "expected"),
    [
        ([], None, 0),
        ([7], None, 0),
        ([1000, 7, 0], None, 0),
        ([7, 7, 0], None, 1),
        ([1000, 7], 2, 0),
        ([7, 1000], 2, 1),
        ([1000, 0, 0], 3, 1),
        ([1000, 0, 0], 10, 8),
    ],
)
def test_short_pages_are_those_before_the_last(sizes, total, expected):
    assert short_pages(sizes, total) == expected
