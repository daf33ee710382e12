"""Responses that the client returns or refuses, and the messages of its refusals."""

from __future__ import annotations

import gzip
import json

import pytest

from providers.http.client import HttpClient
from schemas.errors import FeedBusy, FeedDeadline, FeedMalformed, FeedRefused
from schemas.payload import Traffic
from tests.support.clocks import FakeClock
from tests.support.raw_server import RawReply, RawServer, bomb, drip, end_here, scripted, serving


def fetch(url, *, params=None, traffic=None, deadline_s=60.0, **client_settings):
    clock = FakeClock()
    with HttpClient(sleep=clock.sleep, now=clock.now, **client_settings) as client:
        return client.get(
            url,
            feed="hub",
            params=params,
            traffic=Traffic() if traffic is None else traffic,
            deadline=client.deadline(deadline_s),
        )


def test_response_has_its_bytes_address_and_our_time():
    reply = RawReply(body=b'[{"price": 0.10}]', headers={"X-Request-Id": "r-1"})
    with serving([reply]) as server:
        answer = fetch(f"{server.url}/list", params=(("expand[]", "a"), ("expand[]", "b")))
    assert answer.body == b'[{"price": 0.10}]'
    assert answer.status == 200
    assert answer.headers["x-request-id"] == "r-1"
    assert answer.url == f"{server.url}/list?expand%5B%5D=a&expand%5B%5D=b"
    assert answer.fetched_at == FakeClock().now()
    assert answer.next_link is None


def test_request_names_the_client_and_accepts_only_gzip():
    with serving([RawReply()]) as server:
        fetch(server.url)
    headers = server.requests[0].headers
    assert headers["user-agent"].startswith("pricehouse")
    assert headers["accept-encoding"] == "gzip"
    assert "authorization" not in headers


def test_one_connection_serves_many_requests_and_is_closed_in_the_end():
    most = []

    def script(_request):
        most.append(server.open_connections)
        return RawReply()

    clock, traffic = FakeClock(), Traffic()
    with serving(script) as server:
        with HttpClient(sleep=clock.sleep) as client:
            for _ in range(5):
                client.get(server.url, feed="hub", traffic=traffic, deadline=client.deadline(60))
        assert server.all_closed()
    assert most == [1] * 5


def test_a_gzip_body_arrives_decoded_also_in_several_members():
    one, two = b'[1, "' + b"a" * 300_000, b'"]'
    both = RawReply(
        body=gzip.compress(one) + gzip.compress(two), headers={"Content-Encoding": "gzip"}
    )
    traffic = Traffic()
    with serving([both]) as server:
        assert fetch(server.url, traffic=traffic).body == one + two
    assert traffic.bytes == len(one + two)


def test_a_gzip_bomb_is_stopped_by_the_cap_on_decoded_bytes():
    packed = RawReply(body=bomb(50_000_000), headers={"Content-Encoding": "gzip"})
    assert len(packed.body) < 60_000
    traffic = Traffic()
    with serving([packed]) as server, pytest.raises(FeedMalformed) as caught:
        fetch(server.url, traffic=traffic, max_body_bytes=1_000_000)
    assert caught.value.code == "too_large"
    assert "larger than 1000000 bytes" in str(caught.value)
    assert traffic.requests == 1


def test_a_body_of_just_the_cap_is_taken_and_one_byte_more_is_not():
    with RawServer(
        scripted([RawReply(body=b" " * 1000), RawReply(body=b" " * 1001)])
    ).running() as server:
        assert len(fetch(server.url, max_body_bytes=1000).body) == 1000
        with pytest.raises(FeedMalformed, match="larger than 1000 bytes"):
            fetch(server.url, max_body_bytes=1000)


def test_an_encoding_that_was_not_offered_is_malformed():
    twice = RawReply(headers={"Content-Encoding": "gzip, gzip"})
    with serving([twice]) as server, pytest.raises(FeedMalformed) as caught:
        fetch(server.url)
    assert caught.value.code == "encoding"


def test_a_body_that_trickles_fails_at_the_deadline():
    ended = []

    def to_its_end(connection):
        drip(connection)  # until the test is over, unless the client closes
        ended.append(connection)

    slow = RawReply(body=b"[", length=100_000, then=to_its_end)
    with serving([slow]) as server:
        with pytest.raises(FeedDeadline):
            fetch(server.url, deadline_s=0.3)
        assert ended == []


def test_server_that_sends_nothing_fails_at_the_deadline():
    stalled = RawReply(body=b"[", length=10, then=lambda connection: connection.is_open_after(600))
    with (
        serving([stalled]) as server,
        pytest.raises(FeedDeadline, match=r"not whole after its deadline of 0\.3 s"),
    ):
        fetch(server.url, deadline_s=0.3)
    assert len(server.requests) <= 1  # none where the machine took the deadline to connect


