"""Cursors: where a page ended, in which publication, of which question. Opaque to readers."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import msgspec

from schemas.errors import PricehouseError


class BadCursor(PricehouseError):
    """Raised when a cursor is none of ours, or belongs to another question."""


class Cursor(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The place after which the next page begins."""

    publication_id: str
    question: str
    place: int
    unit: int
    number: float
    model_id: str
    inference_provider: str
    offer_id: str

    def pack(self) -> str:
        """Return the text that a reader carries."""
        return urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")

    @classmethod
    def unpack(cls, text: str, question: str) -> Cursor:
        """Read it back; BadCursor unless it is of this question."""
        try:
            padded = text.encode("ascii") + b"=" * (-len(text) % 4)
            found = msgspec.json.decode(urlsafe_b64decode(padded), type=cls)
        except (ValueError, msgspec.DecodeError) as error:
            raise BadCursor("the cursor is none that was given out here") from error
        if found.question != digest(question):
            raise BadCursor("the cursor belongs to a question with other filters or order")
        return found

    def values(self) -> dict[str, Any]:
        """Return the values that `select_offers.sql` binds for it."""
        return {
            "after_place": self.place,
            "after_unit": self.unit,
            "after_number": self.number,
            "after_model_id": self.model_id,
            "after_inference_provider": self.inference_provider,
            "after_offer_id": self.offer_id,
        }


def digest(question: str) -> str:
    """Return a short name of a question."""
    return hashlib.sha256(question.encode()).hexdigest()[:16]


NOWHERE: dict[str, Any] = dict.fromkeys(
    (
        "after_place",
        "after_unit",
        "after_number",
        "after_model_id",
        "after_inference_provider",
        "after_offer_id",
    ),
)
"""What is bound for the first page."""
