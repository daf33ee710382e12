"""One inference call against a server with the router's routes, and each of its errors."""

from __future__ import annotations

import json

import pytest

from providers.http.auth import Bearer
from providers.http.client import HttpClient
from providers.interface import AdapterContext
from providers.registry import adapter_for, load_registry
from schemas.errors import (
    InferenceBusy,
    InferenceInterrupted,
    InferencePaymentRequired,
    InferenceRefused,
    InferenceUnexpectedResponse,
    UsageError,
)
from schemas.inference import ChatMessage, ChatPayload, RawPayload
from schemas.secrets import Secret
from tests.support.bao import CANARY
from tests.support.raw_server import RawReply, end_here, serving, unused_port

JSON = {"Content-Type": "application/json; charset=utf-8"}
CHAT = ChatPayload(messages=[ChatMessage(role="user", content="Hello")], max_tokens=5)
COMPLETION = {
    "id": "1",
    "object": "chat.completion",
    "model": "acme/chat",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi."}}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12},
}


def json_response(value, status=200, **headers):
    more = {key.replace("_", "-"): text for key, text in headers.items()}
    return RawReply(status, json.dumps(value).encode(), headers=JSON | more)


def run(reply, model="acme/chat", payload=CHAT, *, below="", monotonic=None, **options):
    """Call the adapter, and return the response and the requests that the server got."""
    with serving(lambda _: reply) as server:
        url = server.url + below
        bearer = Bearer(Secret(CANARY), base_urls=[url])
        clock = {} if monotonic is None else {"monotonic": monotonic}
        with HttpClient(bearer=bearer, **clock) as client:
            adapter = adapter_for(
                load_registry().sources[0],
                AdapterContext({"hub": "http://127.0.0.1:9", "router": url}, client, traffic={}),
            )
            try:
                return adapter.run_inference(model, payload, **options), server.requests
            finally:
                assert len(server.requests) <= 1  # what may be billed is sent once


def refused(kind, reply, **options):
    with pytest.raises(kind) as caught:
        run(reply, **options)
    assert type(caught.value) is kind
    assert CANARY not in str(caught.value)
    return caught.value


def test_chat_is_sent_to_the_chat_route_with_the_token_and_the_options():
    answer, [request] = run(json_response(COMPLETION), "acme/chat:novita", below="/gateway")
    assert (request.method, request.target) == ("POST", "/gateway/v1/chat/completions")
    assert request.headers["authorization"] == f"Bearer {CANARY}"
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.body) == {
        "model": "acme/chat:novita",
        "messages": [{"role": "user", "content": "Hello"}],
        "max_tokens": 5,
    }
    assert answer.model == "acme/chat:novita"
    assert answer.text == "Hi."
    assert json.loads(answer.body) == COMPLETION
    assert (answer.input_tokens, answer.output_tokens) == (9, 3)


def test_facts_missing_in_the_response_are_unknown():
    answer, _ = run(json_response({"choices": []}), "acme/chat:novita")
    assert answer.text is None
    assert (answer.provider, answer.request_id, answer.cost_headers) == (None, None, {})
    assert (answer.input_tokens, answer.output_tokens) == (None, None)


def test_provider_request_id_and_cost_headers_are_kept():
    answer, _ = run(
        json_response(
            COMPLETION,
            X_Inference_Provider="novita",
            X_Request_Id="r-1",
            X_Compute_Cost="0.00012",
            X_Compute_Time="0.3",
            X_Other="no",
        )
    )
    assert (answer.provider, answer.request_id) == ("novita", "r-1")
    assert answer.cost_headers == {
        "x-inference-provider": "novita",
        "x-compute-cost": "0.00012",
        "x-compute-time": "0.3",
    }
    named, _ = run(json_response(COMPLETION | {"provider": "groq"}))
    assert named.provider == "groq"


def test_latency_is_what_our_clock_measured():
    ticks = iter(range(100))
    answer, _ = run(json_response(COMPLETION), monotonic=lambda: float(next(ticks)))
    assert answer.latency_ms > 0
    assert answer.latency_ms % 1000 == 0
    waited, _ = run(RawReply(200, b"{}", headers=JSON, wait_s=0.1))
    assert 100 <= waited.latency_ms < 5000


@pytest.mark.parametrize("model", ["acme/embed", "acme/embed:hf-inference", "gpt2"])
def test_other_input_is_sent_to_hf_inference(model):
    payload = RawPayload(inputs=["a", "b"], parameters={"normalize": True})
    answer, [request] = run(json_response([[0.5]]), model, payload)
    assert request.target == f"/hf-inference/models/{model.removesuffix(':hf-inference')}"
    assert json.loads(request.body) == {"inputs": ["a", "b"], "parameters": {"normalize": True}}
    assert json.loads(answer.body) == [[0.5]]
    assert answer.text is None


def test_an_image_comes_back_as_its_bytes():
    picture = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
    reply = RawReply(200, picture, headers={"Content-Type": "image/png"})
    answer, [request] = run(reply, "acme/paint", RawPayload(inputs="a cat"))
    assert (answer.body, answer.content_type) == (picture, "image/png")
    assert request.headers["accept"] == "*/*"


