"""What msgspec raises for bytes it cannot read, and reading a page that one value makes so.

JSON allows half a surrogate pair in a string and nesting of any depth; msgspec refuses the whole
document for either. One such value must not hide every other row of its page.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

import msgspec

UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for bytes that are no JSON of the expected shape, or are nested too deep."""
MAX_DEPTH = 100
"""Levels of a page that are kept where one has more than can be read; a real row has five."""

_HALF_PAIR = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(?P<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.",
    re.DOTALL,
)
_TOKEN = re.compile(rb'\\.|"(?:[^"\\]++|\\.)*+"|[\[\]{}]', re.DOTALL)

T = TypeVar("T")


def decode_page(body: bytes, shape: type[T]) -> T:
    """Decode a whole answer; of a value that msgspec refuses, only that value is replaced."""
    return read_page(body, lambda text: msgspec.json.decode(text, type=shape))


def read_page(body: bytes, read: Callable[[bytes], T]) -> T:
    """Return what `read` makes of a body, or of the body mended where it cannot be read as it is.

    Raises the first error where mending does not help.
    """
    try:
        return read(body)
    except UNREADABLE as error:
        mended = mend(body)
        if mended == body:
            raise
        try:
            return read(mended)
        except UNREADABLE:
            raise error from None


def mend(body: bytes) -> bytes:
    """Replace half surrogate pairs by U+FFFD, and what is nested too deep by the text `too deep`.

    A text is no number and no object, so nothing is read into what was replaced.
    """
    return _cut_deep(_HALF_PAIR.sub(lambda m: rb"\ufffd" if m["half"] else m[0], body))


def _cut_deep(body: bytes) -> bytes:
    parts, depth, kept = list[bytes](), 0, 0
    for token in _TOKEN.finditer(body):
        if token[0] in {b"[", b"{"}:
            depth += 1
            if depth == MAX_DEPTH + 1:
                parts.append(body[kept : token.start()])
        elif token[0] in {b"]", b"}"}:
            if depth == MAX_DEPTH + 1:
                parts.append(b'"too deep"')
                kept = token.end()
            depth -= 1
    return b"".join([*parts, body[kept:]]) if depth <= MAX_DEPTH else body
