"""Cards as a page shows them: the row, and beside it everything that must be said of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from marketplace.numbers import dollars, per_million, short
from marketplace.pages import wording
from marketplace.statements import statement
from warehouse.publication.reader_pool import Reading

Row = dict[str, Any]
_RANKED = ("cost_per_token", *wording.COSTS)


@dataclass(frozen=True)
class Shown:
    """A card and its words; what is None is not said."""

    card: Row
    provider_name: str
    provider_id: str | None
    """The provider's own name of the model, where without it two cards would look the same."""
    prices: list[tuple[str, str]]
    """(amount, what it is per), input before output."""
    blended: str | None
    native: list[str]
    """The prices as the source states them, where a card shows another unit."""
    note: str | None
    estimate: str | None
    best: str | None
    """`cheapest of 3`, only where at least two offers may be ranked."""
    standing: str | None
    speed: str | None
    latency: tuple[str, str] | None
    """(what was timed, how long it took)."""
    measured: str | None
    context: str | None
    place: str

    @property
    def grey(self) -> bool:
        """Whether it cannot be called as it stands."""
        return bool(self.card["status"] != "live")


def show(reading: Reading, cards: Sequence[Row]) -> list[Shown]:
    """Return the cards in their order with their wording."""
    providers = providers_of(reading)
    models = list({card["model_id"] for card in cards})
    rivals = {
        (row["model_id"], row["task"]): row
        for row in reading.rows(statement("select_rival_costs"), {"models": models})
    }
    prices = _by_offer(reading, "select_prices", [c["offer_id"] for c in cards if _needs_prices(c)])
    refused = _by_offer(
        reading, "select_refused_prices", [c["offer_id"] for c in cards if c["held"]]
    )
    return [
        _shown(
            card,
            providers.get(card["inference_provider"]),
            rivals[card["model_id"], card["task"]],
            prices.get(card["offer_id"], []),
            refused.get(card["offer_id"], []),
        )
        for card in cards
    ]


def providers_of(reading: Reading) -> dict[str, Row]:
    """Return who serves, by key."""
    return reading.keep(
        "providers",
        lambda: {r["inference_provider"]: r for r in reading.rows(statement("select_providers"))},
    )


def _by_offer(reading: Reading, name: str, offers: list[str]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in reading.rows(statement(name), {"offers": offers}) if offers else ():
        found.setdefault(row["offer_id"], []).append(row)
    return found


def _needs_prices(card: Row) -> bool:
    return card["price_status"] == "suspect" or any(card[c] is not None for c in wording.COSTS)


def _shown(
    card: Row, provider: Row | None, rivals: Row, prices: list[Row], refused: list[Row]
) -> Shown:
    text = card["task_group"] == "text"
    measured = card["throughput_tps"] is not None or card["first_token_latency_ms"] is not None
    return Shown(
        card=card,
        provider_name=provider["display_name"] if provider else card["inference_provider"],
        provider_id=_provider_id(card, rivals),
        prices=_prices(card),
        blended=_blended(card),
        native=[
            wording.native(p)
            for p in prices
            if p["tier"] == "standard"
            and p["native_amount"] is not None
            and card["price_status"] == "priced"
        ],
        note=wording.price_note(card, [p["raw_text"] for p in prices if p["raw_text"]], refused),
        estimate=wording.estimate(card),
        best=_best(card, rivals),
        standing=wording.standing(card),
        speed=wording.speed(card),
        latency=wording.latency(card),
        measured=f"measured {wording.day(card['speed_observed_at'])}"
        if text and measured
        else None,
        context=short(card["context_length"]) if card["context_length"] is not None else None,
        place=wording.place(card, provider),
    )


def _provider_id(card: Row, rivals: Row) -> str | None:
    alike = rivals["inference_providers"].count(card["inference_provider"])
    return (card["provider_model_id"] or "no name stated") if alike > 1 else None


def _prices(card: Row) -> list[tuple[str, str]]:
    if card["price_status"] == "free":
        return []
    tokens = [
        (per_million(card[column]), name)
        for column, name in (
            ("cost_per_input_token", "input"),
            ("cost_per_output_token", "output"),
        )
        if card[column] is not None
    ]
    others = [
        (dollars(card[column]), per)
        for column, per in wording.COSTS.items()
        if card[column] is not None
    ]
    return tokens + others


def _blended(card: Row) -> str | None:
    both = card["cost_per_input_token"] is not None and card["cost_per_output_token"] is not None
    if not both or card["cost_per_token"] is None or card["price_status"] == "free":
        return None
    return f"{per_million(card['cost_per_token'])} blended 3 in : 1 out"


def _best(card: Row, rivals: Row) -> str | None:
    """An adapter is never the cheapest, nor is what stands alone: neither is rankable with one."""
    if not card["rankable"]:
        return None
    for column in _RANKED:
        costs = rivals[column] or []
        if card[column] is not None and len(costs) > 1 and card[column] == min(costs):
            tied = costs.count(card[column]) > 1
            return f"{'tied ' if tied else ''}cheapest of {len(costs)}"
    return None
