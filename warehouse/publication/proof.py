"""Walk an offer's numbers back to what was said: the proof of a card, from one publication."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from schemas.amounts import amount_text
from schemas.errors import UsageError
from schemas.proof import CheckProof, ClaimOutcome, ClaimProof, CostProof, PriceProof, Proof
from warehouse.connect import Connection
from warehouse.statements import statement

Row = dict[str, Any]


def read_proof(con: Connection, offer_id: str) -> Proof:
    """Return the proof of an offer that was ever seen; UsageError for an id that never was."""
    found = _rows(con, "read_proof_offer", offer_id)
    if not found:
        raise UsageError(
            f"there is no offer {offer_id!r} in this publication; ids stand in cards.offer_id "
            "and offers.offer_id"
        )
    offer = found[0]
    claims = _rows(con, "read_proof_claims", offer_id)
    prices = _rows(con, "read_proof_prices", offer_id)
    shown_units = {(price["unit"], price["tier"]) for price in prices}
    return msgspec.convert(
        offer
        | {
            "costs": [
                CostProof(**row | {"amount": amount_text(row["amount"])})
                for row in _rows(con, "read_proof_costs", offer_id)
            ],
            "prices": [_price(price, claims, offer) for price in prices],
            "earlier": [
                _claim(claim, *_standing(claim, None, offer))
                for claim in claims
                if (claim["unit"], claim["tier"]) not in shown_units
            ],
            "checks": [CheckProof(**row) for row in _rows(con, "read_proof_checks", offer_id)],
        },
        Proof,
    )


def _price(price: Row, claims: list[Row], offer: Row) -> PriceProof:
    about = [c for c in claims if (c["unit"], c["tier"]) == (price["unit"], price["tier"])]
    told = [_claim(claim, *_standing(claim, price, offer)) for claim in about]
    shown = next((claim for claim in told if claim.outcome == "shown"), None)
    return PriceProof(
        unit=price["unit"],
        tier=price["tier"],
        amount=_plain(price["amount"]),
        currency=price["currency"],
        price_status=price["price_status"],
        reason=price["reason"],
        since=price["valid_from"],
        conversion=_conversion(shown) if shown else None,
        rule=f"the first feed that states a price of this offer: {price['price_feeds']}",
        chosen=shown,
        others=[claim for claim in told if claim is not shown],
    )


def _standing(claim: Row, price: Row | None, offer: Row) -> tuple[ClaimOutcome, str]:
    """Say what became of a claim; `price` is what cards show of its unit now."""
    proof = ("feed", "payload_hash", "json_path")
    if price is not None and claim["chosen"] and all(claim[k] == price[k] for k in proof):
        return "shown", "cards show it"
    if claim["superseded_at"] is not None:
        word = {"absence": "no longer stated", "correction": "corrected"}.get(
            claim["closed_by"], "replaced by a newer statement of the same feed"
        )
        return "superseded", f"{word}, recorded {claim['superseded_at']:%Y-%m-%d %H:%M} UTC"
    if price is None:
        return "ended", "cards show no price of this unit"
    if claim["feed"] != price["feed"]:
        return "lost", f"{price['feed']} comes first"
    if offer["held"]:
        return "held", f"the gate refused it: {offer['hold_reason']}"
    return "superseded", "cards show another statement of the same feed"


def _claim(row: Row, standing: ClaimOutcome, why: str) -> ClaimProof:
    money = {name: _plain(row[name]) for name in ("amount", "native_amount", "native_quantity")}
    return msgspec.convert(row | money | {"standing": standing, "why": why}, ClaimProof)


def _conversion(claim: ClaimProof) -> str | None:
    if claim.amount is None or claim.native_amount is None:
        return None
    return (
        f"{claim.native_amount} {claim.currency} per {claim.native_quantity} {claim.native_unit} "
        f"→ {claim.formula} = {claim.amount} {claim.currency} per one {claim.unit}"
    )


def _plain(amount: Decimal | None) -> str | None:
    return None if amount is None else amount_text(amount)


def _rows(con: Connection, name: str, offer_id: str) -> list[Row]:
    cursor = con.execute(statement(name), {"offer_id": offer_id})
    columns = [column[0] for column in cursor.description or []]
    return [
        {name: _utc(value) for name, value in zip(columns, row, strict=True)}
        for row in cursor.fetchall()
    ]


def _utc(value: object) -> object:
    return value.astimezone(UTC) if isinstance(value, datetime) else value
