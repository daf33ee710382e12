"""The Hugging Face adapter requests the fields of its feeds and keeps each response's origin."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from providers.http.client import HttpClient
from providers.huggingface import DAILY_FIELDS, HuggingFaceAdapter
from providers.interface import AdapterContext
from providers.registry import load_registry
from schemas.errors import FeedDeadline, FeedMalformed, FeedRefused
from schemas.payload import Traffic
from tests.support.clocks import FakeClock
from tests.support.raw_server import RawReply, json_reply, serving

ROUTER_ANSWER = json_reply({"object": "list", "data": []})


def fetched(server, read, *, below="", deadline_s=None, providers=("novita", "groq")):
    clock = FakeClock()
    traffic = {"hub": Traffic(), "router": Traffic(), "partners": Traffic()}
    with HttpClient(sleep=clock.sleep, monotonic=clock.monotonic, now=clock.now) as client:
        adapter = HuggingFaceAdapter(
            load_registry().sources[0],
            AdapterContext(
                base_urls=dict.fromkeys(traffic, server.url + below),
                client=client,
                traffic=traffic,
                deadline_s=deadline_s,
                mapped_providers=lambda: providers,
            ),
        )
        return list(read(adapter)), traffic


def models(adapter):
    return adapter.list_models(details=False)


def prices(adapter):
    return adapter.get_pricing()


def mappings(adapter):
    return adapter.list_mappings()


def about(statuses):
    """Reply to the request about each provider with its status, and an empty mapping."""

    def script(request):
        return RawReply(statuses[request.path.split("/")[-2]], b"{}")

    return script


def test_the_live_mapping_of_each_provider_is_requested():
    with serving(about({"novita": 200, "groq": 200})) as server:
        payloads, traffic = fetched(server, mappings)
    targets = [f"/api/partners/{name}/models?status=live" for name in ("novita", "groq")]
    assert [request.target for request in server.requests] == targets
    assert [(p.feed, p.page, p.url) for p in payloads] == [
        ("partners", page, server.url + target) for page, target in enumerate(targets, start=1)
    ]
    assert traffic["partners"].pages == 2


@pytest.mark.parametrize("status", [400, 404, 410])
def test_a_provider_that_is_unknown_to_hugging_face_is_left_out(status):
    with serving(about({"novita": status, "groq": 200})) as server:
        payloads, _ = fetched(server, mappings)
    assert [(p.page, urlsplit(p.url).path) for p in payloads] == [(1, "/api/partners/groq/models")]
    with serving(about({"novita": status, "groq": status})) as server:
        with pytest.raises(FeedRefused) as caught:
            fetched(server, mappings)
        assert caught.value.code == "no_partners"
        assert f"{server.url}/api/partners knows none" in str(caught.value)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_is_not_taken_for_an_unknown_provider(status):
    with serving(about({"novita": status})) as server, pytest.raises(FeedRefused) as caught:
        fetched(server, mappings)
    assert caught.value.code == f"http_{status}"


def test_a_name_that_is_no_path_segment_is_not_requested():
    odd = ["../models", "a/b", "No Name", "", "x?y", ".", "groq"]
    with serving(about({"groq": 200})) as server:
        fetched(server, mappings, providers=odd)
    assert len(server.requests) == 1


def test_hourly_query_requests_every_mapping_sorted_by_a_stable_key():
    with serving([RawReply()]) as server:
        fetched(server, models)
    requested = urlsplit(server.requests[0].target)
    assert requested.path == "/api/models"
    assert sorted(parse_qsl(requested.query)) == [
        ("direction", "-1"),
        ("expand[]", "inferenceProviderMapping"),
        ("expand[]", "pipeline_tag"),
        ("inference_provider", "all"),
        ("limit", "1000"),
        ("sort", "createdAt"),
    ]


def test_daily_query_requests_the_other_fields_too():
    with serving([RawReply()]) as server:
        fetched(server, lambda adapter: adapter.list_models(details=True))
    requested = parse_qs(urlsplit(server.requests[0].target).query)["expand[]"]
    assert requested == ["inferenceProviderMapping", "pipeline_tag", *DAILY_FIELDS]


def test_pages_are_numbered_from_one_and_counted():
    first = json_reply([{"id": "a/b"}], headers={"Link": '<?cursor=x>; rel="next"'})
    with serving([first, RawReply()]) as server:
        payloads, traffic = fetched(server, models)
    assert [(p.feed, p.page, p.status, p.body) for p in payloads] == [
        ("hub", 1, 200, first.body),
        ("hub", 2, 200, b"[]"),
    ]
    assert payloads[1].url == f"{server.url}/api/models?cursor=x"
    assert traffic["hub"] == Traffic(requests=2, pages=2, bytes=len(first.body) + 2)
    assert traffic["router"] == Traffic()


def test_the_router_is_one_answer_and_an_object():
    with serving([ROUTER_ANSWER]) as server:
        payloads, traffic = fetched(server, prices)
    assert [(p.feed, p.page, p.body) for p in payloads] == [("router", 1, ROUTER_ANSWER.body)]
    assert server.requests[0].target == "/v1/models"
    assert (traffic["router"].requests, traffic["router"].pages) == (1, 1)


@pytest.mark.parametrize(
    ("body", "code"), [(b"[]", "not_object"), (b"<html></html>", "not_json"), (b"{", "not_json")]
)
def test_a_router_answer_of_another_shape_is_malformed(body, code):
    with (
        serving([RawReply(body=body)]) as server,
        pytest.raises(FeedMalformed) as caught,
    ):
        fetched(server, prices)
    assert caught.value.code == code


@pytest.mark.parametrize("below", ["/hf", "/hf/"])
def test_a_gateway_with_a_path_of_its_own_works(below):
    with serving([RawReply(), ROUTER_ANSWER]) as server:
        fetched(server, models, below=below)
        fetched(server, prices, below=below)
    assert [urlsplit(r.target).path for r in server.requests] == ["/hf/api/models", "/hf/v1/models"]


def test_payload_keeps_the_archive_date_and_a_few_headers():
    headers = {
        "Memento-Datetime": "Thu, 26 Feb 2026 12:27:00 GMT",
        "RateLimit": '"api";r=495;t=23',
        "RateLimit-Policy": '"fixed window";"api";q=500;w=300',
        "X-Request-Id": "abc",
        "ETag": 'W/"1"',
        "Set-Cookie": "not=kept",
    }
    with serving([RawReply(headers=headers), RawReply()]) as server:
        [archived], _ = fetched(server, models)
        [live], _ = fetched(server, models)
    assert archived.captured_at == datetime(2026, 2, 26, 12, 27, tzinfo=UTC)
    assert archived.fetched_at == FakeClock().now()
    assert set(archived.answered) == {
        "ratelimit",
        "ratelimit-policy",
        "x-request-id",
        "date",
        "etag",
    }
    assert archived.answered["ratelimit"] == '"api";r=495;t=23'
    assert live.captured_at is None
    assert set(live.answered) == {"date"}


def test_an_invalid_capture_date_is_malformed():
    reply = RawReply(headers={"Memento-Datetime": "last winter"})
    with serving([reply]) as server, pytest.raises(FeedMalformed) as caught:
        fetched(server, models)
    assert caught.value.code == "bad_memento"


@pytest.mark.parametrize(("deadline_s", "held"), [(None, 1200), (30.0, 30)])
def test_the_feeds_own_deadline_holds_unless_another_is_given(deadline_s, held):
    paced = json_reply(
        [json.loads("1")],
        headers={"RateLimit": '"api";r=0;t=5000', "Link": '<?cursor=x>; rel="next"'},
    )
    with (
        serving([paced]) as server,
        pytest.raises(FeedDeadline, match=f"deadline of {held} s"),
    ):
        fetched(server, models, deadline_s=deadline_s)
