"""JSON with exact numbers, written piece by piece."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from schemas.amounts import amount_text


class Origin(NamedTuple):
    """The publication that an export is made from."""

    publication_id: str
    origin: str
    attribution: str
    day: str
    """The day of its newest answer, in UTC; a price may have been seen last before it."""
    root_path: str = ""
    """The path under which a proxy serves the addresses that links lead to."""

    @classmethod
    def of(cls, publication: Mapping[str, Any], root_path: str = "") -> Origin:
        """Return the origin of what is made from a row of `publication`."""
        return cls(
            str(publication["publication_id"]),
            str(publication["origin"]),
            str(publication["attribution"] or ""),
            (publication["observed_to"] or publication["published_at"]).date().isoformat(),
            root_path,
        )

    @property
    def note(self) -> str:
        """The origin as one sentence; a sample says so, because its prices are not current."""
        kind = "sample, no current prices" if self.origin == "sample" else self.origin
        return f"pricehouse, publication {self.publication_id} ({kind}), answers until {self.day}."


def number(amount: Decimal) -> msgspec.Raw:
    """Return an amount as a JSON number with all its digits and no exponent."""
    return msgspec.Raw(amount_text(amount).encode())


def encode(value: object) -> bytes:
    """Return a value as JSON; numbers of `number` keep their digits."""
    return msgspec.json.encode(value)


def array(items: Iterable[object]) -> Iterator[bytes]:
    """Yield a JSON array with one item on each line."""
    separator = b"[\n"
    for item in items:
        yield separator + encode(item)
        separator = b",\n"
    yield b"[]\n" if separator == b"[\n" else b"\n]\n"


def members(items: Iterable[tuple[str, object]]) -> Iterator[bytes]:
    """Yield a JSON object with one member on each line; no name may come twice."""
    separator = b"{\n"
    for name, value in items:
        yield separator + encode(name) + b": " + encode(value)
        separator = b",\n"
    yield b"{}\n" if separator == b"{\n" else b"\n}\n"
