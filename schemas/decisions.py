"""What an operator decides about a price; landed as a record, so that replay decides it again."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec


class Verdict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A decision about what the gate refused: `accepted` lets it pass, `rejected` refuses it for
    as long as the source states the same."""

    check_id: str
    decision: Literal["accepted", "rejected"]
    decided_by: str
    reason: str


class Correction(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A decision that the price shown in one interval was wrong.

    `price` is the right one as text, in the currency of the wrong one, for `per` units; None:
    it is not known. `at` lies in the interval (UTC).
    """

    offer_id: str
    unit: str
    tier: str
    at: datetime
    price: str | None
    per: int
    decided_by: str
    reason: str


class Decisions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that one command decides."""

    verdicts: list[Verdict] = []
    corrections: list[Correction] = []


def decisions_bytes(decided: Decisions | Correction) -> bytes:
    """Return a decision as it is landed; one correction reads the same inside all of them."""
    return msgspec.json.encode(decided, order="deterministic")


def read_decisions(data: bytes) -> Decisions:
    """Return landed decisions."""
    return msgspec.json.decode(data, type=Decisions)
