"""How a price, a place, a speed and a change are said, so that no buyer is misled.

The rules: input and output price always, a blend only with its mix named; free only "stated by the
source"; a bare zero is under review; a refused price says what the source says now; unknown is
said, never shown as 0; no tokens per second where no text comes out; estimates are ≈ and no price.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from marketplace.numbers import dollars, per_million
from schemas.amounts import amount_text

Row = Mapping[str, Any]
PER_MILLION = "per 1M tokens"
COSTS = {
    "cost_per_image": "per image (1024×1024)",
    "cost_per_audio_minute": "per minute of audio",
    "cost_per_video_second": "per second of video",
    "cost_per_million_characters": "per 1M characters",
}
"""Column of a card → what it is per; tokens are said apart."""
REASONS = {
    "adapter_without_own_price": "an adapter runs on another model and has no price of its own",
    "not_stated": "the lists that price this provider state none for it",
    "compute_time_only": "billed by compute time and hardware",
    "list_not_read": "its price list is not read here",
    "listed_without_price": "listed without a price",
    "no_list_published": "it publishes no usable price list",
    "none_seen": "no price seen in any list that is read",
    "not_in_registry": "the provider is new and not described yet",
    "zero_not_stated_free": "a price of 0, and nobody says that it is free",
    "stated_free_but_priced": "said to be free, and priced",
    "not_a_usable_number": "a number that is no usable price",
    "outside_bounds": "a number that no offer could have; under review",
    "corrected": "corrected by a person; the offer's page says who and why",
    "price_of_adapter_rule": "the price of the rule that the adapter runs on",
    "account_price_not_shown": "its list states a price to one account only",
    "deprecated_in_list": "its provider's list names it as deprecated",
    "unit_not_convertible": "priced in a unit that nothing here can be compared by",
    "listed_twice": "its list names it twice, with two prices",
    "discount_not_understood": "its list states a discount that is not understood",
    "list_off": "its provider's price list is not read here",
    "list_needs_key": "its provider's price list answers only with a key",
    "list_unanswered": "its provider's price list has not answered yet",
    "unreadable_price": "its source now states a price that cannot be read",
    "provider_price_drift": "too many prices of its provider cannot be read",
}
GROUPS = {
    "text": "Text",
    "image": "Images",
    "audio": "Audio",
    "video": "Video",
    "embedding": "Embeddings",
    "other": "Other",
}
REGIONS = {
    "eu": "EU",
    "eea": "EEA",
    "us": "US",
    "multi": "several places",
    "unverified": "unverified",
}
_TOKENS = {"input_token", "output_token", "cached_input_token", "reasoning_token"}
_EVENTS = {"new": "new", "gone": "gone", "back": "back", "released": "price confirmed"}


def day(moment: date | None) -> str:
    """Return `21 Sep 2026`; what is unknown is said."""
    return f"{moment.day} {moment:%b %Y}" if moment else "unknown"


def minute(moment: datetime | None) -> str:
    """Return `21 Sep 2026, 01:00 UTC`."""
    return f"{day(moment)}, {moment:%H:%M} UTC" if moment else "unknown"


def age(passed: timedelta) -> str:
    """Return how long ago in the largest unit that fits: `3 hours`, `65 days`."""
    seconds = max(int(passed.total_seconds()), 0)
    for name, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= 2 * size or (seconds >= size and name == "minute"):
            number = seconds // size
            return f"{number:,} {name}{'' if number == 1 else 's'}"
    return "less than a minute"


def unit_price(amount: Decimal, unit: str) -> str:
    """Return an amount per one unit as people compare it: tokens per million."""
    if unit in _TOKENS or unit == "character":
        return f"{per_million(amount)} per 1M {unit.replace('_', ' ')}s"
    return f"{dollars(amount)} per {unit.replace('_', ' ')}"


def reason(code: str | None) -> str:
    """Return a reason in words; an unknown one as it is."""
    return REASONS.get(code or "", code or "")


def price_note(card: Row, raw_texts: Sequence[str], refused: Sequence[Row]) -> str | None:
    """Return what must be said beside, or instead of, the price of a card."""
    if card["held"]:
        silent = {"count_drop": "nothing of this offer", "coverage_drop": "no price of it"}
        said = "; ".join(dict.fromkeys(_refused(row) for row in refused))
        said = silent.get(card["hold_reason"] or "", said or "something else")
        return f"unconfirmed since {day(card['held_since'])}, source now says {said}"
    match card["price_status"]:
        case "free":
            return "free (stated by the source)"
        case "suspect":
            said = ", ".join(dict.fromkeys(raw_texts)) or "0"
            return f"under review, source says {said}"
        case "unparsed":
            return "no price: the source states it in a form that is not known yet"
        case "not_published":
            return f"no price published: {reason(card['price_reason'])}"
    return None


def estimate(card: Row) -> str | None:
    """Return the estimate of a card as one: grey, with ≈, and only where there is no price."""
    if card["estimated_cost"] is None:
        return None
    unit = (card["estimated_unit"] or "unit").replace("_", " ")
    return f"≈ {dollars(card['estimated_cost'])} per {unit}, an estimate and no price"


def place(card: Row, provider: Row | None) -> str:
    """Return where inference runs, who operates it, and what lies between."""
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
    """Return tokens per second where text comes out, or that nobody measured it."""
    if card["task_group"] != "text":
        return None
    if card["throughput_tps"] is None:
        return "not measured"
    return f"{card['throughput_tps']:,.0f} tokens/s"


def latency(card: Row) -> tuple[str, str] | None:
    """Return what was timed and how long it took; None where nobody measured it."""
    if card["task_group"] == "text" and card["first_token_latency_ms"] is not None:
        return "First token", _time(card["first_token_latency_ms"])
    if card["request_latency_ms"] is not None:
        return "Whole answer", _time(card["request_latency_ms"])
    return None


def standing(card: Row) -> str | None:
    """Return why a card is grey: error or staging, with since when; None for a live one."""
    if card["status"] == "live":
        return None
    return f"{card['status']} since {day(card['status_since'])}"


def say_change(change: Row) -> str:
    """Return a change in one line."""
    event, unit = change["event"], change["unit"]
    old, new = (_value(change, side) for side in ("old", "new"))
    about = f"{unit.replace('_', ' ')} price " if unit else ""
    match event:
        case "up" | "down":
            pct = change["change_pct"]
            by = f" ({pct:+.1f} %)" if pct is not None else ""
            return f"{about}{event} from {old} to {new}{by}"
        case "status":
            return f"status was {old}, is {new}"
        case "relabelled":
            return "goes on under another name of the provider"
        case "free_to_paid" | "paid_to_free":
            return f"{about}was {old}, is {new} ({event.replace('_', ' ')})"
        case "held":
            return f"{about}unconfirmed: the source says something else ({new}), {old} stays"
        case "became_suspect":
            return f"{about}under review: {new}"
        case "new" if unit:
            return f"{about}first seen: {new}"
        case "gone" if unit:
            return f"{about}no longer stated, was {old}"
        case "new" | "gone" | "back":
            return {"new": "new offer", "gone": "no longer offered", "back": "offered again"}[event]
    return f"{about}{_EVENTS.get(event, event.replace('_', ' '))}: was {old}, is {new}"


def _value(change: Row, side: str) -> str:
    amount = change[f"{side}_amount"]
    if amount is not None:
        return unit_price(amount, change["unit"] or "unit")
    return (change[f"{side}_value"] or "unknown").replace("_", " ")


def _refused(row: Row) -> str:
    if row["candidate_amount"] is not None:
        return unit_price(row["candidate_amount"], row["unit"] or "unit")
    words = (row["observed"] or "something else").split(" ")
    return " ".join(words[1:] if words[0] in ("suspect", "unparsed") and words[1:] else words)


def _time(milliseconds: float) -> str:
    if milliseconds < 1000:
        return f"{milliseconds:,.0f} ms"
    return f"{milliseconds / 1000:,.1f} s"


def native(price: Row) -> str:
    """Return a price as the source states it: `0.25 USD per 1000000 output token`."""
    stated = amount_text(price["native_amount"]) if price["native_amount"] is not None else "?"
    quantity = price["native_quantity"]
    per = f"{quantity:,f}".rstrip("0").rstrip(".") if quantity is not None else "1"
    many = "" if per == "1" else f"{per} "
    plural = "" if per == "1" else "s"
    unit = (price["native_unit"] or price["unit"]).replace("_", " ")
    return f"{stated} {price['currency']} per {many}{unit}{plural}"
