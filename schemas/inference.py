"""The payload and the response of one inference call."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import msgspec


class ChatMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One turn; `content` is text, or parts (text, image_url, …) as the chat route takes them."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str | list[dict[str, Any]]


class ChatPayload(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A chat completion, returned whole (no stream); the provider decides what is None."""

    messages: list[ChatMessage]
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: list[str] | None = None
    seed: int | None = None
    response_format: dict[str, Any] | None = None
    tools: list[dict[str, Any]] | None = None


class RawPayload(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Input for a task of its own kind (embedding, image, classification, …) on hf-inference."""

    inputs: str | list[Any] | dict[str, Any]
    parameters: dict[str, Any] | None = None


InferencePayload = ChatPayload | RawPayload


@dataclass(frozen=True)
class StatedCost:
    """What a response states that the call cost: where, as written, and in US dollars.

    No response states a currency: dollars are our assumption, because Hugging Face states prices in
    them. A header whose name has nano, micro or cents is in that part of one.
    """

    source: str
    text: str
    amount: Decimal


@dataclass(frozen=True)
class InferenceResponse:
    """The bytes of a response, and what it states about the call; None is unknown.

    `text` is the first choice of a chat response. `latency_ms` is measured here, from the sending
    to the last byte. `provider` is who served the call by the response's own statement, which a
    `:provider` in the request does not prove. `cost_headers` are the response's headers about cost
    and inference, verbatim: only the router knows what they mean. `stated_costs` has those of
    them, and of the response's usage, that are amounts; the usage comes first.
    """

    model: str
    body: bytes
    content_type: str
    text: str | None
    latency_ms: float
    provider: str | None
    input_tokens: int | None
    output_tokens: int | None
    request_id: str | None
    cost_headers: dict[str, str]
    cached_input_tokens: int | None = None
    stated_costs: tuple[StatedCost, ...] = ()
