"""The terms of a search, and how a name without its signs is found."""

from __future__ import annotations

import re
from unicodedata import category, normalize

_OTHERS = re.compile(r"[^a-z0-9]+")
_PARTS = re.compile(r"[a-z]+|[0-9]+[a-z]*")
_QUOTES = "\"'`´“”„«»‘’‚"
_ROUTES = {"fastest", "cheapest", "preferred"}
SHORTEST_SQUASHED = 5
"""A shorter term, like `8b`, occurs within too many squashed names."""


def squashed(text: str) -> str:
    """Return the letters and digits of a text alone, in lower case: `GPT-OSS` is `gptoss`."""
    return _OTHERS.sub("", text.lower())


def is_search(text: str) -> bool:
    """Return whether a text has something to search for: signs and spaces alone name nothing."""
    return not text or any(character.isalnum() for character in text)


def search_terms(text: str) -> list[dict[str, str | None]]:
    """Return the terms of a search, each as `plain` text and as a `pattern` of squashed names.

    A colon parts model and provider; `:cheapest` and its like name no provider beside a model.
    `llama70b` becomes `%llama%70b%`, which `Llama-3.3-70B` matches. What only decides how a text
    looks (zero-width characters, full-width forms) is left out.
    """
    plain = "".join(c for c in normalize("NFKC", text) if category(c) != "Cf").lower()
    parts = [part.strip(_QUOTES) for part in re.split(r"[\s:]+", plain)]
    terms = [part for part in parts if any(c.isalnum() for c in part)]
    terms = [term for term in terms if term not in _ROUTES] or terms
    return [{"plain": term, "pattern": _pattern(term)} for term in terms]


def _pattern(term: str) -> str | None:
    name = squashed(term)
    return f"%{'%'.join(_PARTS.findall(name))}%" if len(name) >= SHORTEST_SQUASHED else None
