"""When the client retries, how long it waits first, and the error that it raises in the end."""

from __future__ import annotations

import threading
from datetime import timedelta
from email.utils import format_datetime

import httpx
import pytest

from providers.http.client import HttpClient
from providers.http.errors import error_of_exchange
from providers.http.rate_limit import ratelimit_pause, retry_after_pause
from providers.http.urls import public_url
from schemas.errors import FeedBusy, FeedDeadline, FeedStopped, FeedUnreachable
from schemas.payload import Traffic
from tests.support.clocks import FakeClock
from tests.support.raw_server import (
    Connection,
    RawReply,
    end_here,
    serving,
    unused_port,
)

OK = RawReply(body=b'["ok"]')


def fetch(server_url, clock, *, deadline_s=1200.0, times=1, traffic=None):
    traffic = Traffic() if traffic is None else traffic
    with HttpClient(sleep=clock.sleep, monotonic=clock.monotonic, now=clock.now) as client:
        deadline = client.deadline(deadline_s)
        for _ in range(times):
            response = client.get(
                f"{server_url}/list",
                feed="hub",
                params=(("secret", "in-query"),),
                traffic=traffic,
                deadline=deadline,
            )
    return response


def limited(left, seconds, **kw):
    return RawReply(headers={"RateLimit": f'"api";r={left};t={seconds}'}, **kw)


def test_a_429_with_nothing_left_waits_until_the_window_ends_and_one_second():
    clock, traffic = FakeClock(), Traffic()
    refused = RawReply(429, b"", {"RateLimit": '"api";r=0;t=23', "Retry-After": "5"})
    with serving([refused, OK]) as server:
        assert fetch(server.url, clock, traffic=traffic).body == OK.body
    assert clock.slept == [24.0]
    assert traffic == Traffic(requests=2, retries=1, bytes=len(OK.body), waited_s=24.0)


def test_a_429_with_retry_after_only_waits_that_long_and_one_second():
    clock = FakeClock()
    with serving([RawReply(429, b"", {"Retry-After": "7"}), OK]) as server:
        fetch(server.url, clock)
    assert clock.slept == [8.0]


def test_retry_after_may_be_an_http_date_of_the_servers_own_clock():
    clock = FakeClock()
    for skew in (timedelta(0), timedelta(hours=3), timedelta(days=-400)):
        date = clock.now() + skew
        headers = {
            "Date": format_datetime(date, usegmt=True),
            "Retry-After": format_datetime(date + timedelta(seconds=40), usegmt=True),
        }
        with serving([RawReply(503, b"", headers), OK]) as server:
            fetch(server.url, clock)
    assert clock.slept == [41.0] * 3


def test_429_without_a_wait_backs_off():
    clock = FakeClock()
    with serving([limited(12, 200, status=429), OK]) as server:
        fetch(server.url, clock)
    assert len(clock.slept) == 1
    assert 1.0 <= clock.slept[0] <= 2.0


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_busy_server_is_retried_until_it_answers(status):
    clock, traffic = FakeClock(), Traffic()
    with serving([RawReply(status, b"busy"), OK]) as server:
        assert fetch(server.url, clock, traffic=traffic).body == OK.body
    assert (traffic.requests, traffic.retries) == (2, 1)


def test_the_back_off_doubles_up_to_eight_seconds_and_ends_after_five_tries():
    clock, traffic = FakeClock(), Traffic()
    page = b"<!DOCTYPE html><html><head><title>502 Bad &amp; Gateway</title></head>" + b"x" * 9000
    with (
        serving([RawReply(502, page)]) as server,
        pytest.raises(FeedBusy) as caught,
    ):
        fetch(server.url, clock, traffic=traffic)
    for slept, least in zip(clock.slept, [1, 2, 4, 8], strict=True):
        assert least <= slept <= min(least + 1, 8)
    assert (traffic.requests, traffic.retries) == (5, 4)
    assert traffic.waited_s == sum(clock.slept)
    assert caught.value.code == "http_502"
    message = str(caught.value)
    assert "502 Bad & Gateway" in message
    assert "tried 5 times" in message
    assert "xxx" not in message


