"""One inference call through the router: two routes, one typed answer, errors that say what to do.

A call may be billed, so it is sent once and never again by itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import msgspec

from providers.http.client import HttpClient
from providers.http.response import Answer, explain, explain_body
from providers.http.urls import below, public_url
from schemas.errors import (
    FeedDeadline,
    FeedError,
    FeedUnreachable,
    InferenceBusy,
    InferenceError,
    InferenceInterrupted,
    InferencePaymentRequired,
    InferenceRefused,
    InferenceUnexpectedResponse,
    UsageError,
)
from schemas.inference import ChatPayload, InferenceAnswer, InferencePayload

CHAT_PATH = "/v1/chat/completions"
RAW_PATH = "/hf-inference/models/"
_MODEL = re.compile(r"(?P<id>\w[\w.-]*(/\w[\w.-]*)?)(:(?P<provider>[a-z0-9][a-z0-9-]*))?", re.ASCII)
_FEED = "inference"
_ABOUT_COST = re.compile(r"x-.*cost.*|x-inference-.*|x-compute-.*|inference-id")
_BILLED = "it may have been billed, so it was not sent again"

_REFUSED = {
    400: ("bad_request", "the payload does not suit the model: change it"),
    401: ("unauthorized", "set a valid token (`pricehouse secrets check` says where it is read)"),
    403: (
        "forbidden",
        "give the token the right to call inference providers, or accept the "
        "model's terms on its page",
    ),
    404: ("not_found", "check the model's name, and without messages that hf-inference serves it"),
    413: ("too_large", "send less at a time"),
    422: ("unprocessable", "the payload has not the shape that the model's task takes: change it"),
}
_BUSY = {
    408: ("timeout", "try again later, or ask for less"),
    429: ("rate_limited", "wait before the next call"),
    503: ("loading", "the model is loading or its provider is down: try again in a few minutes"),
    504: ("timeout", "try again later, or ask for less"),
}


def call_router(
    client: HttpClient, router_url: str, model: str, payload: InferencePayload, *, timeout_s: float
) -> InferenceAnswer:
    """Send one call and return its answer; InferenceError, or UsageError for a bad model name.

    A chat payload takes `org/model` or `org/model:provider`, any other `org/model`.
    """
    url, accept, content = _request(router_url, model, payload)
    deadline = client.deadline(timeout_s)
    failure: InferenceError
    try:
        answer = client.post(url, feed=_FEED, content=content, accept=accept, deadline=deadline)
    except FeedError as error:
        failure = _no_answer(error, url, timeout_s)
    else:
        latency_ms = (timeout_s - deadline.left()) * 1000
        if answer.status >= 300:
            raise _refusal(answer, model)
        return _read(answer, model, latency_ms, chat=isinstance(payload, ChatPayload))
    raise failure


def _request(router_url: str, model: str, payload: InferencePayload) -> tuple[str, str, bytes]:
    """Return the URL, what we accept, and the body."""
    named = _MODEL.fullmatch(model)
    if named is None:
        raise UsageError(f"{model[:100]!r} is no model: it must be like org/model")
    if isinstance(payload, ChatPayload):
        body = {"model": model, **msgspec.to_builtins(payload)}
        return below(router_url, CHAT_PATH), "application/json", msgspec.json.encode(body)
    if named["provider"] not in (None, "hf-inference"):
        raise UsageError(
            f"{model}: only chat goes to other providers by name; without messages the route is "
            "hf-inference's"
        )
    url = below(router_url, RAW_PATH + quote(named["id"]))
    return url, "*/*", msgspec.json.encode(payload)


def _read(answer: Answer, model: str, latency_ms: float, *, chat: bool) -> InferenceAnswer:
    content_type = answer.headers.get("content-type", "")
    said = _json(answer) if "json" in content_type or chat else None
    if "html" in content_type or (chat and not isinstance(said, dict)):
        raise InferenceUnexpectedResponse(
            f"{model}: {public_url(answer.url)} answered {answer.status} with something else than the "
            f"route gives ({explain_body(answer.body)}); {_BILLED}. Check PRICEHOUSE_ROUTER_URL",
            code="html" if "html" in content_type else "malformed",
        )
    facts: Mapping[str, Any] = said if isinstance(said, dict) else {}
    usage = facts.get("usage")
    counted: Mapping[str, Any] = usage if isinstance(usage, dict) else {}
    return InferenceAnswer(
        model=model,
        body=answer.body,
        content_type=content_type,
        text=_first_choice(facts),
        latency_ms=latency_ms,
        provider=answer.headers.get("x-inference-provider") or _of(str, facts.get("provider")),
        input_tokens=_of(int, counted.get("prompt_tokens")),
        output_tokens=_of(int, counted.get("completion_tokens")),
        request_id=answer.headers.get("x-request-id"),
        cost_headers={
            key: value for key, value in answer.headers.items() if _ABOUT_COST.fullmatch(key)
        },
    )


def _refusal(answer: Answer, model: str) -> InferenceError:
    status = answer.status
    said = explain(answer.headers, answer.body)
    where = f"{model}: {public_url(answer.url)} answered {status}"
    if status < 400:
        return InferenceUnexpectedResponse(
            f"{where}, a redirection, which is not followed: set PRICEHOUSE_ROUTER_URL to where "
            "it leads",
            code="redirect",
        )
    if status == 402:
        return InferencePaymentRequired(
            f"{where} ({said}): buy credits or wait until next month's; prices are read on "
            "without any"
        )
    if status == 400 and _code(answer) == "model_not_supported":
        return InferenceRefused(
            f"{where} ({said}): no provider that this account has enabled serves it; see the "
            "model's offers with `pricehouse sql`",
            code="model_not_supported",
        )
    if status in _BUSY or status >= 500:
        code, advice = _BUSY.get(status, (f"http_{status}", "the provider failed: try again later"))
        if wish := answer.headers.get("retry-after", "")[:40]:
            advice += f" (it asks for {wish})"
        return InferenceBusy(f"{where} ({said}): {advice}; {_BILLED}", code=code)
    code, advice = _REFUSED.get(status, (f"http_{status}", "change the call"))
    return InferenceRefused(f"{where} ({said}): {advice}", code=code)


def _no_answer(error: FeedError, url: str, timeout_s: float) -> InferenceError:
    """Say in the words of inference what the HTTP client says in those of feeds."""
    if isinstance(error, FeedDeadline):
        return InferenceInterrupted(
            f"{public_url(url)} gave no whole answer within {timeout_s:g} s; {_BILLED}: allow more "
            "time, or ask for less",
            code="timeout",
        )
    if isinstance(error, FeedUnreachable):
        return InferenceInterrupted(f"{error}; if it was sent, {_BILLED}", code=error.code)
    return InferenceUnexpectedResponse(f"{error}; {_BILLED}", code=error.code)


def _json(answer: Answer) -> object:
    try:
        return msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, RecursionError):
        return None


def _code(answer: Answer) -> object:
    match _json(answer):
        case {"error": {"code": code}} | {"code": code}:
            return code
    return None


def _first_choice(facts: Mapping[str, Any]) -> str | None:
    match facts:
        case {"choices": [{"message": {"content": str(text)}}, *_]}:
            return text
    return None


def _of(kind: type[Any], value: object) -> Any:
    return value if type(value) is kind else None
