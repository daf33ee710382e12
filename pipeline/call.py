"""Send one inference call through the router, as `pricehouse call` does; nothing else calls one."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import msgspec

from pipeline.context import FindToken
from pipeline.settings import Settings
from providers.http.auth import Bearer
from providers.http.client import HttpClient
from providers.http.proxies import NO_PROXIES, Proxies
from providers.huggingface import ROUTER
from providers.interface import AdapterContext
from providers.registry import adapter_for, load_registry
from schemas.errors import UsageError
from schemas.inference import (
    ChatMessage,
    ChatPayload,
    InferencePayload,
    InferenceResponse,
    RawPayload,
)
from schemas.payload import Traffic
from schemas.registry import Source
from schemas.secrets import Secret

_WITHOUT = (
    "a call needs a token: store one as huggingface/api_key in Vault, or set HF_TOKEN "
    "(`pricehouse secrets check` shows where it is read)"
)


def chat_payload(prompt: str, *, max_tokens: int | None) -> ChatPayload:
    """Return the payload of one question."""
    if not prompt.strip():
        raise UsageError("the prompt is empty")
    return ChatPayload(messages=[ChatMessage(role="user", content=prompt)], max_tokens=max_tokens)


def read_payload(data: bytes, *, model: str) -> InferencePayload:
    """Return the payload that a JSON file holds: with `messages` for chat, with `inputs` for all
    else.

    A `model` in it must be the one of the call. UsageError names what the route does not take: a
    field that were dropped silently would change what is paid for.
    """
    try:
        fields = msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise UsageError(f"the payload is no JSON: {error}") from None
    if not isinstance(fields, dict):
        raise UsageError("the payload must be a JSON object with `messages` or `inputs`")
    kind = ChatPayload if "messages" in fields else RawPayload
    named = fields.pop("model", model)
    if named != model:
        raise UsageError(f"the payload names another model, {named!r}; the call is of {model!r}")
    if fields.pop("stream", False):
        raise UsageError("the payload asks for a stream; an answer comes whole: leave `stream` out")
    if unknown := sorted(set(fields) - {field.name for field in msgspec.structs.fields(kind)}):
        known = ", ".join(field.name for field in msgspec.structs.fields(kind))
        raise UsageError(f"the payload has {', '.join(unknown)}; it may have {known}")
    return _converted(fields, kind)


def _converted(fields: dict[str, Any], kind: type[ChatPayload | RawPayload]) -> InferencePayload:
    try:
        payload = msgspec.convert(fields, kind)
    except msgspec.ValidationError as error:
        raise UsageError(f"the payload does not have the shape of a call: {error}") from None
    if isinstance(payload, ChatPayload) and not payload.messages:
        raise UsageError("the payload has no message")
    return payload


def require_token(find: FindToken) -> Secret:
    """Return the token of Hugging Face; UsageError without one, SecretError when Vault fails."""
    found = find()
    if found is None:
        raise UsageError(_WITHOUT)
    return found.secret


def call_model(
    model: str,
    payload: InferencePayload,
    secret: Secret,
    settings: Settings,
    *,
    timeout_s: float,
    proxies: Proxies = NO_PROXIES,
) -> InferenceResponse:
    """Send the call once, and return its response; InferenceError for any other outcome."""
    router_url = settings.base_urls[ROUTER]
    bearer = Bearer(secret, base_urls=[router_url])
    traffic: dict[str, Traffic] = defaultdict(Traffic)
    with HttpClient(bearer=bearer, proxies=proxies) as client:
        adapter = adapter_for(_source(), AdapterContext(settings.base_urls, client, traffic))
        return adapter.run_inference(model, payload, timeout_s=timeout_s)


def _source() -> Source:
    sources = load_registry().sources
    return next(s for s in sources if any(feed.feed == ROUTER for feed in s.feeds))
