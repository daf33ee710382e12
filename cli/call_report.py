"""What `pricehouse call` shows: the route before the call, and the costs after it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Context, Decimal
from pathlib import Path
from typing import Any

from marketplace.queries.call_cost import (
    CHAT,
    PREFERRED,
    ROUTES,
    CallCost,
    CallUsage,
    find_call_cards,
    find_call_cost,
)
from schemas.amounts import MILLION, amount_text
from schemas.inference import ChatPayload, InferencePayload, InferenceResponse
from warehouse.publication.reader_pool import Reading

BYTES_PER_TOKEN = 4
"""What an input token is taken for before a call; only its answer states how many there were."""
USD = "USD"
_EXACT = Context(prec=80)
_WHY = {
    "nothing_published": "nothing is published here",
    "not_chat": "only chat is priced per token",
    "tokens_not_stated": "the answer states no tokens",
    "provider_not_stated": "the answer does not state who served it",
    "not_computed": "it could not be computed from the answer",
    "no_card": "no card of it",
    "order_of_account": "it follows the order of the account",
    "several_offers": "the provider has several offers of the model, at different prices",
    "price_suspect": "its price is in doubt",
    "price_not_published": "no price of it is published",
    "price_unparsed": "its price cannot be read",
    "no_price_of_tokens": "a price of its tokens is not known",
    "cached_price_not_stated": "what its cached tokens cost is not stated",
    "cached_price_under_review": "the price of its cached tokens is under review",
    "cached_price_priced": "the price of its cached tokens is in another currency",
}


class CalledRoute:
    """Where a call leads, by the newest publication; without one nothing is known of prices."""

    def __init__(
        self, reading: Reading | None, model_id: str, name: str | None, *, is_chat: bool
    ) -> None:
        self.reading = reading
        self.model_id = model_id
        self.name = name
        self.is_chat = is_chat

    @property
    def provider(self) -> str | None:
        """The inference provider that the call names; None for a routing word."""
        return None if self.name in (None, PREFERRED, *ROUTES) else self.name

    def cards(self) -> list[dict[str, Any]]:
        """Return the cards to which the call leads."""
        if self.reading is None or not self.is_chat:
            return []
        return find_call_cards(self.reading, self.model_id, self.name)

    def cost(self, provider: str | None, usage: CallUsage | None) -> CallCost:
        """Return what the call cost at who served it, or why that is not known."""
        if not self.is_chat:
            return CallCost(None, None, "not_chat", None)
        if usage is None:
            return CallCost(None, None, "tokens_not_stated", None)
        if provider is None:
            return CallCost(None, None, "provider_not_stated", None)
        if self.reading is None:
            return CallCost(None, None, "nothing_published", None)
        return find_call_cost(self.reading, self.model_id, provider.lower(), usage)


@dataclass(frozen=True)
class CallReport:
    """One call: the response, what it cost by our card, and where and when it was sent."""

    route: CalledRoute
    response: InferenceResponse
    cost: CallCost
    sent_at: datetime
    output: Path | None

    @classmethod
    def of(
        cls,
        route: CalledRoute,
        response: InferenceResponse,
        *,
        sent_at: datetime,
        output: Path | None,
    ) -> CallReport:
        """Cost a response by the card of the provider that served it; `not_computed` if that
        fails."""
        try:
            cost = route.cost(response.provider or route.provider, _usage(response))
        except Exception:  # noqa: BLE001 - the answer was paid, whatever its costing meets
            cost = CallCost(None, None, "not_computed", None)
        return cls(route, response, cost, sent_at, output)

    @property
    def lacks_usage(self) -> bool:
        """Whether a chat answer does not state its tokens."""
        return self.route.is_chat and _usage(self.response) is None

    def facts(self) -> dict[str, Any]:
        """Return one object for programs; `pricehouse reconcile` reads it."""
        response, reading = self.response, self.route.reading
        stated = response.stated_costs[0] if response.stated_costs else None
        publication = reading.publication if reading else {}
        return {
            "requested": response.model,
            "model": self.route.model_id,
            "provider": response.provider or self.route.provider,
            "provider_stated": response.provider is not None,
            "task": CHAT if self.route.is_chat else None,
            "timestamp": self.sent_at,
            "input_tokens": response.input_tokens,
            "output_tokens": response.output_tokens,
            "cached_input_tokens": response.cached_input_tokens,
            "latency_ms": round(response.latency_ms, 3),
            "our_cost": self.cost.amount,
            "our_currency": self.cost.currency,
            "our_cost_reason": self.cost.reason,
            "held": self.cost.held,
            "stated_cost": stated.amount if stated else None,
            "stated_cost_source": stated.source if stated else None,
            "difference": self.difference(stated.amount if stated else None),
            "currency": USD if stated else self.cost.currency,
            "stated_costs": [
                {
                    "source": each.source,
                    "text": each.text,
                    "amount": each.amount,
                    "difference": self.difference(each.amount),
                }
                for each in response.stated_costs
            ],
            "cost_headers": response.cost_headers,
            "request_id": response.request_id,
            "offer_id": self.cost.offer_id,
            "price_observed_at": self.cost.observed_at,
            "publication": publication.get("publication_id"),
            "origin": publication.get("origin"),
            "text": response.text,
            "output": None if self.output is None else str(self.output),
        }

    def difference(self, stated: Decimal | None) -> Decimal | None:
        """Return what the answer states above our cost; None where one is not known in USD."""
        if stated is None or self.cost.amount is None or self.cost.currency != USD:
            return None
        return _EXACT.subtract(stated, self.cost.amount)


def _usage(response: InferenceResponse) -> CallUsage | None:
    if response.input_tokens is None or response.output_tokens is None:
        return None
    cached = response.cached_input_tokens or 0
    return CallUsage(response.input_tokens, response.output_tokens, cached)


def preview_lines(route: CalledRoute, payload: InferencePayload) -> list[str]:
    """Return where the call leads, its prices, and what the prompt is estimated to cost."""
    lead = f"{route.model_id} by " + (
        f"{route.provider}" if route.provider else f"the route {route.name or 'fastest'}"
    )
    cards = route.cards()
    if not cards:
        return [f"{lead}: price not known ({_WHY[_why_no_card(route)]})"]
    return [lead, *(_price_line(card, payload) for card in cards)]


def _why_no_card(route: CalledRoute) -> str:
    if not route.is_chat:
        return "not_chat"
    if route.reading is None:
        return "nothing_published"
    return "order_of_account" if route.name == PREFERRED else "no_card"


def _price_line(card: dict[str, Any], payload: InferencePayload) -> str:
    provider, currency = card["inference_provider"], card["currency"]
    per_input, per_output = card["cost_per_input_token"], card["cost_per_output_token"]
    if card["price_status"] not in ("priced", "free") or per_input is None or per_output is None:
        return f"  {provider}: price not known ({card['price_status'].replace('_', ' ')})"
    held = ", the last good price" if card["held"] else ""
    sample = ", sample data" if card["origin"] == "sample" else ""
    text = (
        f"  {provider}: {amount_text(per_input * MILLION)} {currency} per 1,000,000 input tokens, "
        f"{amount_text(per_output * MILLION)} per 1,000,000 output tokens{held}{sample}"
    )
    if not isinstance(payload, ChatPayload):
        return text
    if (size := _text_size(payload)) is None:
        return text
    tokens = -(-size // BYTES_PER_TOKEN)
    text += f"; estimate: about {tokens:,} input tokens"
    if payload.max_tokens is None:
        return f"{text}, {amount_text(tokens * per_input)} {currency}, and what the answer takes"
    most = tokens * per_input + payload.max_tokens * per_output
    return f"{text} and at most {payload.max_tokens:,} of output, {amount_text(most)} {currency}"


def _text_size(payload: ChatPayload) -> int | None:
    """Return the bytes of all messages; None where some part is no text."""
    size = 0
    for message in payload.messages:
        parts = [{"text": message.content}] if isinstance(message.content, str) else message.content
        for part in parts:
            if not isinstance(part.get("text"), str):
                return None
            size += len(part["text"].encode())
    return size


def report_lines(report: CallReport) -> list[str]:
    """Return the answer, and what is known of the call and of its cost."""
    facts, response = report.facts(), report.response
    lines = [_answer(report), ""]
    stated = "" if facts["provider_stated"] else ", as requested; the answer does not state it"
    lines.append(
        f"provider: {_printable(facts['provider'] or 'not stated')}"
        f"{stated if facts['provider'] else ''}"
    )
    cached = response.cached_input_tokens
    lines.append(
        f"tokens: {_count(response.input_tokens)} input"
        + (f" ({cached:,} of them cached)" if cached else "")
        + f", {_count(response.output_tokens)} output"
    )
    lines.append(f"latency: {response.latency_ms:,.0f} ms")
    cost = report.cost
    if cost.amount is None:
        lines.append(f"cost by our card: not known ({_WHY.get(str(cost.reason), cost.reason)})")
    else:
        held = ", the last good price" if cost.held else ""
        publication = f"publication {facts['publication']} ({facts['origin']})"
        lines.append(
            f"cost by our card: {amount_text(cost.amount)} {cost.currency}{held}; {publication}"
        )
    for each in facts["stated_costs"]:
        apart = each["difference"]
        more = "" if apart is None else f"; difference: {amount_text(apart)} {USD}"
        lines.append(
            f"cost by the answer: {amount_text(each['amount'])} {USD} ({each['source']}){more}"
        )
    if not facts["stated_costs"]:
        lines.append("cost by the answer: not stated")
    others = {k: v for k, v in response.cost_headers.items() if k != "x-inference-provider"}
    lines += [f"{name}: {_printable(text)}" for name, text in others.items()]
    return lines


def _answer(report: CallReport) -> str:
    response = report.response
    if report.output is not None:
        size = f"{len(response.body):,} bytes of {response.content_type or 'unknown type'}"
        return f"wrote {size} to {report.output}"
    if response.text is not None:
        return _printable(response.text)
    return _printable(response.body.decode("utf-8", errors="replace"))


def _printable(text: str) -> str:
    """Return a text without the control characters that steer a terminal."""
    return "".join(c for c in text if c.isprintable() or c in "\n\t")


def _count(number: int | None) -> str:
    return "not stated" if number is None else f"{number:,}"
