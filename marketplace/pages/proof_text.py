"""The proof of a price in plain text, for the page of an offer."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from marketplace.numbers import money
from marketplace.pages import wording
from schemas.amounts import MILLION
from schemas.proof import ClaimProof, PriceProof

_FEEDS = {
    "hub": "Hugging Face's catalogue",
    "router": "Hugging Face's router",
}
"""Feed → who states its prices; a provider's own list is its provider's."""


def feed_name(feed: str, provider_name: str) -> str:
    """Return who states the prices of a feed."""
    return _FEEDS.get(feed, f"{provider_name}'s price list")


def summary(price: PriceProof, provider_name: str, observed_at: datetime | None) -> str:
    """Return who states a price, when it was last read and since when it stands.

    `observed_at` is the last response that stated it.
    """
    claim = price.chosen
    if claim is None or price.amount is None:
        return wording.reason(price.reason) or price.price_status.replace("_", " ")
    who = feed_name(claim.feed, provider_name)
    if claim.basis == "derived":
        who = f"Derived from {who}: it"
    read = f"last read {wording.minute(claim.last_seen_at or observed_at)}"
    return f"{who} states {stated(claim)}; {read}; unchanged since {wording.day(price.since)}."


def stated(claim: ClaimProof) -> str:
    """Return a claim's price as its source states it: `$0.037 per 1M input tokens`."""
    if claim.native_amount is None:
        return claim.raw_text or "no number"
    amount, quantity = Decimal(claim.native_amount), Decimal(claim.native_quantity)
    unit = claim.native_unit.replace("_", " ")
    if quantity == 1:
        return f"{money(amount, claim.currency)} per {unit}"
    number = "1M" if quantity == MILLION else f"{quantity:,f}".rstrip("0").rstrip(".")
    return f"{money(amount, claim.currency)} per {number} {unit}s"
