"""Cursors: where a page ended, in which publication, for which query. Opaque to clients."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, Any, Self

import msgspec

from schemas.errors import PricehouseError


class BadCursor(PricehouseError):
    """Raised when a cursor was not issued here, or belongs to another query."""


_Place = Annotated[int, msgspec.Meta(ge=0, le=9)]


class PageEnd(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The last row of a page, in which publication and for which query."""

    publication_id: str
    query_hash: str

    def pack(self) -> str:
        """Return the text that a client sends back."""
        return urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")

    @classmethod
    def unpack(cls, text: str, fingerprint: str) -> Self:
        """Decode a cursor; BadCursor unless it belongs to the query with this fingerprint."""
        try:
            padded = text.encode("ascii") + b"=" * (-len(text) % 4)
            cursor = msgspec.json.decode(urlsafe_b64decode(padded), type=cls)
        except (ValueError, msgspec.DecodeError) as error:
            raise BadCursor("the cursor was not issued here") from error
        if cursor.query_hash != hash_query(fingerprint):
            raise BadCursor("the cursor belongs to a query with other filters or another order")
        return cursor


class Cursor(PageEnd, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The last offer of a page: the next page begins after it."""

    place: _Place
    unit: _Place
    number: float
    model_id: str
    inference_provider: str
    offer_id: str

    def values(self) -> dict[str, Any]:
        """Return the values of the cursor's parameters in `select_offers.sql`."""
        return {
            "after_place": self.place,
            "after_unit": self.unit,
            "after_number": self.number,
            "after_model_id": self.model_id,
            "after_inference_provider": self.inference_provider,
            "after_offer_id": self.offer_id,
        }


class ModelsCursor(PageEnd, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The last model of a page: the next page begins after it."""

    place: _Place
    number: float
    model_id: str

    def values(self) -> dict[str, Any]:
        """Return the values of the cursor's parameters in `select_models.sql`."""
        return {
            "after_place": self.place,
            "after_number": self.number,
            "after_model_id": self.model_id,
        }


def hash_query(fingerprint: str) -> str:
    """Return a short hash of a query's fingerprint."""
    return hashlib.sha256(fingerprint.encode()).hexdigest()[:16]


FIRST_PAGE: dict[str, Any] = dict.fromkeys(
    (
        "after_place",
        "after_unit",
        "after_number",
        "after_model_id",
        "after_inference_provider",
        "after_offer_id",
    ),
)
"""The same parameters for the first page."""

FIRST_MODELS: dict[str, Any] = dict.fromkeys(("after_place", "after_number", "after_model_id"))
"""Those of `select_models.sql` for the first page."""