def test_redirect_within_the_origin_is_followed_without_the_query():
    def script(request):
        if request.target.startswith("/old"):
            return RawReply(307, b"", {"Location": "/new?page=2"})
        return RawReply(body=b'["new"]')

    traffic = Traffic()
    with serving(script) as server:
        answer = fetch(f"{server.url}/old", params=(("page", "1"),), traffic=traffic)
    assert [request.target for request in server.requests] == ["/old?page=1", "/new?page=2"]
    assert answer.url == f"{server.url}/new?page=2"
    assert (traffic.requests, traffic.retries) == (2, 0)


@pytest.mark.parametrize(
    "location",
    [
        "http://other.example/list?token=t",
        "//other.example/list",
        "https://127.0.0.1/list",
        "http://127.0.0.1:1/list",
        "file:///etc/passwd",
        "http://[broken/",
    ],
)
def test_a_redirect_to_another_origin_is_refused(location):
    moved = RawReply(302, b"", {"Location": location})
    with serving([moved]) as server, pytest.raises(FeedRefused) as caught:
        fetch(server.url)
    assert caught.value.code == "redirect"
    assert "token" not in str(caught.value)
    assert len(server.requests) == 1


def test_redirects_end_after_five():
    moved = RawReply(301, b"", {"Location": "/again"})
    with serving([moved]) as server, pytest.raises(FeedRefused) as caught:
        fetch(server.url)
    assert caught.value.code == "redirect"
    assert len(server.requests) == 6


def test_3xx_without_a_location_is_refused_by_its_status():
    with (
        serving([RawReply(304, b"")]) as server,
        pytest.raises(FeedRefused) as caught,
    ):
        fetch(server.url)
    assert caught.value.code == "http_304"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"error": "Invalid username or password."}, "Invalid username or password."),
        ({"error": ["first", "second"]}, "first; second"),
        (
            {"error": {"message": "not served", "type": "invalid", "code": "model_not_supported"}},
            "model_not_supported: not served",
        ),
        ({"error": {"message": "no", "type": "denied", "code": None}}, "denied: no"),
        ({"errors": [{"message": "one"}, {"message": "two"}]}, "one; two"),
        ({"detail": 7}, '{"detail": 7}'),
        ("only text", "only text"),
    ],
)
def test_message_is_read_from_each_shape_of_json_error(body, message):
    refusal = RawReply(401, json.dumps(body).encode())
    with serving([refusal]) as server, pytest.raises(FeedRefused) as caught:
        fetch(f"{server.url}/list", params=(("secret", "in-query"),))
    assert caught.value.code == "http_401"
    assert str(caught.value) == f"hub: {server.url}/list answered 401 Unauthorized: {message}"


def test_error_headers_come_before_the_body():
    headers = {"X-Error-Code": "GatedRepo", "X-Error-Message": "Ask for access"}
    refusal = RawReply(403, b'{"error": "less exact"}', headers)
    with serving([refusal]) as server, pytest.raises(FeedRefused) as caught:
        fetch(server.url)
    assert str(caught.value).endswith("403 Forbidden: GatedRepo: Ask for access")


@pytest.mark.parametrize(
    "body", [b"plain words " * 100, b"[" * 9000, b"\xff\x00\n" * 500, b"<html>" + b"x" * 99_999]
)
def test_error_message_is_at_most_200_printable_characters(body):
    with (
        serving([RawReply(404, body)]) as server,
        pytest.raises(FeedRefused) as caught,
    ):
        fetch(server.url)
    message = str(caught.value).split("404 Not Found: ")[1]
    assert 0 < len(message) <= 200
    assert message.isprintable()


def test_error_with_a_broken_body_is_reported_by_status():
    broken = RawReply(401, b"so", length=100, then=end_here)
    with serving([broken]) as server, pytest.raises(FeedRefused, match="401"):
        fetch(server.url)
    assert len(server.requests) == 1


def test_a_5xx_that_retries_do_not_help_is_busy_at_once():
    with (
        serving([RawReply(501, b"")]) as server,
        pytest.raises(FeedBusy) as caught,
    ):
        fetch(server.url)
    assert caught.value.code == "http_501"
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "url", ["ftp://127.0.0.1/list", "127.0.0.1", "http://", "http://127.0.0.1:port/"]
)
def test_bad_address_is_refused(url):
    with pytest.raises(FeedMalformed) as caught:
        fetch(url)
    assert caught.value.code == "bad_url"


@pytest.mark.parametrize(
    ("age", "old"),
    [
        ("0", False),
        ("86400", False),
        ("86401", True),
        ("9" * 30, True),
        ("-1", False),
        ("x", False),
    ],
)
def test_an_answer_that_a_cache_kept_for_a_day_is_refused(age: str, old: bool) -> None:
    with serving([RawReply(headers={"Age": age})]) as server, HttpClient() as client:
        if old:
            with pytest.raises(FeedRefused, match="hours old") as raised:
                _get_aged(client, server.url)
            assert raised.value.code == "stale_answer"
        else:
            assert _get_aged(client, server.url) == 200


def _get_aged(client: HttpClient, url: str) -> int:
    return client.get(url, feed="hub", traffic=Traffic(), deadline=client.deadline(60)).status
