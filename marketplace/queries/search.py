"""The terms of a search, and how a name without its signs is found."""

from __future__ import annotations

import re

_OTHERS = re.compile(r"[^a-z0-9]+")
_PARTS = re.compile(r"[a-z]+|[0-9]+[a-z]*")
_ROUTES = {"fastest", "cheapest", "preferred"}
SHORTEST_SQUASHED = 5
"""A shorter term, like `8b`, occurs within too many squashed names."""


def squashed(text: str) -> str:
    """Return the letters and digits of a text alone, in lower case: `GPT-OSS` is `gptoss`."""
    return _OTHERS.sub("", text.lower())


def search_terms(text: str) -> list[dict[str, str | None]]:
    """Return the terms of a search, each as `plain` text and as a `pattern` of squashed names.

    A colon parts model and provider; `:cheapest` and its like name no provider. `llama70b` becomes
    `%llama%70b%`, which `Llama-3.3-70B` matches.
    """
    terms = [term for term in re.split(r"[\s:]+", text.lower()) if term and term not in _ROUTES]
    return [{"plain": term, "pattern": _pattern(term)} for term in terms]


def _pattern(term: str) -> str | None:
    name = squashed(term)
    return f"%{'%'.join(_PARTS.findall(name))}%" if len(name) >= SHORTEST_SQUASHED else None
