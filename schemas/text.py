"""Which text may be shown as it is: one idea of "printable" for ids, names and messages."""

from __future__ import annotations

import re

UNPRINTABLE = r"\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
"""Inside a character class: control characters, direction marks, characters without width."""
PRINTABLE = rf"^[^{UNPRINTABLE}\ufffd]{{1,500}}$"
"""Pattern of a provider's own id for a model; U+FFFD is what an unreadable part was replaced by."""
LONGEST_NAME = 200

_UNPRINTABLE = re.compile(f"[{UNPRINTABLE}]")


def replace_unprintable(text: str, length: int = LONGEST_NAME, *, by: str = "\ufffd") -> str:
    """Return the start of a text with each unprintable character replaced."""
    return _UNPRINTABLE.sub(by, text[:length])


def printable_or_none(text: str | None) -> str | None:
    """Return a text that may be shown as it is, None for any other."""
    return text if text and len(text) <= LONGEST_NAME and not _UNPRINTABLE.search(text) else None
