"""What an examination of a home finds: one sentence a check, and the way back where it is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from schemas.errors import PricehouseError


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at; `way_back` is there where it is not well."""

    check: str
    well: bool
    said: str
    way_back: str | None = None


Look = Callable[[], str]
"""Say what was seen; a PricehouseError says what is wrong."""


class Wrong(PricehouseError):
    """Raised by a look that sees something wrong."""


def found(check: str, look: Look, *, way_back: str) -> Iterator[Finding]:
    """Look, and tell what was seen; whatever cannot even be looked at is wrong too."""
    try:
        yield Finding(check=check, well=True, said=look())
    except (PricehouseError, OSError) as error:
        yield Finding(check=check, well=False, said=str(error), way_back=way_back)
