"""Find the rows of an answer whose envelope is not documented."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from schemas.errors import FeedMalformed
from schemas.text import replace_unprintable
from schemas.unreadable import UNREADABLE, read_page

DEPTH = 4


class FoundRow(NamedTuple):
    """The verbatim text of one row, and its JSON path in the answer."""

    path: str
    raw: msgspec.Raw


def find_rows(body: bytes, *, key: str | tuple[str, ...], feed: str) -> list[FoundRow]:
    """Return the rows of a bare array, or of the one array of objects with `key` in an object.

    `key` is one name, or several of which a row needs one. The array may be up to four objects
    deep; an empty one counts only where there is no other.
    FeedMalformed `not_json`, `no_rows` or `two_arrays` otherwise: its rows would be a guess.
    """
    keys = (key,) if isinstance(key, str) else key
    try:
        if body.lstrip()[:1] == b"[":
            return [FoundRow(f"$[{at}]", raw) for at, raw in enumerate(read_page(body, _array))]
        arrays = read_page(body, lambda text: list(_arrays(msgspec.Raw(text), "$", DEPTH)))
    except UNREADABLE:
        raise FeedMalformed(f"{feed}: the answer is no JSON", code="not_json") from None
    found = [(path, rows) for path, rows in arrays if any(_has(raw, keys) for raw in rows)]
    if not found and len(empty := [(path, rows) for path, rows in arrays if not rows]) == 1:
        found = empty
    if len(found) != 1:
        paths = ", ".join(path for path, _ in found)
        names = " or ".join(map(repr, keys))
        raise FeedMalformed(
            f"{feed}: {len(found)} arrays of rows with {names} in the answer"
            + (f" ({paths})" if paths else "")
            + "; one was expected",
            code="two_arrays" if found else "no_rows",
        )
    ((path, rows),) = found
    return [FoundRow(f"{path}[{at}]", raw) for at, raw in enumerate(rows)]


def _arrays(raw: msgspec.Raw, path: str, depth: int) -> Iterator[tuple[str, list[msgspec.Raw]]]:
    """Yield every array that is reached through objects alone."""
    for key, inner in msgspec.json.decode(raw, type=dict[str, msgspec.Raw]).items():
        name = replace_unprintable(key)
        start = bytes(inner)[:1]
        if start == b"[":
            yield f"{path}.{name}", _array(inner)
        elif start == b"{" and depth > 1:
            yield from _arrays(inner, f"{path}.{name}", depth - 1)


def _array(raw: bytes | msgspec.Raw) -> list[msgspec.Raw]:
    return msgspec.json.decode(raw, type=list[msgspec.Raw])


def _has(raw: msgspec.Raw, keys: tuple[str, ...]) -> bool:
    try:
        return not msgspec.json.decode(raw, type=dict[str, msgspec.Raw]).keys().isdisjoint(keys)
    except UNREADABLE:
        return False
