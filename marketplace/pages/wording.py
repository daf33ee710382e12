"""Texts for prices, regions and speeds that do not mislead buyers.

The rules: always show input and output price, and a blend only with its mix; "free" only with
"stated by the source"; a bare zero is under review; a held price comes with what the source states
now; unknown is a text, never 0; tokens per second only for text output; an estimate has ≈ and is
not called a price.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from marketplace.numbers import dollars, money, per_million
from marketplace.pages.labels import CACHED, FREE, REASONS, REGIONS, TIERS
from schemas.amounts import MILLION, amount_text
from schemas.clock import is_ahead
from schemas.elapsed import elapsed
from schemas.units import TOKENS

Row = Mapping[str, Any]


def day(moment: date | None) -> str:
    """Return `21 Sep 2026`, or `unknown`."""
    return f"{moment.day} {moment:%b %Y}" if moment else "unknown"


def minute(moment: datetime | None) -> str:
    """Return `21 Sep 2026, 01:00 UTC`, or `unknown`."""
    return f"{day(moment)}, {moment:%H:%M} UTC" if moment else "unknown"


def age_of(observed_to: datetime, now: datetime) -> str:
    """Return how old a moment is; one in the future has no age."""
    return "an unknown time" if is_ahead(observed_to, now) else elapsed(now - observed_to)


def interval(seconds: float) -> str:
    """Return how often a feed is read: `1 hour`, `1 day`."""
    return elapsed(timedelta(seconds=seconds))


def compared_unit(unit: str) -> tuple[Decimal, str]:
    """Return the quantity in which buyers compare a unit, and its text: `1M input tokens`."""
    name = unit.replace("_", " ")
    if unit in TOKENS or unit == "character":
        return MILLION, f"1M {name}s"
    return Decimal(1), name


def compared_amount(amount: Decimal, unit: str, currency: str | None = "USD") -> str:
    """Return an amount per one unit as the amount of the quantity that buyers compare."""
    return money(amount * compared_unit(unit)[0], currency or "USD")


def unit_price(amount: Decimal, unit: str, currency: str | None = "USD") -> str:
    """Return an amount per one unit in the unit that buyers compare: tokens per million."""
    return f"{compared_amount(amount, unit, currency)} per {compared_unit(unit)[1]}"


def tier(name: str) -> str:
    """Return the text of a tier: `over 32,768 tokens of context`; a resolution stays as it is."""
    known, bound = TIERS.get(name), name.removeprefix("context>")
    if known is None and bound != name:
        return f"over {int(bound):,} tokens of context"
    return known or name


def price_or_status(price: Row) -> str:
    """Return a price in the unit that buyers compare, or why there is no number."""
    if price["amount"] is not None:
        return unit_price(price["amount"], price["unit"], price["currency"])
    if price["reason"] == "not_offered":
        return CACHED["not_offered"]
    return str(price["price_status"]).replace("_", " ")


def cached_input(card: Row, stated: Row) -> str | None:
    """Return the price per million of cached input tokens, or what is stated instead of it.

    `stated` is what sources state. None where input tokens have no price either, or nothing comes
    out as text.
    """
    if card["task_group"] != "text" or card["cost_per_input_token"] is None:
        return None
    if card["cost_per_cached_input_token"] is not None:
        return per_million(card["cost_per_cached_input_token"])
    return CACHED.get(stated["status"], f"in {stated['currency']}")


def reason(code: str | None) -> str:
    """Return the text of a reason code; an unknown code is returned as it is."""
    return REASONS.get(code or "", code or "")


def price_note(card: Row, raw_texts: Sequence[str], refused: Sequence[Row]) -> str | None:
    """Return the text that must accompany or replace the price of a card, if any."""
    if card["held"]:
        since = f"unconfirmed since {day(card['held_since'])}"
        return f"{since}, the source now states {_newer_price(card, refused)}"
    match card["price_status"]:
        case "free":
            return FREE
        case "suspect":
            stated = ", ".join(dict.fromkeys(raw_texts)) or "0"
            return f"under review, the source states {stated}"
        case "unparsed":
            return "no price: the source states it in an unknown form"
        case "not_published":
            return f"no price published: {reason(card['price_reason'])}"
    return None


def estimate(card: Row) -> str | None:
    """Return a card's estimate, marked as one with ≈; pages show it only without a price."""
    if card["estimated_cost"] is None:
        return None
    unit = (card["estimated_unit"] or "unit").replace("_", " ")
    return f"≈ {dollars(card['estimated_cost'])} per {unit}, an estimate, not a price"