@pytest.mark.parametrize(
    "broken",
    [
        RawReply(body=b"[1, 2", length=100, then=end_here),
        RawReply(body=b"[1, 2", length=100, then=Connection.reset),
        RawReply(body=b"not gzip", headers={"Content-Encoding": "gzip"}),
        RawReply(body=b"\x1f\x8b\x08\x00\x00\x00\x00\x00", headers={"Content-Encoding": "gzip"}),
    ],
    ids=["truncated", "reset", "damaged gzip", "gzip without an end"],
)
def test_broken_body_is_requested_again(broken):
    clock, traffic = FakeClock(), Traffic()
    with serving([broken, broken, OK]) as server:
        assert fetch(server.url, clock, traffic=traffic).body == OK.body
    assert (traffic.retries, traffic.bytes) == (2, len(OK.body))


def test_a_body_that_always_breaks_is_unreachable():
    broken = RawReply(body=b"[1", length=100, then=end_here)
    with (
        serving([broken]) as server,
        pytest.raises(FeedUnreachable, match="tried 5"),
    ):
        fetch(server.url, FakeClock())


def test_closed_port_error_names_the_address_without_query_and_the_tries():
    port = unused_port()
    with pytest.raises(FeedUnreachable) as caught:
        fetch(f"http://127.0.0.1:{port}", FakeClock())
    message = str(caught.value)
    assert f"http://127.0.0.1:{port}/list (tried 5 times)" in message
    assert "refused" in message
    assert "secret" not in message
    assert caught.value.code == "unreachable"


def test_error_keeps_no_library_text_that_may_quote_a_header():
    with pytest.raises(FeedUnreachable) as caught:
        fetch(f"http://127.0.0.1:{unused_port()}", FakeClock())
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    quoting = httpx.LocalProtocolError("Illegal header value b'Bearer hidden\\n'")
    place = public_url("http://u:hidden@h/p?q=hidden")
    error = error_of_exchange(quoting, place=place, feed="hub", tries=1)
    assert str(error) == (
        "hub: no whole answer from http://h/p: LocalProtocolError: our own request is malformed"
    )


def test_https_to_a_server_without_tls_is_a_tls_error_without_retry():
    clock = FakeClock()
    with serving([OK]) as server, pytest.raises(FeedUnreachable) as caught:
        fetch(server.url.replace("http:", "https:"), clock)
    assert caught.value.code == "tls"
    assert clock.slept == []


def test_exhausted_rate_limit_delays_the_next_request_before_a_429():
    clock, traffic = FakeClock(), Traffic()
    with serving([limited(0, 10), limited(499, 300)]) as server:
        fetch(server.url, clock, times=3, traffic=traffic)
    assert clock.slept == [11.0]
    assert traffic.retries == 0
    assert traffic.waited_s == 11.0


def test_redirect_waits_for_the_rate_limit_like_any_request():
    clock = FakeClock()
    headers = {"RateLimit": '"api";r=0;t=10', "Location": "/list-2"}
    with serving([RawReply(302, b"", headers), OK]) as server:
        fetch(server.url, clock)
    assert clock.slept == [11.0]


def test_one_host_out_of_requests_does_not_hold_another_back():
    clock, traffic = FakeClock(), Traffic()
    with (
        serving([limited(0, 10)]) as poor,
        serving([OK]) as rich,
        HttpClient(sleep=clock.sleep, monotonic=clock.monotonic, now=clock.now) as client,
    ):
        for url in (poor.url, rich.url):
            client.get(url, feed="hub", traffic=traffic, deadline=client.deadline(60))
    assert clock.slept == []


@pytest.mark.parametrize(
    "header",
    [
        '"api";r=0;t=-5',
        '"api";r=0',
        '"api";r=;t=',
        "r0t23",
        '"api";r=0;t=soon',
        "",
        '"api";r=1;t=9',
    ],
)
def test_rate_limit_header_without_a_pause_causes_no_wait(header):
    clock = FakeClock()
    with serving([RawReply(headers={"RateLimit": header})]) as server:
        fetch(server.url, clock, times=2)
    assert clock.slept == []


