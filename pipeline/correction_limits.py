"""State what a correction changes, and refuse one that is most likely a slip of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import msgspec
import polars as pl

from schemas.amounts import MILLION, amount_text
from schemas.decisions import Correction
from schemas.errors import UsageError
from transforms.gate.bounds import BOUNDS
from transforms.gate.peers import find_unlike
from transforms.gate.price_rules import HOLD_FACTOR
from warehouse.connect import Connection
from warehouse.publication.peer_prices import read_peer_prices


class CorrectionPreview(msgspec.Struct, frozen=True, kw_only=True):
    """What a correction replaces; `--json` prints this as `correction`.

    `old` and `new` are `currency` per `per` units, null where no number is shown; `ratio` is new to
    old, null where one of them is null or 0.
    """

    offer_id: str
    unit: str
    tier: str
    currency: str
    per: int
    old: str | None
    new: str | None
    ratio: str | None
    valid_from: datetime


@dataclass(frozen=True)
class ReplacedPrice:
    """The interval that a correction replaces a price in: what cards showed, and since when."""

    amount: Decimal | None
    currency: str
    valid_from: datetime


def preview_correction(
    correction: Correction, replaced: ReplacedPrice, amount: Decimal | None
) -> CorrectionPreview:
    """Return what a correction replaces: per 1,000,000 tokens, else per one unit."""
    per = MILLION if correction.unit.endswith("token") else Decimal(1)
    ratio = amount / replaced.amount if amount and replaced.amount else None
    return CorrectionPreview(
        offer_id=correction.offer_id,
        unit=correction.unit,
        tier=correction.tier,
        currency=replaced.currency,
        per=int(per),
        old=None if replaced.amount is None else amount_text(replaced.amount * per),
        new=None if amount is None else amount_text(amount * per),
        ratio=None if ratio is None else amount_text(Decimal(f"{ratio:.3g}")),
        valid_from=replaced.valid_from,
    )


def require_plausible(
    con: Connection, preview: CorrectionPreview, old: Decimal | None, new: Decimal
) -> None:
    """Raise UsageError for an amount beyond its bounds, ten times the old one, or unlike its peers.

    `old` and `new` are per ONE unit.
    """
    reason = _beyond_bounds(preview.unit, new) or _far_from(old, new) or _unlike(con, preview, new)
    if reason:
        raise UsageError(
            f"{change_text(preview)} {reason}; check --price and --per, or repeat the command with "
            "--force. Nothing was changed"
        )


def change_text(preview: CorrectionPreview) -> str:
    """Return the change on one line: the unit, old → new, the currency and quantity, the ratio."""
    tier = "" if preview.tier == "standard" else f" ({preview.tier})"
    old, new = (text or "no number" for text in (preview.old, preview.new))
    times = f" ({preview.ratio} times)" if preview.ratio else ""
    return (
        f"{preview.unit}{tier}: {old} → {new} {preview.currency} per {preview.per} "
        f"{preview.unit}{times}"
    )


def _beyond_bounds(unit: str, new: Decimal) -> str | None:
    if unit not in BOUNDS:
        return None
    low, high = (Decimal(text) for text in BOUNDS[unit])
    if low <= new <= high:
        return None
    return f"is beyond the bounds of this unit ({low:f} to {high:f} per one)"


def _far_from(old: Decimal | None, new: Decimal) -> str | None:
    if old is None:
        return None
    if old == 0:
        return "makes a price of what is shown as free"
    factor = max(new / old, old / new)
    return f"is a change of {HOLD_FACTOR} times or more" if factor >= HOLD_FACTOR else None


def _unlike(con: Connection, preview: CorrectionPreview, new: Decimal) -> str | None:
    peers = read_peer_prices(
        con,
        offer_id=preview.offer_id,
        unit=preview.unit,
        tier=preview.tier,
        currency=preview.currency,
        amount=new,
    )
    found = find_unlike(peers).filter(pl.col("offer_id") == preview.offer_id)
    return None if found.is_empty() else f"is {found['unlike'].item()}"
