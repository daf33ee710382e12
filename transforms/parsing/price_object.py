"""Parse a price object `{"input": 0.42, "output": 3}` without ever making a float of it.

Strict where money is: one unknown key or a value that is no JSON number, and the whole object is
a problem, because a price whose shape changed may have changed its meaning too.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from schemas.text import replace_unprintable
from schemas.unreadable import UNREADABLE
from transforms.parsing.decode import excerpt

_KNOWN = frozenset({"input", "output"})
_NUMBER_STARTS = frozenset(b"-0123456789")


@dataclass(frozen=True)
class PriceText:
    """The numbers as written, or why they cannot be read; all None means that nothing is priced."""

    input: str | None = None
    output: str | None = None
    problem: str | None = None


def read_price(raw: msgspec.Raw | bytes) -> PriceText:
    """Return the texts of a price object's numbers."""
    try:
        found = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except UNREADABLE:
        return PriceText(problem=f"not_an_object: {excerpt(raw, 80)}")
    if unknown := sorted(set(found) - _KNOWN):
        return PriceText(problem=f"unknown_key: {replace_unprintable(', '.join(unknown), 80)}")
    texts: dict[str, str | None] = {}
    for key, value in found.items():
        text = bytes(value).strip()
        if text == b"null":
            continue
        if text[0] not in _NUMBER_STARTS:
            return PriceText(problem=f"not_a_number: {key} is {excerpt(text, 80)}")
        texts[key] = text.decode("ascii")
    # Known keys and numbers hold no colon of their own, so each stands for one pair.
    if bytes(raw).count(b":") > len(found):
        return PriceText(problem="key_twice")  # which of the two is the price?
    return PriceText(input=texts.get("input"), output=texts.get("output"))
