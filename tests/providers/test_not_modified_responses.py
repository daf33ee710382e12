"""A request with the ETag of a landed answer, and what a 304 stands for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial

import pytest

from providers.http.client import HttpClient
from providers.http.pagination import walk
from providers.http.response import Response
from schemas.errors import FeedRefused
from schemas.payload import KnownAnswer, Traffic
from tests.support.raw_server import RawReply, serving

THEN = datetime(2026, 3, 1, tzinfo=UTC)
BODY = b'[{"id":"org/a"}]'


def known(
    etag: str = '"a"', body: bytes | None = BODY, next_link: str | None = None
) -> KnownAnswer:
    return KnownAnswer(etag, next_link, THEN, None, lambda: body)


def got(url: str, answers: Mapping[str, KnownAnswer], traffic: Traffic | None = None) -> Response:
    with HttpClient() as client:
        return client.get(
            url,
            feed="hub",
            traffic=traffic or Traffic(),
            deadline=client.deadline(60),
            known=answers,
        )


def test_a_304_stands_for_the_landed_answer() -> None:
    traffic = Traffic()
    with serving([RawReply(304, b"", {"ETag": 'W/"a"', "Date": "today"})]) as server:
        url = f"{server.url}/list"
        response = got(url, {url: known()}, traffic)
    assert [request.headers["if-none-match"] for request in server.requests] == ['"a"']
    assert (response.status, response.body, response.headers["etag"]) == (200, BODY, '"a"')
    assert (traffic.requests, traffic.bytes) == (1, 0)


@pytest.mark.parametrize("etag", ['"a"', 'W/"a"'])
def test_a_server_may_ignore_the_etag(etag: str) -> None:
    with serving([RawReply(200, b"[1]", {"ETag": '"b"'})]) as server:
        url = f"{server.url}/list"
        response = got(url, {url: known(etag)})
    assert (response.body, response.known) == (b"[1]", None)


@pytest.mark.parametrize(
    ("answer", "headers"),
    [(known(body=None), {"ETag": '"a"'}), (known(), {"ETag": '"b"'})],
    ids=["its bytes are gone", "of another ETag"],
)
def test_a_304_for_nothing_that_is_landed_is_requested_again(
    answer: KnownAnswer, headers: dict[str, str]
) -> None:
    traffic = Traffic()
    with serving([RawReply(304, b"", headers), RawReply(body=b"[2]")]) as server:
        url = f"{server.url}/list"
        assert got(url, {url: answer}, traffic).body == b"[2]"
    assert ["if-none-match" in request.headers for request in server.requests] == [True, False]
    assert (traffic.requests, traffic.bytes) == (2, 3)


def test_a_304_without_a_question_is_refused() -> None:
    with serving([RawReply(304, b"")]) as server, pytest.raises(FeedRefused):
        got(f"{server.url}/list", {})
    assert "if-none-match" not in server.requests[0].headers


def test_a_cache_that_is_a_day_old_states_nothing() -> None:
    with serving([RawReply(304, b"", {"Age": "90000"})]) as server:
        url = f"{server.url}/list"
        with pytest.raises(FeedRefused, match="hours old"):
            got(url, {url: known()})


def test_a_walk_goes_on_from_an_unmodified_page_and_meets_changed_ones() -> None:
    pages = {"/list?limit=1": "1", "/list?cursor=a": "2", "/list?cursor=b": "3"}

    def reply(request):
        etag = f'"{pages[request.target]}"'
        if request.headers.get("if-none-match") == etag:
            return RawReply(304, b"", {"ETag": etag})  # without the link: a 304 need not repeat it
        link = {"Link": f'<{server.url}/list?cursor=b>; rel="next"'}
        return RawReply(
            body=request.target.encode().join((b'["', b'"]')),
            headers={"ETag": etag, **(link if request.target.endswith("=a") else {})},
        )

    with serving(reply) as server, HttpClient() as client:
        first, second = (f"{server.url}{target}" for target in list(pages)[:2])
        answers = {
            first: known('"1"', b"[1]", next_link=second),
            second: known('"old"', b"[2]"),  # it was the last page then
        }
        deadline = client.deadline(60)
        get = partial(client.get, feed="hub", traffic=Traffic(), deadline=deadline, known=answers)
        found = list(walk(get, f"{server.url}/list", params=(("limit", "1"),), feed="hub"))
    assert [response.body for response in found] == [
        b"[1]",
        b'["/list?cursor=a"]',
        b'["/list?cursor=b"]',
    ]
    assert [response.known is not None for response in found] == [True, False, False]


def test_a_redirect_is_followed_to_the_address_that_is_known() -> None:
    def reply(request):
        if request.target == "/list":
            return RawReply(302, b"", {"Location": "/there"})
        assert request.headers["if-none-match"] == '"a"'
        return RawReply(304, b"")

    with serving(reply) as server:
        assert got(f"{server.url}/list", {f"{server.url}/there": known()}).body == BODY
