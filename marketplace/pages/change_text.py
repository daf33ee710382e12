"""The text of a change, for pages and feeds."""

from __future__ import annotations

from marketplace.pages import wording

HOLDS = {
    "new_zero": "a price of 0 that is not stated as free",
    "unit_magnitude": "a price far from the last good one",
    "count_drop": "too many offers of the provider are missing at once",
    "coverage_drop": "too many prices of the provider are missing at once",
}
"""The reason of a hold, a check's name → its text; others are shown by their name."""


def hold_text(reason: str | None) -> str:
    """Return why a newer price or the absence of an offer is held."""
    return HOLDS.get(reason or "", (reason or "an unknown reason").replace("_", " "))


def describe_change(change: wording.Row) -> str:
    """Return a change in one line."""
    event, unit = change["event"], change["unit"]
    old, new = (_value(change, side) for side in ("old", "new"))
    about = f"{unit.replace('_', ' ')} price {_of_tier(change)}" if unit else ""
    match event:
        case "up" | "down":
            pct = change["change_pct"]
            by = f" ({pct:+.1f} %)" if pct is not None else ""
            before = wording.compared_amount(change["old_amount"], unit) if unit else old
            return f"{about}{event} from {before} to {new}{by}"
        case "status":
            return f"status was {old}, is {new}"
        case "relabelled":
            return "continues under another name at the provider"
        case "provider_joined":
            return f"first offer at {new}; it had none before"
        case "provider_left":
            return f"last offer at {old} ended; it has none now"
        case "free_to_paid" | "paid_to_free":
            return f"{about}was {old}, is {new} ({event.replace('_', ' ')})"
        case "held" if change["new_amount"] is not None:
            return f"{about}unconfirmed: the source states another price ({new}), {old} is kept"
        case "held":
            kept = f"{old} is kept" if unit else "the offer stays as it was"
            return f"{about}unconfirmed: {hold_text(change['new_value'])}; {kept}"
        case "released" if change["new_amount"] is None and change["old_amount"] is None:
            return f"{about}no longer unconfirmed ({hold_text(change['old_value'])})"
        case "became_suspect":
            return f"{about}under review: {new}"
        case "new" if unit:
            return f"{about}first seen: {new}"
        case "gone" if unit and change["new_value"] == "not_offered":
            return f"{about}no longer offered, was {old}"
        case "gone" if unit:
            return f"{about}no longer stated, was {old}"
        case "new" | "gone" | "back":
            return {"new": "new offer", "gone": "no longer offered", "back": "offered again"}[event]
    label = "confirmed" if event == "released" else event.replace("_", " ")
    return f"{about}{label}: was {old}, is {new}"


def _of_tier(change: wording.Row) -> str:
    name = change["tier"]
    return "" if name in (None, "standard") else f"({wording.tier(name)}) "


def _value(change: wording.Row, side: str) -> str:
    amount = change[f"{side}_amount"]
    if amount is not None:
        return wording.unit_price(amount, change["unit"] or "unit")
    return (change[f"{side}_value"] or "unknown").replace("_", " ")