def place(card: Row, provider: Row | None) -> str:
    """Return the region of inference and the operator's country."""
    checked = provider["region_checked_on"] if provider else None
    countries = (provider["serving_countries"] if provider else None) or []
    if card["region"] == "unverified":
        where = "location unverified"
    else:
        named = ", ".join(countries) or REGIONS.get(card["region"], card["region"])
        where = f"{named} (verified {day(checked)})"
    operator = card["operator_country"] or "unverified"
    return f"Inference: {where}. Operator: {operator}."


ROUTED = "Routed through Hugging Face, location unverified."


def speed(card: Row) -> str | None:
    """Return tokens per second for text output, or `not measured`."""
    if card["task_group"] != "text":
        return None
    if card["throughput_tps"] is None:
        return "not measured"
    return f"{card['throughput_tps']:,.0f} tokens/s"


def speed_per_dollar(card: Row) -> str | None:
    """Return tokens per second for each dollar that 1M blended tokens cost; None if unknown."""
    if card["throughput_tps"] is None or not card["cost_per_token"]:
        return None
    per_dollar = card["throughput_tps"] / float(card["cost_per_token"] * MILLION)
    return f"{per_dollar:,.0f} tokens/s per $ of 1M tokens"


def latency(card: Row) -> tuple[str, str] | None:
    """Return what was measured and how long it took; None without a measurement."""
    if card["task_group"] == "text" and card["first_token_latency_ms"] is not None:
        return "First token", _time(card["first_token_latency_ms"])
    if card["request_latency_ms"] is not None:
        return "Time per request", _time(card["request_latency_ms"])
    return None


def left_note(provider: Row | None, on: datetime) -> str | None:
    """Return that Hugging Face had removed a provider by a moment; None for one that serves."""
    left_on = provider.get("left_on") if provider else None  # earlier publications have no date
    if left_on is None or left_on > on.date():
        return None
    return f"left Hugging Face on {day(left_on)}"


def status_note(card: Row) -> str | None:
    """Return the status of an offer that is not live, and its date; None for a live one."""
    if card["status"] == "live":
        return None
    return f"{card['status']} since {day(card['status_since'])}"


def routes(card: Row) -> list[str]:
    """Return the router's routes that lead to an offer, as badges."""
    named = (
        ("router_default", "default route"),
        ("router_cheapest", "cheapest route (output price)"),
    )
    return [badge for column, badge in named if card[column]]


def _newer_price(card: Row, refused: Sequence[Row]) -> str:
    match card["hold_reason"]:
        case "count_drop":
            return "nothing about this offer"
        case "coverage_drop":
            return "no price for it"
    return "; ".join(dict.fromkeys(_refused(row) for row in refused)) or "another value"


def _refused(row: Row) -> str:
    if row["candidate_amount"] is not None:
        return unit_price(row["candidate_amount"], row["unit"] or "unit")
    observed = row["observed"] or "another value"
    status, _, stated = observed.partition(" ")
    return stated if status in ("suspect", "unparsed") and stated else observed


def _time(milliseconds: float) -> str:
    if milliseconds < 1000:
        return f"{milliseconds:,.0f} ms"
    return f"{milliseconds / 1000:,.1f} s"


def percent(share: Decimal) -> str:
    """Return a share from 0 to 1 in percent: `25 %`, `12.5 %`; nothing is `none`."""
    return f"{amount_text(share * 100)} %" if share else "none"


def native_price(price: Row) -> str:
    """Return a price as the source states it: `0.25 USD per 1,000,000 output tokens`."""
    stated = amount_text(price["native_amount"]) if price["native_amount"] is not None else "?"
    quantity = price["native_quantity"]
    per = f"{quantity:,f}".rstrip("0").rstrip(".") if quantity is not None else "1"
    number = "" if per == "1" else f"{per} "
    plural = "" if per == "1" else "s"
    unit = (price["native_unit"] or price["unit"]).replace("_", " ")
    return f"{stated} {price['currency']} per {number}{unit}{plural}"
