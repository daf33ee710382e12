"""Decode JSON into typed structs, strictly first and leniently where a row is not as known.

Strict decoding is one C call a row. Only rows that fail it pay for lenient decoding, which keeps
what it can read and names each field that it cannot.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, TypeVar, get_args, get_type_hints

import msgspec
from msgspec.structs import fields as struct_fields

from schemas.text import replace_unprintable
from schemas.unreadable import UNREADABLE

Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""An integer that a column can hold."""

T = TypeVar("T", bound=msgspec.Struct)

ABSENT = msgspec.Raw(b"")
"""Default of a Raw field whose key is not there. (`Raw | None` would be decoded, not kept raw.)"""


def is_stated(raw: msgspec.Raw) -> bool:
    """Return whether a Raw field is there and not null."""
    return bytes(raw) not in (b"", b"null")


@dataclass(frozen=True)
class UnexpectedField:
    """A field that is not as known; `text` is the start of its JSON."""

    field: str
    kind: str
    text: str


def decode(raw: msgspec.Raw | bytes, shape: type[T]) -> tuple[T | None, list[UnexpectedField]]:
    """Decode one object; (None, …) when it is no object at all."""
    try:
        return msgspec.json.decode(raw, type=shape), []
    except UNREADABLE:
        return _lenient(raw, shape, "")


def _lenient(
    raw: msgspec.Raw | bytes, shape: type[T], prefix: str
) -> tuple[T | None, list[UnexpectedField]]:
    try:
        found = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except UNREADABLE:
        return None, [UnexpectedField(prefix.rstrip("."), "wrong_type", excerpt(raw))]
    hints = _hints(shape)
    values: dict[str, Any] = {}
    unexpected: list[UnexpectedField] = []
    for field in struct_fields(shape):
        text = found.pop(field.encode_name, None)
        if text is None:
            continue
        path = prefix + field.encode_name
        try:
            values[field.name] = msgspec.json.decode(text, type=hints[field.name])
        except UNREADABLE:
            nested = _struct_in(hints[field.name])
            if nested is None:
                unexpected.append(UnexpectedField(path, "wrong_type", excerpt(text)))
                continue
            values[field.name], inner = _lenient(text, nested, path + ".")
            unexpected += inner
    unexpected += [
        UnexpectedField(prefix + key, "unknown_key", excerpt(text)) for key, text in found.items()
    ]
    return shape(**values), unexpected


@cache
def _hints(shape: type[msgspec.Struct]) -> dict[str, Any]:
    """Resolve a struct's annotations once: otherwise each unexpected row would pay for it."""
    return get_type_hints(shape, include_extras=True)


def _struct_in(hint: Any) -> type[msgspec.Struct] | None:
    """Return the struct type inside `X | None`, if that is what the hint is."""
    for option in get_args(hint) or (hint,):
        if isinstance(option, type) and issubclass(option, msgspec.Struct):
            return option
    return None


def excerpt(raw: msgspec.Raw | bytes, length: int = 200) -> str:
    """Return the start of a JSON text, readable whatever bytes it has."""
    return replace_unprintable(bytes(raw)[:length].decode("utf-8", "replace"), length)
