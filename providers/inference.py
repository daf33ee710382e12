"""Send one inference call through the router: two routes, one typed response, typed errors.

A call may be billed, so it is sent once and never retried.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import msgspec

from providers.call_usage import read_cached_tokens, read_count, read_stated_costs
from providers.http.client import HttpClient
from providers.http.response import Response, describe_body, describe_error
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
from schemas.inference import ChatPayload, InferencePayload, InferenceResponse

CHAT_PATH = "/v1/chat/completions"
LONGEST_ID = 300
RAW_PATH = "/hf-inference/models/"
_MODEL = re.compile(
    r"(?P<id>\w[\w.-]*(/\w[\w.-]*)?)(:(?P<provider>[a-z0-9][a-z0-9-]{0,99}))?", re.ASCII
)
_DECODER = msgspec.json.Decoder(float_hook=Decimal)  # an amount keeps the digits of its text
_FEED = "inference"
_ABOUT_COST = re.compile(r"x-.*cost.*|x-inference-.*|x-compute-.*|inference-id")
_BILLED = "it may have been billed, so it was not sent again"

_REFUSED = {
    400: ("bad_request", "the model does not accept the payload: change it"),
    401: ("unauthorized", "set a valid token (`pricehouse secrets check` shows where it is read)"),
    403: (
        "forbidden",
        "give the token the right to call inference providers, or accept the "
        "model's terms on its page",
    ),
    404: ("not_found", "check the model's name, and without messages that hf-inference serves it"),
    413: ("too_large", "send less at a time"),
    422: ("unprocessable", "the payload does not have the shape of the model's task: change it"),
}
_BUSY = {
    408: ("timeout", "try again later, or ask for less"),
    429: ("rate_limited", "wait before the next call"),
    503: ("loading", "the model is loading or its provider is down: try again in a few minutes"),
    504: ("timeout", "try again later, or ask for less"),
}


def call_router(
    client: HttpClient, router_url: str, model: str, payload: InferencePayload, *, timeout_s: float
) -> InferenceResponse:
    """Send one call and return its response; InferenceError, or UsageError for a bad model name.

    A chat payload takes `org/model` or `org/model:provider`, any other `org/model`.
    """
    url, accept, content = _build_request(router_url, model, payload)
    deadline = client.deadline(timeout_s)
    failure: InferenceError
    try:
        response = client.post(url, feed=_FEED, content=content, accept=accept, deadline=deadline)
    except FeedError as error:
        failure = _inference_error(error, url, timeout_s)
    else:
        latency_ms = (timeout_s - deadline.left()) * 1000
        if response.status >= 300:
            raise _error_of_response(response, model)
        return _read(response, model, latency_ms, chat=isinstance(payload, ChatPayload))
    raise failure


def require_callable(model: str, payload: InferencePayload) -> tuple[str, str | None]:
    """Return the model's id and what follows its colon; UsageError for what no route takes."""
    named = _MODEL.fullmatch(model)
    if named is None or len(named["id"]) > LONGEST_ID:
        raise UsageError(f"{model[:100]!r} is no model: it must be like org/model")
    if not isinstance(payload, ChatPayload) and named["provider"] not in (None, "hf-inference"):
        raise UsageError(
            f"{model}: only chat goes to other providers by name; without messages the route is "
            "hf-inference's"
        )
    return named["id"], named["provider"]


def _build_request(
    router_url: str, model: str, payload: InferencePayload
) -> tuple[str, str, bytes]:
    """Return the URL, the Accept header, and the body."""
    model_id, _ = require_callable(model, payload)
    if isinstance(payload, ChatPayload):
        body = {"model": model, **msgspec.to_builtins(payload)}
        return below(router_url, CHAT_PATH), "application/json", msgspec.json.encode(body)
    return below(router_url, RAW_PATH + quote(model_id)), "*/*", msgspec.json.encode(payload)


