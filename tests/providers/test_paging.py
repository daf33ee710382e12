"""A walk over pages ends where the server ends it, or with a named error."""

from __future__ import annotations

import json
from functools import partial

import pytest

from providers.http.client import HttpClient
from providers.http.pagination import PageSize, walk
from schemas.errors import FeedMalformed, PagingError
from schemas.payload import Traffic
from tests.support.clocks import FakeClock
from tests.support.raw_server import RawReply, RawServer, scripted, serving

CURSOR = "eyIkb3IiOlt7fV19%3D%3D"


def page(*entries, after=None, **headers):
    link = {} if after is None else {"Link": f'<{after}>; rel="next"'}
    return RawReply(body=json.dumps(entries).encode(), headers={**link, **headers})


def walked(server, *, kept=None, **limits):
    clock = FakeClock()
    kept = [] if kept is None else kept
    with HttpClient(sleep=clock.sleep, now=clock.now) as client:
        get = partial(client.get, feed="hub", traffic=Traffic(), deadline=client.deadline(60))
        for response in walk(
            get, f"{server.url}/list", params=(("limit", "2"),), feed="hub", **limits
        ):
            kept.append(response.body)
    return [json.loads(body) for body in kept]


def failed_walk(script, **limits):
    """Return the code of the walk's end, the pages until then, and how often it asked."""
    kept = []
    with (
        serving(script) as server,
        pytest.raises((PagingError, FeedMalformed)) as caught,
    ):
        walked(server, kept=kept, **limits)
    return caught.value.code, [json.loads(body) for body in kept], len(server.requests)


def test_pages_come_in_order_and_the_cursor_goes_back_byte_for_byte():
    def script(request):
        if "cursor" not in request.target:
            return page(1, 2, after=f"{server.url}/list?limit=2&cursor={CURSOR}")
        return page(3)

    with serving(script) as server:
        assert walked(server) == [[1, 2], [3]]
    assert [request.target for request in server.requests] == [
        "/list?limit=2",
        f"/list?limit=2&cursor={CURSOR}",
    ]


def test_a_relative_next_link_and_other_relations_are_understood():
    first = RawReply(
        body=b"[1]", headers={"Link": '</list?limit=2>; rel="first", </list?p=2>; rel="next"'}
    )
    with serving([first, page(2)]) as server:
        assert walked(server) == [[1], [2]]
    assert server.requests[1].target == "/list?p=2"


@pytest.mark.parametrize(
    "link",
    [
        "http://other.example/list?p=2",
        "//other.example/list",
        "https://127.0.0.1/list",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://[broken/",
        "http://127.0.0.1\\@other.example/",
    ],
)
def test_next_link_to_another_host_is_foreign_and_never_requested(link):
    assert failed_walk([page(1, after=link)]) == ("paging_foreign", [[1]], 1)


def test_a_next_link_with_credentials_is_foreign():
    def script(_request):
        return page(1, after=server.url.replace("http://", "http://user:word@") + "/list?p=2")

    server = RawServer(scripted(script))
    with server.running(), pytest.raises(PagingError) as caught:
        walked(server)
    assert caught.value.code == "paging_foreign"
    assert "word" not in str(caught.value)


def test_a_next_link_to_the_page_itself_is_a_loop():
    assert failed_walk([page(1, after="/list?limit=2")]) == ("paging_loop", [[1]], 1)


def test_a_next_link_to_an_earlier_page_is_a_loop():
    script = [page(1, after="?p=2"), page(2, after="?p=3"), page(3, after="?p=2")]
    assert failed_walk(script) == ("paging_loop", [[1], [2], [3]], 3)


def test_page_equal_to_an_earlier_one_is_a_repeat():
    script = [page(1, after="?p=2"), page(2, after="?p=3"), page(1, after="?p=4")]
    assert failed_walk(script) == ("paging_repeat", [[1], [2], [1]], 3)


def test_a_last_page_may_repeat_an_earlier_one():
    with serving([page(1, after="?p=2"), page(1)]) as server:
        assert walked(server) == [[1], [1]]


@pytest.mark.parametrize(
    "script",
    [
        [page(1, after="?p=2"), page(after="?p=3"), page(3)],
        [page(1, after="?p=2"), page(after="?p=3"), page(after="?p=4"), page(4)],
        [page(1, after="?p=2"), RawReply(body=b" [ ] ", headers={"Link": '<?p=3>; rel="next"'})],
    ],
    ids=["in the middle", "two of them", "with spaces"],
)
def test_an_empty_page_with_a_next_link_is_a_hole(script):
    assert failed_walk(script) == ("paging_hole", [[1], []], 2)


def test_an_empty_first_page_with_a_next_link_is_no_walk():
    assert failed_walk([page(after="?p=2"), page(2)]) == ("paging_endless", [[]], 1)


def test_an_empty_last_page_ends_a_walk():
    with serving([page(1, after="?p=2"), page()]) as server:
        assert walked(server) == [[1], []]


@pytest.mark.parametrize(
    ("sizes", "short"),
    [((2, 2, 2), 0), ((2, 2, 1), 0), ((2, 1, 2), 1), ((1, 1, 1), 2), ((1,), 0), ((2, 3, 0), 0)],
)
def test_pages_before_the_last_with_fewer_rows_than_requested_are_counted(sizes, short):
    numbers, counts = iter(range(100)), []
    replies = [
        page(*(next(numbers) for _ in range(size)), after=None if last else f"?p={at}")
        for at, size in enumerate(sizes, start=2)
        for last in [at == len(sizes) + 1]
    ]
    with serving(replies) as server:
        walked(server, size=PageSize(2, counts.append))
    assert counts[0] == 0
    assert counts[-1] == short


def test_pages_that_never_end_are_endless():
    numbers = iter(range(10**9))

    def script(_request):
        number = next(numbers)
        return page(number, after=f"?p={number}")

    code, kept, requests = failed_walk(script, max_pages=12)
    assert (code, len(kept), requests) == ("paging_endless", 12, 12)


@pytest.mark.parametrize(
    ("body", "code", "quoted"),
    [
        (b"<!doctype html><title>Sign in</title>", "not_json", "Sign in"),
        (b"[1, 2", "not_json", "[1, 2"),
        (b"", "not_json", "an empty body"),
        (b"[1] trailing", "not_json", "trailing"),
        (b'{"error": "soft failure"}', "not_array", "soft failure"),
        (b'"text"', "not_array", "text"),
    ],
)
def test_page_that_is_no_array_is_yielded_as_evidence_then_refused(body, code, quoted):
    kept = []
    with (
        serving([RawReply(body=body)]) as server,
        pytest.raises(FeedMalformed) as caught,
    ):
        walked(server, kept=kept)
    assert caught.value.code == code
    assert quoted in str(caught.value)
    assert kept == [body]
