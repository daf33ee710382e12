"""Trace an offer's numbers back to the answers that state them: the proof of a card."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from schemas.amounts import amount_text
from schemas.errors import UsageError
from schemas.proof import (
    CheckProof,
    ClaimOutcome,
    ClaimProof,
    Continuation,
    CostProof,
    PriceProof,
    Proof,
)
from schemas.units import COMPARED_WITH, STANDARD
from schemas.unknown_keys import is_marked
from warehouse.connect import Connection
from warehouse.rows import named_rows
from warehouse.statements import statement

Row = dict[str, Any]


def read_offer(con: Connection, offer_id: str) -> Row:
    """Return an offer that was ever seen and what its card states; UsageError for an unknown id."""
    offers = _rows(con, "read_proof_offer", offer_id)
    if not offers:
        raise UsageError(
            f"there is no offer {offer_id!r} in this publication; ids are in cards.offer_id "
            "and offers.offer_id"
        )
    return offers[0]


def read_proof(con: Connection, offer_id: str) -> Proof:
    """Return the proof of an offer that was ever seen; UsageError for an unknown id."""
    offer = read_offer(con, offer_id)
    claims = _rows(con, "read_proof_claims", offer_id)
    prices = _rows(con, "read_proof_prices", offer_id)
    priced_series = {(price["unit"], price["tier"]) for price in prices}
    return msgspec.convert(
        offer
        | {
            "costs": [
                CostProof(**row | {"amount": amount_text(row["amount"])})
                for row in _rows(con, "read_proof_costs", offer_id)
            ],
            "prices": [_price(price, claims, offer) for price in prices],
            "earlier": [
                _claim(claim, *_outcome_of(claim, None, offer))
                for claim in claims
                if (claim["unit"], claim["tier"]) not in priced_series
            ],
            "checks": [CheckProof(**row) for row in _rows(con, "read_proof_checks", offer_id)],
            "continues_as": read_continuation(con, offer_id),
            **_departure(con, offer_id),
        },
        Proof,
    )


def read_continuation(con: Connection, offer_id: str) -> Continuation | None:
    """Return the offer that an id without a card continues as; None where there is none."""
    found = _rows(con, "read_proof_continuation", offer_id)
    return Continuation(**found[0]) if found else None


def _departure(con: Connection, offer_id: str) -> Row:
    """Return when the offer's provider left Hugging Face, if it had when this was published."""
    for provider in _rows(con, "read_proof_provider", offer_id):
        left_on = provider.get("left_on")
        if left_on is not None and left_on <= provider["published_at"].date():
            return {"provider_left_on": left_on, "provider_left_source": provider["left_source"]}
    return {}


def _price(price: Row, claims: list[Row], offer: Row) -> PriceProof:
    series = (price["unit"], price["tier"])
    proofs = [
        _claim(claim, *_outcome_of(claim, price, offer))
        for claim in claims
        if (claim["unit"], claim["tier"]) == series
    ]
    chosen = next((claim for claim in proofs if claim.outcome == "shown"), None)
    return PriceProof(
        unit=price["unit"],
        tier=price["tier"],
        amount=_plain(price["amount"]),
        currency=price["currency"],
        price_status=price["price_status"],
        reason=price["reason"],
        since=price["valid_from"],
        conversion=_conversion(chosen) if chosen else None,
        rule=_rule(price),
        compared_with=_plain(price["returned_amount"]),
        until=price["until"],
        chosen=chosen,
        others=[claim for claim in proofs if claim is not chosen],
    )


def _rule(price: Row) -> str:
    feeds = price["price_feeds"]
    if price["feed"] not in feeds.split(" before "):
        return f"the provider's own price list: a price of {feeds} would come first"
    if price["unit"] in COMPARED_WITH or price["tier"] != STANDARD:
        return f"the feed of the main prices, else the first that states it: {feeds}, then lists"
    return f"the first feed that states a price of this offer: {feeds}"


def _outcome_of(claim: Row, price: Row | None, offer: Row) -> tuple[ClaimOutcome, str]:
    """Return the status of a claim and why; `price` is what cards show of its unit now."""
    proof = ("feed", "payload_hash", "json_path")
    if price is not None and claim["chosen"] and all(claim[k] == price[k] for k in proof):
        return "shown", "cards show it"
    if claim["superseded_at"] is not None:
        ending = {"absence": "no longer stated", "correction": "corrected"}.get(
            claim["closed_by"], "replaced by a newer statement of the same feed"
        )
        return "superseded", f"{ending}, recorded {claim['superseded_at']:%Y-%m-%d %H:%M} UTC"
    if price is None:
        return "ended", "cards show no price of this unit"
    if claim["feed"] != price["feed"]:
        return "lost", f"{price['feed']} comes first"
    if price["held"]:
        return "held", f"the gate refused it: {price['hold_reason']}"
    if is_marked(claim["reason"]) and claim["chosen"]:
        return "superseded", f"it states the price that cards show, beside {claim['reason']}"
    return "superseded", "cards show another statement of the same feed"


def _claim(row: Row, outcome: ClaimOutcome, why: str) -> ClaimProof:
    money = {name: _plain(row[name]) for name in ("amount", "native_amount", "native_quantity")}
    return msgspec.convert(row | money | {"standing": outcome, "why": why}, ClaimProof)


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
    return named_rows(con.execute(statement(name), {"offer_id": offer_id}))
