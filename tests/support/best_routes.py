"""The recommendation by brute force in plain Python: over the rows of cards, in exact decimals."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Context, Decimal
from typing import Any

from marketplace.queries.filters import RecommendQuery
from warehouse.publication.reader_pool import Reading

Card = Mapping[str, Any]
EXACT = Context(prec=100)
UNITS = {
    "input_tokens": "cost_per_input_token",
    "output_tokens": "cost_per_output_token",
    "images": "cost_per_image",
    "audio_minutes": "cost_per_audio_minute",
    "video_seconds": "cost_per_video_second",
    "characters": "cost_per_million_characters",
}
"""Unit of a mix → the column of cards that prices it."""
LIMITS = {
    "max_cost_per_image": "cost_per_image",
    "max_cost_per_audio_minute": "cost_per_audio_minute",
    "max_cost_per_video_second": "cost_per_video_second",
    "max_first_token_latency_ms": "first_token_latency_ms",
}


@dataclass(frozen=True)
class CardSet:
    """What the brute force reads: cards, the offers whose list offers no cached price, the offers
    priced for one account, the publication's newest moment, and where providers serve from."""

    cards: Sequence[Card]
    declined: Collection[str]
    of_account: Collection[str]
    observed_to: datetime
    countries: Mapping[str, str] = field(default_factory=dict)
    """inference_provider → the only country that it serves from, in lower case."""

    def country_of(self, card: Card) -> str | None:
        """Return the only country that a card is served from; None where it is not known."""
        return self.countries.get(card["inference_provider"])


@dataclass
class Best:
    """offer_ids in order, offer_id → cost, → reasons, and → savings on the two routes."""

    ranked: list[str] = field(default_factory=list)
    costs: dict[str, Decimal | None] = field(default_factory=dict)
    left_out: dict[str, set[str]] = field(default_factory=dict)
    savings: dict[str, tuple[Decimal | None, Decimal | None]] = field(default_factory=dict)


def read_market(reading: Reading) -> CardSet:
    """Read the cards of a publication."""
    declined = reading.rows(
        "SELECT offer_id FROM prices WHERE unit = 'cached_input_token' AND tier = 'standard'"
        " AND reason = 'not_offered'"
    )
    of_account = reading.rows(
        "SELECT offer_id FROM prices WHERE scope <> 'public' AND tier = 'standard'"
    )
    places = reading.rows(
        "SELECT inference_provider, lower(serving_countries[1]) AS country FROM providers"
        " WHERE len(serving_countries) = 1"
    )
    return CardSet(
        reading.rows("SELECT * FROM cards"),
        {row["offer_id"] for row in declined},
        {row["offer_id"] for row in of_account},
        reading.publication["observed_to"],
        {row["inference_provider"]: row["country"] for row in places},
    )


def best_routes(market: CardSet, query: RecommendQuery) -> Best:
    """Return the recommendation; the query names models as they are called today."""
    best = Best()
    bills = {card["offer_id"]: bill(market, card, query) for card in market.cards}
    routed = [card for card in market.cards if card["router_default"] or card["router_cheapest"]]
    for card in market.cards:
        if not _is_contender(card, query):
            continue
        offer = card["offer_id"]
        reasons = _reasons(market, card, query)
        best.costs[offer] = bills[offer]
        if reasons:
            best.left_out[offer] = reasons
            continue
        best.ranked.append(offer)
        best.savings[offer] = (
            _saving(routed, card, bills, "router_default"),
            _saving(routed, card, bills, "router_cheapest"),
        )
    by_offer = {card["offer_id"]: card for card in market.cards}
    best.ranked.sort(key=lambda offer: _place(by_offer[offer], bills[offer]))
    return best


def month(card: Card, query: RecommendQuery) -> Decimal | None:
    """Return the cost of the mix, at the input price where no cached one is shown."""
    total = Decimal(0)
    for unit, column in UNITS.items():
        quantity = getattr(query, unit)
        if not quantity:
            continue
        if card["price_status"] not in ("priced", "free") or card[column] is None:
            return None
        if unit == "input_tokens":
            cached = query.cached_input_tokens
            price = card["cost_per_cached_input_token"]
            at = card[column] if price is None else price
            total = EXACT.add(total, EXACT.multiply(at, Decimal(cached)))
            quantity -= cached
        part = EXACT.multiply(card[column], Decimal(quantity))
        total = EXACT.add(total, part.scaleb(-6, EXACT) if unit == "characters" else part)
    return total


def bill(market: CardSet, card: Card, query: RecommendQuery) -> Decimal | None:
    """Return the cost of the mix where it is known: of a rankable card, or one stated free."""
    if not _knows_cached(market, card, query):
        return None
    if card["rankable"] or _doubts(market, card) == {"price_free"}:
        return month(card, query)
    return None


def _knows_cached(market: CardSet, card: Card, query: RecommendQuery) -> bool:
    known = card["cost_per_cached_input_token"] is not None
    return not query.cached_input_tokens or known or card["offer_id"] in market.declined


def _is_contender(card: Card, query: RecommendQuery) -> bool:
    name = f"{card['model_id']} {card['inference_provider']}".lower()
    return (
        (not query.model_id or card["model_id"] in query.model_id)
        and (not query.task or card["task"] in query.task or card["task_group"] in query.task)
        and all(term in name for term in (query.q or "").lower().split())
        and query.provider in (None, card["source"])
        and query.offer_type in ("all", card["offer_type"])
    )


