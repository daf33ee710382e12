"""Parse a price object `{"input": 0.42, "output": 3}` without ever making a float of it.

Strict where money is: a price that is no JSON number, and the whole object is a problem. A key
that is not known may change what the others mean: their numbers are returned with a mark. The
values of additional keys (cached tokens and so on) never make a problem of the others.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from schemas.text import replace_unprintable
from schemas.unknown_keys import mark_of
from schemas.unreadable import UNREADABLE
from transforms.parsing.decode import excerpt

_MAIN = ("input", "output")
_USD = b'"USD"'
_NUMBER_STARTS = frozenset(b"-0123456789")
ADDITIONAL_KEYS: dict[str, tuple[str, ...]] = {
    "cached": (
        "cached_input",
        "cachedInput",
        "input_cached",
        "cached_input_token",
        "cached_input_tokens",
        "input_cached_tokens",
        "cache_read",
        "cacheRead",
        "input_cache_read",
        "inputCacheRead",
        "input_cache_reads",
        "cache_read_input",
        "cache_read_input_tokens",
        "cache_read_tokens",
    ),
    "cache_write": (
        "cache_write",
        "cacheWrite",
        "input_cache_write",
        "inputCacheWrite",
        "input_cache_writes",
        "cache_write_tokens",
        "cache_creation_input_tokens",
    ),
    "reasoning": (
        "reasoning",
        "internal_reasoning",
        "internalReasoning",
        "reasoning_token",
        "reasoning_tokens",
    ),
}
"""Names of additional prices per 1,000,000 tokens: those of OpenRouter, models.dev, together,
SambaNova, OVHcloud, Langfuse and llm-prices."""
_FIELD_OF = {key: field for field, keys in ADDITIONAL_KEYS.items() for key in keys}


@dataclass(frozen=True)
class PriceText:
    """The numbers as written, or why they cannot be read; all None means that nothing is priced.

    `unknown` is the mark of the keys that are not known. Of an additional price that is no number
    the text is what is written instead.
    """

    input: str | None = None
    output: str | None = None
    problem: str | None = None
    cached: str | None = None
    cache_write: str | None = None
    reasoning: str | None = None
    unknown: str | None = None


def read_price(raw: msgspec.Raw | bytes) -> PriceText:
    """Return the texts of a price object's numbers; a value of null states nothing."""
    try:
        found = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except UNREADABLE:
        return PriceText(problem=f"not_an_object: {excerpt(raw, 80)}")
    # a known key and a number have no colon of their own, so each stands for one pair
    if bytes(raw).count(b":") > len(found) and _has_key_twice(raw):
        return PriceText(problem="key_twice")  # which of the two is the price?
    stated = {
        key: text for key, value in found.items() if (text := bytes(value).strip()) != b"null"
    }
    texts: dict[str, str] = {}
    for key in _MAIN:
        if key not in stated:
            continue
        if stated[key][0] not in _NUMBER_STARTS:
            return PriceText(problem=f"not_a_number: {key} is {excerpt(stated[key], 80)}")
        texts[key] = stated[key].decode("ascii")
    currency = stated.pop("currency", _USD)
    if currency.upper() != _USD:
        return PriceText(problem=f"unknown_currency: {excerpt(currency, 20)}")
    unknown = mark_of(key for key in stated if key not in _MAIN and key not in _FIELD_OF)
    return PriceText(**texts, **_additional(stated), unknown=unknown)


def _additional(stated: Mapping[str, bytes]) -> dict[str, str]:
    """Return the texts of the additional prices; two names with two values are no number."""
    texts: dict[str, str] = {}
    for key in sorted(_FIELD_OF.keys() & stated.keys()):
        value, name = stated[key], _FIELD_OF[key]
        text = value.decode("ascii") if value[0] in _NUMBER_STARTS else excerpt(value, 80)
        if texts.setdefault(name, text) != text:
            texts[name] = replace_unprintable(f"{texts[name]}, {text}")
    return texts


def _has_key_twice(raw: msgspec.Raw | bytes) -> bool:
    try:
        pairs = json.loads(bytes(raw), object_pairs_hook=list, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return True  # nobody knows
    return len({key for key, _ in pairs}) < len(pairs)