@pytest.mark.parametrize("model", ["", "a b/c", "../api/models", "a/../b", "a/b/c", "a/b:", "a?x"])
def test_an_invalid_model_is_not_sent(model):
    with pytest.raises(UsageError):
        run(json_response(COMPLETION), model)
    with pytest.raises(UsageError):
        run(json_response([]), model, RawPayload(inputs="x"))


def test_only_chat_accepts_a_provider_name():
    with pytest.raises(UsageError, match="hf-inference"):
        run(json_response([]), "acme/paint:fal-ai", RawPayload(inputs="x"))


UNSUPPORTED = {"error": {"message": "not supported by any provider", "code": "model_not_supported"}}


@pytest.mark.parametrize(
    ("status", "body", "kind", "code", "advice"),
    [
        (400, UNSUPPORTED, InferenceRefused, "model_not_supported", "no provider"),
        (400, {"error": "bad"}, InferenceRefused, "bad_request", "payload"),
        (
            401,
            {"error": "Invalid username or password."},
            InferenceRefused,
            "unauthorized",
            "secrets check",
        ),
        (
            402,
            {"error": "You have exceeded your monthly included credits"},
            InferencePaymentRequired,
            "no_credits",
            "credits",
        ),
        (403, {"error": "insufficient permissions"}, InferenceRefused, "forbidden", "right"),
        (404, {"error": "Not Found"}, InferenceRefused, "not_found", "name"),
        (410, {"error": "Gone"}, InferenceRefused, "http_410", "change"),
        (413, {"error": "too large"}, InferenceRefused, "too_large", "less"),
        (422, {"error": ["inputs: required"]}, InferenceRefused, "unprocessable", "shape"),
        (408, {}, InferenceBusy, "timeout", "later"),
        (429, {"error": "rate limit"}, InferenceBusy, "rate_limited", "wait"),
        (500, {"error": "Internal Server Error"}, InferenceBusy, "http_500", "later"),
        (502, {"error": "bad gateway"}, InferenceBusy, "http_502", "later"),
        (
            503,
            {"error": "Model is loading", "estimated_time": 20},
            InferenceBusy,
            "loading",
            "few minutes",
        ),
        (504, {"error": "timeout"}, InferenceBusy, "timeout", "later"),
    ],
)
def test_each_refusal_has_advice(status, body, kind, code, advice):
    error = refused(kind, json_response(body, status))
    assert error.code == code
    assert advice in str(error)
    assert str(status) in str(error)


def test_retry_after_is_reported_and_not_waited_for():
    assert "Retry-After: 30" in str(
        refused(InferenceBusy, json_response({}, 429, Retry_After="30"))
    )


def test_html_error_page_is_reported_by_its_title():
    page = RawReply(502, b"<!doctype html><title>502 Bad Gateway</title>" + b"x" * 5000)
    error = refused(InferenceBusy, page)
    assert "502 Bad Gateway" in str(error)
    assert "xxx" not in str(error)


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (RawReply(200, b"<title>Sign in</title>", headers={"Content-Type": "text/html"}), "html"),
        (RawReply(200, b"not json", headers=JSON), "malformed"),
        (RawReply(200, b"[1]", headers=JSON), "malformed"),
        (RawReply(200, b"", headers=JSON), "malformed"),
        (RawReply(302, headers={"Location": "http://127.0.0.1:9/"}), "redirect"),
        (RawReply(307, headers={"Location": "/v1/elsewhere"}), "redirect"),
        (RawReply(200, json.dumps({"echo": CANARY}).encode(), headers=JSON), "echoed_secret"),
        (RawReply(200, b"x", headers={"Content-Encoding": "br"}), "encoding"),
    ],
)
def test_response_of_another_kind_is_unexpected(reply, code):
    assert refused(InferenceUnexpectedResponse, reply).code == code


def test_a_refusal_that_quotes_the_token_is_masked():
    assert "***" in str(refused(InferenceRefused, json_response({"error": f"bad {CANARY}"}, 401)))


def test_a_server_that_is_too_slow():
    slow = RawReply(200, b"{}", headers=JSON, wait_s=2.0)
    error = refused(InferenceInterrupted, slow, timeout_s=0.2)
    assert error.code == "timeout"
    assert "may have been billed" in str(error)


def test_an_answer_that_breaks_off():
    error = refused(
        InferenceInterrupted, RawReply(200, b"{}", headers=JSON, length=3, then=end_here)
    )
    assert (error.code, error.__context__) == ("unreachable", None)


def test_a_closed_port_is_unreachable():
    url = f"http://127.0.0.1:{unused_port()}"
    with HttpClient() as client:
        adapter = adapter_for(
            load_registry().sources[0],
            AdapterContext({"hub": url, "router": url}, client, traffic={}),
        )
        with pytest.raises(InferenceInterrupted) as caught:
            adapter.run_inference("acme/chat", CHAT)
    assert caught.value.code == "unreachable"