@pytest.mark.parametrize("seconds", ["1200", "99999999999999999999", "9" * 400])
def test_a_wait_that_would_pass_the_deadline_is_refused_at_once(seconds):
    clock, traffic = FakeClock(), Traffic()
    with (
        serving([limited(0, seconds)]) as server,
        pytest.raises(FeedDeadline) as caught,
    ):
        fetch(server.url, clock, times=2, traffic=traffic)
    assert clock.slept == []
    assert (traffic.requests, traffic.retries) == (1, 0)
    assert "deadline of 1200 s" in str(caught.value)


def test_a_retry_that_the_deadline_forbids_is_not_counted_as_one():
    clock, traffic = FakeClock(), Traffic()
    busy = RawReply(503, b"", {"Retry-After": "3600"})
    with (
        serving([busy]) as server,
        pytest.raises(FeedDeadline, match="Retry-After"),
    ):
        fetch(server.url, clock, traffic=traffic)
    assert (traffic.requests, traffic.retries, clock.slept) == (1, 0, [])


def test_the_deadline_can_be_reached_by_paced_waits_together():
    clock, traffic = FakeClock(), Traffic()
    with (
        serving([limited(0, 49)]) as server,
        pytest.raises(FeedDeadline) as caught,
    ):
        fetch(server.url, clock, times=10, deadline_s=120, traffic=traffic)
    assert clock.slept == [50.0, 50.0]
    assert "a wait of 50.0 s" in str(caught.value)
    assert "20.0 s are left" in str(caught.value)


def test_of_several_buckets_the_longest_pause_counts():
    assert ratelimit_pause({"ratelimit": '"api";r=0;t=3, "pages";r=0;t=9, "x";r=2;t=99'}) == 10


def test_past_retry_after_waits_one_second_and_nonsense_none():
    now = FakeClock().now()
    assert retry_after_pause({"retry-after": "Sun, 06 Nov 1994 08:49:37 GMT"}, now=now) == 1
    assert retry_after_pause({"retry-after": "-3"}, now=now) is None
    assert retry_after_pause({"retry-after": "later"}, now=now) is None
    assert retry_after_pause({}, now=now) is None


def throttled_fetch(url, clock, throttle, *, deadline_s=1200.0, traffic):
    times = {"sleep": clock.sleep, "monotonic": clock.monotonic, "now": clock.now}
    with HttpClient(**times, throttle=throttle) as client:
        deadline = client.deadline(deadline_s)
        return client.get(f"{url}/list", feed="hub", traffic=traffic, deadline=deadline)


def test_the_throttle_is_called_before_each_try_until_it_gives_no_wait():
    clock, traffic, feeds = FakeClock(), Traffic(), []
    waits = iter([3.0, 2.0, 0.0, 0.0])

    def throttle(feed):
        feeds.append(feed)
        return next(waits)

    with serving([RawReply(429, b"", {"Retry-After": "7"}), OK]) as server:
        throttled_fetch(server.url, clock, throttle, traffic=traffic)
    assert feeds == ["hub"] * 4
    assert clock.slept == [3.0, 2.0, 8.0]
    assert (traffic.requests, traffic.waited_s) == (2, 13.0)


def test_a_wait_for_the_throttle_past_the_deadline_is_refused_at_once():
    clock = FakeClock()
    with serving([OK]) as server, pytest.raises(FeedDeadline, match="shared with other runs"):
        throttled_fetch(server.url, clock, lambda feed: 60.0, deadline_s=60, traffic=Traffic())
    assert clock.slept == []


def test_a_stop_ends_the_wait_for_the_throttle():
    with serving([OK]) as server, HttpClient(throttle=lambda feed: 600.0) as client:
        threading.Timer(0.1, client.stop).start()
        with pytest.raises(FeedStopped):
            client.get(server.url, feed="hub", traffic=Traffic(), deadline=client.deadline(1200))
