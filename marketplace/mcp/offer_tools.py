"""The tools that look at offers now: find_offers and explain."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import msgspec

from marketplace.cursor import Cursor
from marketplace.mcp.arguments import ExplainArguments, FindOffersArguments
from marketplace.mcp.choice import choose_offer
from marketplace.mcp.results import FoundOffer, PriceNow
from marketplace.queries.model_lookup import find_models
from marketplace.queries.offers import find_offers
from marketplace.statements import statement
from schemas.proof import ClaimProof, PriceProof
from warehouse.publication.reader_pool import Reading

Row = dict[str, Any]
COSTS = {
    "cost_per_token": (
        "token, of 3 input tokens to 1 output token",
        ("input_token", "output_token"),
    ),
    "cost_per_input_token": ("input token", ("input_token",)),
    "cost_per_output_token": ("output token", ("output_token",)),
    "cost_per_cached_input_token": ("cached input token", ("cached_input_token",)),
    "cost_per_image": ("image of 1024 x 1024", ("image",)),
    "cost_per_audio_minute": ("minute of audio", ("second_of_audio",)),
    "cost_per_video_second": ("second of video", ("second_of_video",)),
    "cost_per_million_characters": ("1,000,000 characters", ("character",)),
}
"""Cost of a card → what its amount is for, and the units of the prices that it is made of."""
_INPUT_ALONE = "token of input"
_OWN = {"costs", "prices"}
MOST_CHECKS = 20


def find_offers_page(reading: Reading, query: FindOffersArguments) -> Row:
    """Return a page of offers, each with its costs, its prices and their statements."""
    if query.model_id is not None:
        find_models(reading, [query.model_id])
    cursor = Cursor.unpack(query.cursor, query.fingerprint()) if query.cursor else None
    page = find_offers(reading, query, cursor)
    totals = page.facets["total"]
    return {
        "total": totals["offers"],
        "models": totals["models"],
        "rankable": totals["rankable"],
        "items": with_prices(reading, page.items),
        "next": page.next,
    }


def with_prices(reading: Reading, cards: Sequence[Row]) -> list[Row]:
    """Return cards as offers with their costs and prices, in the same order."""
    ids = {"offers": [card["offer_id"] for card in cards]}
    prices, estimates = defaultdict(list), defaultdict(list)
    for row in reading.rows(statement("select_prices"), ids) if cards else []:
        prices[row["offer_id"]].append(row)
    for row in reading.rows(statement("select_estimate_statements"), ids) if cards else []:
        estimates[row["offer_id"]].append(row)
    fields = FoundOffer.model_fields.keys() - _OWN
    return [
        {
            **{name: card[name] for name in fields},
            "costs": [
                *_costs(card, prices[card["offer_id"]]),
                *_estimate(card, estimates[card["offer_id"]]),
            ],
            "prices": [
                {name: price[name] for name in PriceNow.model_fields}
                for price in prices[card["offer_id"]]
            ],
        }
        for card in cards
    ]


def explain_offer(reading: Reading, query: ExplainArguments) -> Row:
    """Return the proof of an offer, with as many claims and characters as the arguments allow."""
    proof = reading.proof(choose_offer(reading, query)["offer_id"])
    most = query.claims
    shortened = msgspec.structs.replace(
        proof,
        prices=[_shorten_price(price, query) for price in proof.prices],
        earlier=[_shorten(claim, query) for claim in proof.earlier[:most]],
        checks=proof.checks[:MOST_CHECKS],
    )
    return {
        "proof": msgspec.to_builtins(shortened),
        "left_out": {
            "claims": sum(max(len(price.others) - most, 0) for price in proof.prices),
            "earlier": max(len(proof.earlier) - most, 0),
            "checks": max(len(proof.checks) - MOST_CHECKS, 0),
        },
    }


def _costs(card: Row, prices: Sequence[Row]) -> list[Row]:
    standard = {p["unit"]: p for p in prices if p["tier"] == "standard" and p["amount"] is not None}
    costs = []
    for name, (unit, units) in COSTS.items():
        if card[name] is None:
            continue
        used = [standard[each] for each in units if each in standard]
        alone = name == "cost_per_token" and card["cost_per_output_token"] is None
        costs.append(
            {
                "cost": name,
                "amount": card[name],
                "currency": card["currency"],
                "unit": _INPUT_ALONE if alone else unit,
                "observed_at": min(
                    (p["observed_at"] for p in used if p["observed_at"]), default=None
                ),
                "is_estimate": False,
                "statements": [_statement(price) for price in used],
            }
        )
    return costs


def _estimate(card: Row, statements: Sequence[Row]) -> list[Row]:
    if card["estimated_cost"] is None:
        return []
    return [
        {
            "cost": "estimated_cost",
            "amount": card["estimated_cost"],
            "currency": card["currency"],
            "unit": card["estimated_unit"],
            "observed_at": max((s["observed_at"] for s in statements), default=None),
            "is_estimate": True,
            "statements": [_statement(each) for each in statements],
        }
    ]


def _statement(row: Row) -> Row:
    return {"payload_hash": row["payload_hash"], "json_path": row["json_path"]}


def _shorten_price(price: PriceProof, query: ExplainArguments) -> PriceProof:
    return msgspec.structs.replace(
        price,
        chosen=_shorten(price.chosen, query) if price.chosen else None,
        others=[_shorten(claim, query) for claim in price.others[: query.claims]],
    )


def _shorten(claim: ClaimProof, query: ExplainArguments) -> ClaimProof:
    text, most = claim.evidence, query.evidence_characters
    if text is None or len(text) <= most:
        return claim
    return msgspec.structs.replace(claim, evidence=f"{text[:most]}…" if most else None)
