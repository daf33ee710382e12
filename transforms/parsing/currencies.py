"""Read the currency that a source names."""

from __future__ import annotations

from schemas.text import replace_unprintable

NO_CURRENCY = "XXX"
"""ISO 4217 for "no currency": the one of a price whose currency cannot be read."""
_LETTERS = 3


def read_currency(name: str) -> tuple[str, str | None]:
    """Return the ISO 4217 code that a text is, else NO_CURRENCY and the problem with it."""
    code = name.strip().upper()
    if len(code) == _LETTERS and code.isascii() and code.isalpha():
        return code, None
    return NO_CURRENCY, f"unknown_currency: {replace_unprintable(name or '(none)', 20)}"
