"""The prices of one tier, and the tiers that a long prompt or a service level selects."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal

from marketplace.formats.price_sets import Amounts, main_units
from schemas.amounts import MILLION
from schemas.units import STANDARD, TOKENS

SERVICE_TIERS = ("flex", "priority", "batch")
_CONTEXT = re.compile(r"context>(\d+)")


def of_tier(amounts: Amounts, tier: str = STANDARD) -> dict[str, Decimal]:
    """Return unit → amount of one tier."""
    return {unit: amount for (unit, each), amount in amounts.items() if each == tier}


def context_tiers(amounts: Amounts) -> dict[int, dict[str, Decimal]]:
    """Return, by rising size, the prices of prompts of more input tokens than that."""
    sizes = {int(found[1]) for _, tier in amounts if (found := _CONTEXT.fullmatch(tier))}
    return {size: of_tier(amounts, f"context>{size}") for size in sorted(sizes)}


def is_expressible(amounts: Amounts, units: Iterable[str]) -> bool:
    """Return whether every main price has a unit of a format, and there is one.

    A format without one of the units would make a call too cheap.
    """
    found = main_units(amounts)
    return bool(found) and found <= set(units)


def has_tokens(amounts: Amounts) -> bool:
    """Return whether calls are billed by tokens alone."""
    return is_expressible(amounts, TOKENS)


def per_million(prices: Mapping[str, Decimal], unit: str) -> Decimal | None:
    """Return the price of 1,000,000 of a unit."""
    amount = prices.get(unit)
    return None if amount is None else amount * MILLION