def _read(response: Response, model: str, latency_ms: float, *, chat: bool) -> InferenceResponse:
    content_type = response.headers.get("content-type", "")
    parsed = _json(response) if "json" in content_type or chat else None
    if "html" in content_type or (chat and not isinstance(parsed, dict)):
        raise InferenceUnexpectedResponse(
            f"{model}: {public_url(response.url)} answered {response.status} without what the "
            f"route returns ({describe_body(response.body)}); {_BILLED}. "
            "Check PRICEHOUSE_ROUTER_URL",
            code="html" if "html" in content_type else "malformed",
        )
    headers = {key: text for key, text in response.headers.items() if _ABOUT_COST.fullmatch(key)}
    facts: Mapping[str, Any] = parsed if isinstance(parsed, dict) else {}
    usage = facts.get("usage")
    counts: Mapping[str, Any] = usage if isinstance(usage, dict) else {}
    return InferenceResponse(
        model=model,
        body=response.body,
        content_type=content_type,
        text=_first_choice(facts),
        latency_ms=latency_ms,
        provider=response.headers.get("x-inference-provider")
        or _if_type(str, facts.get("provider")),
        input_tokens=read_count(counts.get("prompt_tokens")),
        output_tokens=read_count(counts.get("completion_tokens")),
        request_id=response.headers.get("x-request-id"),
        cost_headers=headers,
        cached_input_tokens=read_cached_tokens(counts),
        stated_costs=read_stated_costs(counts, headers),
    )


def _error_of_response(response: Response, model: str) -> InferenceError:
    status = response.status
    message = describe_error(response.headers, response.body)
    where = f"{model}: {public_url(response.url)} answered {status}"
    if status < 400:
        return InferenceUnexpectedResponse(
            f"{where}, a redirection, which is not followed: set PRICEHOUSE_ROUTER_URL to its "
            "target",
            code="redirect",
        )
    if status == 402:
        return InferencePaymentRequired(
            f"{where} ({message}): buy credits or wait until next month's; reading prices "
            "needs none"
        )
    if status == 400 and _error_code(response) == "model_not_supported":
        return InferenceRefused(
            f"{where} ({message}): no provider that this account has enabled serves it; see the "
            "model's offers with `pricehouse sql`",
            code="model_not_supported",
        )
    if status in _BUSY or status >= 500:
        code, advice = _BUSY.get(status, (f"http_{status}", "the provider failed: try again later"))
        if retry_after := response.headers.get("retry-after", "")[:40]:
            advice += f" (Retry-After: {retry_after})"
        return InferenceBusy(f"{where} ({message}): {advice}; {_BILLED}", code=code)
    code, advice = _REFUSED.get(status, (f"http_{status}", "change the call"))
    return InferenceRefused(f"{where} ({message}): {advice}", code=code)


def _inference_error(error: FeedError, url: str, timeout_s: float) -> InferenceError:
    """Map the HTTP client's error about a feed to one about inference."""
    if isinstance(error, FeedDeadline):
        return InferenceInterrupted(
            f"{public_url(url)} sent no whole response within {timeout_s:g} s; {_BILLED}: allow "
            "more time, or ask for less",
            code="timeout",
        )
    if isinstance(error, FeedUnreachable):
        return InferenceInterrupted(f"{error}; if it was sent, {_BILLED}", code=error.code)
    return InferenceUnexpectedResponse(f"{error}; {_BILLED}", code=error.code)


def _json(response: Response) -> object:
    try:
        return _DECODER.decode(response.body)
    except (msgspec.DecodeError, RecursionError):
        return None


def _error_code(response: Response) -> object:
    match _json(response):
        case {"error": {"code": code}} | {"code": code}:
            return code
    return None


def _first_choice(facts: Mapping[str, Any]) -> str | None:
    match facts:
        case {"choices": [{"message": {"content": str(text)}}, *_]}:
            return text
    return None


def _if_type(kind: type[Any], value: object) -> Any:
    return value if type(value) is kind else None
