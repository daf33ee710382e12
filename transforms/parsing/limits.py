"""How large one answer may be: what is larger is rejected, so that no row can fill the memory."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

import msgspec

from schemas.text import printable_or_none, replace_unprintable
from schemas.unreadable import UNREADABLE

MAX_ENTRY_BYTES = 64 * 1024
"""Of one mapping entry or router offering; a real one has a few hundred."""
MAX_ENTRIES = 1_000
"""Of one model; there are about twenty inference providers."""
MAX_PAGE_RECORDS = 250_000
"""Of one page, read one by one: each is a Python tuple until the page ends."""
MAX_RECORDS = 4_000_000
"""Of one feed; an hour of 1,000,000 models has 1,730,000."""
LONGEST_STATUS = 60
MAX_DRIFT = 200
"""Unknown fields of one feed that are recorded, however many it has."""

_ESCAPE = b"\\u"
_ESCAPED_KEY = re.compile(rb'\\u[^"]*"\s*:')


def short_texts(texts: list[str] | None) -> list[str] | None:
    """Return a list of at most 20 short printable texts as it is, None for any other."""
    if texts is None or len(texts) > 20:
        return None
    return texts if all(len(text) <= 40 and printable_or_none(text) for text in texts) else None


def shortened_status(text: str) -> str:
    """Return a status of an entry as it is kept: 60 printable characters at most."""
    return replace_unprintable(text, LONGEST_STATUS)


def entry_problem(raw: msgspec.Raw) -> str | None:
    """Return why an entry is not read: `entry:too_large`, `entry:key_twice`, else None."""
    if len(bytes(raw)) > MAX_ENTRY_BYTES:
        return "entry:too_large"
    return "entry:key_twice" if _doubled(raw, _OF_ENTRIES, anywhere=True) else None


def model_keys_twice(raw: msgspec.Raw) -> bool:
    """Return whether an object has one of its own keys twice: nobody knows which one is meant."""
    return _doubled(raw, _OF_MODELS, anywhere=False)


def mapping_keys_twice(raw: msgspec.Raw) -> bool:
    """Return whether a mapping keyed by provider has one twice: the first would be lost unseen."""
    return not _is_compact(raw) and _doubled(raw, (), anywhere=False, surely=True)


def _is_compact(raw: msgspec.Raw) -> bool:
    """Return whether the keys and values that are read make up all of an object's text.

    Then no pair was lost. White space and escapes make the text longer.
    """
    try:
        found = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except UNREADABLE:
        return False
    quotes_colon_comma, braces_less_comma = 4, 1
    pairs = sum(len(key.encode()) + len(value) + quotes_colon_comma for key, value in found.items())
    return pairs + braces_less_comma == len(raw)


def keys_are_single(objects: Sequence[msgspec.Raw], text: bytes, keys: int) -> bool:
    """Return whether no object of an array has a watched key twice.

    `text` is the array, `keys` the number of watched keys that its objects have. If the text has
    no more of them, no object has one twice, and no value reads like one.
    """
    if sum(text.count(key) for key in _WATCHED) != keys:
        return False
    if _ESCAPE not in text:
        return True
    return not _ESCAPED_KEY.search(text) and not any(
        _ESCAPE in bytes(raw) and _doubled(raw, (), anywhere=True, surely=True) for raw in objects
    )


_OF_ENTRIES = (
    b'"provider"',
    b'"providerId"',
    b'"task"',
    b'"status"',
    b'"type"',
    b'"providerDetails"',
    b'"pricing"',
    b'"is_free"',
    b'"context_length"',
)
_OF_MODELS = (b'"id"', b'"inferenceProviderMapping"', b'"providers"')
_WATCHED = (b'"provider', *(k for k in (*_OF_ENTRIES, *_OF_MODELS) if b"provider" not in k))
"""The watched keys as they are in a text, those that begin alike together."""


def _doubled(
    raw: msgspec.Raw, watched: Iterable[bytes], *, anywhere: bool, surely: bool = False
) -> bool:
    """Return whether an object has a key twice.

    Only a text that seems to have a watched key twice, or may write one as `\\u0070ricing`, is
    parsed again: counting bytes costs a microsecond, parsing a hundred.
    """
    text = bytes(raw)
    if not surely and _ESCAPE not in text and all(text.count(key) < 2 for key in watched):
        return False
    doubled = [False]

    def look(pairs: list[tuple[str, object]]) -> None:
        doubled.append(len({key for key, _ in pairs}) < len(pairs))

    try:
        json.loads(
            text.decode("utf-8", "replace"),
            object_pairs_hook=look,
            parse_int=str,
            parse_float=str,
            parse_constant=str,
        )
    except (ValueError, RecursionError):
        return False  # what cannot be read is reported as that
    return any(doubled) if anywhere else doubled[-1]  # the outermost object comes last
