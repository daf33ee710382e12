"""When an answer about a single id is requested, used again, or done without."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from providers.http.client import HttpClient
from providers.interface import AdapterContext
from providers.registry import adapter_for, load_registry
from schemas.payload import Payload, Traffic
from tests.support.clocks import FakeClock
from tests.support.raw_server import RawReply, serving

[SOURCE] = [source for source in load_registry().sources if source.source == "wavespeed"]
[FEED] = SOURCE.feeds
HOUR = timedelta(hours=1)


def listed(*names, kind="text-to-video", price=5):
    rows = [{"model_uuid": name, "type": kind, "base_price": price} for name in names]
    return RawReply(body=json.dumps({"items": rows, "total": len(rows)}).encode())


def answer_about(name, price=5):
    return json.dumps({"code": 200, "data": {"model_uuid": name, "base_price": price}}).encode()


def earlier(name, age, *, status=200, price=5):
    """Return an answer that an earlier run landed."""
    at = FakeClock().now() - age
    body = answer_about(name, price)
    return Payload(FEED.feed, "http://x/", 9, status, body, fetched_at=at, about=name)


def fetch(page, *, mapped, remembered=(), reply=None):
    """Return the answers about single ids, as (id, status, page), and the ids requested."""
    clock = FakeClock()

    def script(request):
        if "/detail/" not in request.target:
            return page if "page=1&" in request.target else RawReply(404)
        name = request.target.partition("/detail/")[2]
        return reply(name) if reply else RawReply(body=answer_about(name))

    traffic = Traffic()
    with (
        serving(script) as server,
        HttpClient(sleep=clock.sleep, monotonic=clock.monotonic, now=clock.now) as client,
    ):
        context = AdapterContext(
            {FEED.feed: server.url, FEED.details_key: server.url + "/products"},
            client,
            {FEED.feed: traffic},
            mapped_ids=lambda provider: mapped,
            remembered=lambda feed: {payload.about: payload for payload in remembered},
        )
        payloads = list(adapter_for(SOURCE, context).get_pricing())
        requests = [
            r.target.partition("/detail/")[2] for r in server.requests if "/detail/" in r.target
        ]
    assert [payload.page for payload in payloads] == list(range(1, len(payloads) + 1))
    assert traffic.requests == len(server.requests)
    return [(p.about, p.status) for p in payloads[1:]], requests


def test_only_mapped_ids_that_may_cost_by_their_length_are_requested():
    page = listed("a/b", "c/d", "../x", "e/f?g")
    assert fetch(page, mapped=["../x", "a/b", "e/f?g", "not/listed"]) == ([("a/b", 200)], ["a/b"])
    assert fetch(listed("a/b", price=None), mapped=["a/b"]) == ([], [])
    known = json.dumps([{"model_id": "a/b", "base_price": 5, "formula": None}]).encode()
    assert fetch(RawReply(body=known), mapped=["a/b"]) == ([], [])


@pytest.mark.parametrize(
    ("kind", "name", "requested"),
    [
        ("text-to-video", "ws/any", True),
        ("image-to-video", "ws/any", True),
        ("text-to-audio", "ws/any", True),
        ("text-to-image", "ws/any", False),
        ("image-to-image", "ws/video-frames", False),
        ("video-to-text", "ws/any", False),
        ("image-to-3d", "ws/any", False),
        ("lora-support", "ws/wan-2.2/image-to-video-lora", True),
        ("lora-support", "ws/wan-2.1/i2v-480p-lora", True),
        ("lora-support", "ws/flux-dev-lora", False),
        ("video-effects", "ws/any", True),
        (None, "ws/t2v-720p", True),
        (None, "ws/any", False),
    ],
)
def test_what_a_run_makes_decides_whether_its_product_is_requested(kind, name, requested):
    found, requests = fetch(listed(name, kind=kind), mapped=[name])
    assert (found, requests) == ([(name, 200)] * requested, [name] * requested)


@pytest.mark.parametrize(
    ("age", "status", "price", "requested"),
    [
        (HOUR, 200, 5, False),
        (22 * HOUR, 200, 5, False),
        (24 * HOUR, 200, 5, True),
        (HOUR, 200, 6, True),
        (HOUR, 404, 5, False),
        (HOUR, 503, 5, True),
        (HOUR, 429, 5, True),
    ],
)
def test_an_answer_is_used_again_for_a_day_unless_it_is_out_of_date(age, status, price, requested):
    before = earlier("a/b", age, status=status, price=price)
    found, requests = fetch(listed("a/b"), mapped=["a/b"], remembered=[before])
    assert found == [("a/b", 200 if requested else status)]
    assert requests == ["a/b"] * requested


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_a_refusal_of_every_id_ends_the_requests_without_a_second_try(status):
    kept = earlier("c/d", 48 * HOUR)
    found, requests = fetch(
        listed("a/b", "c/d", "e/f"),
        mapped=["a/b", "c/d", "e/f"],
        remembered=[kept],
        reply=lambda name: RawReply(status),
    )
    assert requests == ["a/b"]
    assert found == [("a/b", status), ("c/d", 200)]


@pytest.mark.parametrize("status", [400, 404, 410, 422])
def test_a_refusal_of_one_id_is_its_answer_and_the_others_are_requested(status):
    found, requests = fetch(
        listed("a/b", "c/d"),
        mapped=["a/b", "c/d"],
        reply=lambda name: RawReply(status) if name == "a/b" else RawReply(body=b"{}"),
    )
    assert (found, requests) == ([("a/b", status), ("c/d", 200)], ["a/b", "c/d"])


@pytest.mark.parametrize(("days", "status"), [(6, 200), (8, 503)])
def test_a_good_answer_is_kept_for_a_week_of_refusals(days, status):
    found, _ = fetch(
        listed("a/b"),
        mapped=["a/b"],
        remembered=[earlier("a/b", timedelta(days=days))],
        reply=lambda name: RawReply(503),
    )
    assert found == [("a/b", status)]


def test_a_connection_that_breaks_costs_the_list_nothing():
    broken = RawReply(body=b"{}", length=99, then=lambda connection: None)
    found, requests = fetch(listed("a/b", "c/d"), mapped=["a/b", "c/d"], reply=lambda name: broken)
    assert found == []
    assert set(requests) == {"a/b"}


def test_the_requests_of_a_run_are_limited_and_the_oldest_answers_come_first():
    names = [f"a/{number:03}" for number in range(FEED.details.at_most + 10)]
    old = [earlier(name, timedelta(days=3)) for name in names[:20]]
    oldest = [earlier(name, timedelta(days=5)) for name in names[20:25]]
    found, requests = fetch(listed(*names), mapped=names, remembered=[*old, *oldest])
    assert len(requests) == FEED.details.at_most
    assert set(requests) > set(names[20:])
    assert [name for name, _ in found] == names


def test_without_an_address_for_single_ids_none_is_requested():
    with serving([listed("a/b"), RawReply(404)]) as server, HttpClient() as client:
        context = AdapterContext(
            {FEED.feed: server.url}, client, {FEED.feed: Traffic()}, mapped_ids=lambda _: ["a/b"]
        )
        assert len(list(adapter_for(SOURCE, context).get_pricing())) == 1
