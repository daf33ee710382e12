"""Read what the response of an inference call states about cached tokens and its own cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from schemas.inference import StatedCost

MOST_USD = Decimal(1_000_000)
"""A stated amount above this is none: it is in a unit that its name does not state."""
MOST_TOKENS = 10**12
"""A stated count of tokens above this is none: no call takes that many."""
_PARTS = (("nano", Decimal("1e-9")), ("micro", Decimal("1e-6")), ("cents", Decimal("0.01")))
"""A part of a header's name → the dollars that one of it is."""


def read_count(value: object) -> int | None:
    """Return a count of tokens as a response states it; None for what is no such count."""
    return value if type(value) is int and 0 <= value <= MOST_TOKENS else None


def read_cached_tokens(usage: Mapping[str, Any]) -> int | None:
    """Return how many input tokens came from the cache; None where that is not stated, or where
    they are more than the input tokens."""
    details = usage.get("prompt_tokens_details")
    stated = details.get("cached_tokens") if isinstance(details, dict) else None
    if stated is None:
        stated = usage.get("prompt_cache_hit_tokens")
    cached, total = read_count(stated), read_count(usage.get("prompt_tokens"))
    return None if cached is None or total is None or cached > total else cached


def read_stated_costs(
    usage: Mapping[str, Any], headers: Mapping[str, str]
) -> tuple[StatedCost, ...]:
    """Return the amounts that a response states: of its usage first, then of its headers."""
    return tuple(_costs(usage, headers))


def _costs(usage: Mapping[str, Any], headers: Mapping[str, str]) -> Iterator[StatedCost]:
    stated = usage.get("estimated_cost")
    if isinstance(stated, int | Decimal | str) and not isinstance(stated, bool):
        amount = _amount(str(stated))
        if amount is not None and amount <= MOST_USD:
            yield StatedCost("usage.estimated_cost", str(stated), amount)
    for name, text in sorted(headers.items()):
        amount = _amount(text) if "cost" in name else None
        if amount is not None and amount * _dollars(name) <= MOST_USD:
            yield StatedCost(name, text, amount * _dollars(name))


def _amount(text: str) -> Decimal | None:
    """Return a plain number from 0; None for a negative one, text, infinity, or far too many."""
    try:
        amount = Decimal(text.strip())
    except InvalidOperation:
        return None
    if not amount.is_finite() or amount < 0 or amount.adjusted() > 30 or amount.adjusted() < -30:
        return None
    return amount


def _dollars(name: str) -> Decimal:
    return next((dollars for part, dollars in _PARTS if part in name), Decimal(1))