def _doubts(market: CardSet, card: Card) -> set[str]:
    """Return why the card is not rankable."""
    priced = card["price_status"] in ("priced", "free")
    observed = card["price_observed_at"]
    found = {
        "adapter": card["offer_type"] != "model",
        "not_live": card["status"] != "live",
        f"price_{card['price_status']}": card["price_status"] != "priced",
        "held": card["held"],
        "currency": priced and card["currency"] not in (None, "USD"),
        "ambiguous_attachment": card["price_reason"] == "ambiguous_attachment",
        "account_price": card["offer_id"] in market.of_account,
        "price_not_confirmed": observed is not None
        and observed < market.observed_to - timedelta(hours=24),
        "no_comparable_cost": card["price_status"] == "priced"
        and all(card[column] is None for column in UNITS.values()),
    }
    return {reason for reason, applies in found.items() if applies}


def _reasons(market: CardSet, card: Card, query: RecommendQuery) -> set[str]:
    places = {place for region in query.region for place in _places(region.lower())}
    if query.region_mode == "lenient":
        places |= {"multi", "unverified"}
    blended = query.max_cost_per_million_tokens
    found = {
        "inference_provider": bool(query.inference_provider)
        and card["inference_provider"] not in query.inference_provider,
        "region": bool(query.region)
        and not places & {card["region"].lower(), market.country_of(card)},
        "tools": query.tools is not None and card["supports_tools"] is not query.tools,
        "structured_output": query.structured_output is not None
        and card["supports_structured_output"] is not query.structured_output,
        "min_context_length": _below(card["context_length"], query.min_context_length),
        "min_throughput_tps": _below(card["throughput_tps"], query.min_throughput_tps),
        "priced_only": query.priced_only and card["price_status"] not in ("priced", "free"),
        "rankable_only": query.rankable_only and not card["rankable"],
        "status": bool(query.status) and card["status"] not in query.status,
        "max_cost_per_million_tokens": blended is not None
        and (card["cost_per_token"] is None or card["cost_per_token"] * 1_000_000 > blended),
        **{
            name: getattr(query, name) is not None
            and (card[column] is None or card[column] > getattr(query, name))
            for name, column in LIMITS.items()
        },
        **{f"tag:{tag}": tag not in card["compliance_tags"] for tag in query.tags()},
    }
    reasons = {reason for reason, applies in found.items() if applies}
    doubts = _doubts(market, card)
    reasons |= doubts or (set() if card["rankable"] else {"not_rankable"})
    if card["price_status"] in ("priced", "free"):
        reasons |= {
            f"no_price_of_{unit}"
            for unit, column in UNITS.items()
            if getattr(query, unit) and card[column] is None
        }
    cost, billed = month(card, query), bill(market, card, query)
    if cost is not None and not _knows_cached(market, card, query):
        reasons.add("cached_price_not_known")
    if billed is not None and query.max_cost_per_month is not None:
        reasons |= {"max_cost_per_month"} if billed > query.max_cost_per_month else set()
    return reasons


def _places(region: str) -> set[str]:
    return {"eea", "eu"} if region == "eea" else {region}


def _below(value: float | None, least: float | None) -> bool:
    return least is not None and (value is None or value < least)


def _saving(
    routed: Sequence[Card], card: Card, bills: Mapping[str, Decimal | None], route: str
) -> Decimal | None:
    same = ("source", "model_id", "task")
    costs = {
        bills[other["offer_id"]]
        for other in routed
        if other[route] and all(other[name] == card[name] for name in same)
    }
    own = bills[card["offer_id"]]
    if len(costs) != 1 or own is None:
        return None
    (cost,) = costs
    return None if cost is None else EXACT.subtract(cost, own)


def _place(card: Card, cost: Decimal | None) -> tuple[object, ...]:
    speed, latency = card["throughput_tps"], card["first_token_latency_ms"]
    return (
        cost,
        speed is None,
        -(speed or 0),
        latency is None,
        latency or 0,
        card["model_id"],
        card["inference_provider"],
        card["offer_id"],
    )


def macro_rows(reading: Reading, query: RecommendQuery) -> list[dict[str, Any]]:
    """Return the rows of the macro for a query of one task and one region at most."""
    given = {
        "task": query.task[0] if query.task else None,
        "models": query.model_id or None,
        "inference_providers": query.inference_provider or None,
        "region": query.region[0] if query.region else None,
        "lenient": query.region_mode == "lenient",
        "tags": query.tag or None,
        **{
            name: getattr(query, name)
            for name in RecommendQuery.model_fields
            if name in MACRO_PARAMETERS
        },
    }
    call = ", ".join(f"{name} := ${name}" for name in given)
    return reading.rows(f"FROM recommend({call})", given)


MACRO_PARAMETERS = {
    *("no_training", "no_retention", "tools", "structured_output", "min_context_length"),
    *("min_throughput_tps", "max_first_token_latency_ms", "max_cost_per_million_tokens"),
    *("max_cost_per_image", "max_cost_per_audio_minute", "max_cost_per_video_second"),
    *("max_cost_per_month", "cached_share", *UNITS),
}
"""The parameters of the macro that a query has under the same name."""
