"""Write docs/agreement.md, our token prices beside genai-prices': python -m scripts.docs.agreement.

The page compares the captures of the built-in sample (real answers, see samples/data/README.md)
with the `huggingface_*` providers of the installed genai-prices release. It measures both lists
and is no gate: nothing that is published depends on it.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from hashlib import sha256
from importlib.metadata import version
from typing import NamedTuple

import polars as pl
from genai_prices.data import providers
from genai_prices.types import ModelInfo, ModelPrice, StartDateConstraint

from providers.registry import load_registry
from samples.catalog import STEPS, load
from schemas.amounts import MILLION, amount_text
from schemas.contract import filter_rows
from schemas.offerings import HUB_OFFERINGS, OFFERINGS
from schemas.state import OFFERS
from transforms.parsing.hub import parse_hub
from transforms.parsing.parsed_feed import Page
from transforms.parsing.router import parse_router
from transforms.pricing.token_prices import price_tokens
from transforms.resolve.catalog import identified, resolve_catalog, resolve_routed

PREFIX = "huggingface_"
ALL_KEYS = frozenset({"inferenceProviderMapping", "pipeline_tag"})
UNITS = {"input_token": "input_mtok", "output_token": "output_mtok"}
HEAD = """# Agreement with genai-prices

This page compares our token prices of the captures in the built-in sample with the `huggingface_*`
providers of genai-prices {version} (MIT), as of {on}.
`python -m scripts.docs.agreement > docs/agreement.md` writes the page; a test compares the two.

It is a measure, not a gate: it changes no price of ours. Their list is written by hand and by
scripts at other times than the captures (Hub: {hub}; router: {router}, two answers), so a
difference is not an error by itself. Each has its reason below, as far as the captures show it.

"""


class UnitPrice(NamedTuple):
    """The price of a unit in one list: USD per 1,000,000 tokens, None where it shows no number."""

    amount: Decimal | None
    status: str


class ComparedUnit(NamedTuple):
    """One unit of one model at one provider, in both lists."""

    provider: str
    model: str
    unit: str
    ours: UnitPrice
    theirs: Decimal
    reason: str
    """`equal`, or why not."""


class UnmatchedUnit(NamedTuple):
    """One unit that their list prices and our last captures do not."""

    provider: str
    model: str
    unit: str
    reason: str


Key = tuple[str, str, str]


class StatedPrices(NamedTuple):
    """What a feed of a step states: (provider, model, unit) → price, and (provider, model)."""

    prices: dict[Key, UnitPrice]
    listed: set[tuple[str, str]]


def ours(step: int, feed: str) -> StatedPrices:
    """Return what a feed of a step states, through the real steps."""
    catalog = load(step)
    if feed == "router":
        parsed = parse_router([_page(catalog.router_answer)])
        rows = filter_rows(parsed.offerings, OFFERINGS).accepted
        no_offers = OFFERS.empty().with_columns(status=pl.lit(None, pl.String))
        resolved = resolve_routed(rows, no_offers, source="huggingface")
    else:
        records = b",".join(catalog.view(ALL_KEYS, None).records)
        parsed = parse_hub([_page(b"[" + records + b"]")])
        rows = filter_rows(parsed.offerings, HUB_OFFERINGS).accepted
        resolved = resolve_catalog(rows, source="huggingface")
    named = identified(resolved.rows)
    claims = price_tokens(named, run_id="agreement").join(
        named.select("offer_id", "inference_provider", "model_id"), on="offer_id"
    )
    prices = {
        (row["inference_provider"], row["model_id"], row["unit"]): UnitPrice(
            None if row["amount"] is None else row["amount"] * MILLION, row["price_status"]
        )
        for row in claims.iter_rows(named=True)
    }
    return StatedPrices(prices, set(named.select("inference_provider", "model_id").iter_rows()))


def theirs(on: date) -> Iterator[tuple[str, ModelInfo, ModelPrice]]:
    """Yield (inference provider, model, prices in force on a day) of their list."""
    for provider in providers:
        if provider.id.startswith(PREFIX):
            for model in provider.models:
                yield provider.id.removeprefix(PREFIX), model, _in_force(model, on)


def _in_force(model: ModelInfo, on: date) -> ModelPrice:
    return [prices for start, prices in _dated(model) if start is None or start <= on][-1]


def _after(model: ModelInfo, on: date) -> list[ModelPrice]:
    return [prices for start, prices in _dated(model) if start is not None and start > on]


def _dated(model: ModelInfo) -> Iterator[tuple[date | None, ModelPrice]]:
    """Yield each price with its first day; one for some hours of a day is no price of a day."""
    if isinstance(model.prices, ModelPrice):
        yield None, model.prices
        return
    for conditional in model.prices:
        constraint = conditional.constraint
        if constraint is None:
            yield None, conditional.prices
        elif isinstance(constraint, StartDateConstraint):
            yield constraint.start_date, conditional.prices


def compare(on: date) -> tuple[list[ComparedUnit], list[UnmatchedUnit]]:
    """Return every unit that both lists price, and those of theirs that our captures lack."""
    stated = [ours(step, feed) for step in STEPS for feed in ("router", "hub")]
    router, hub = (capture.prices for capture in stated[-2:])
    captures = [capture.prices for capture in stated]
    chosen = hub | router  # router before hub, as on cards
    listed = stated[-2].listed | stated[-1].listed
    left = {p.inference_provider: p.left_on for p in load_registry().inference_providers}
    rows, absent = [], []
    for provider, model, prices in theirs(on):
        for unit, name in UNITS.items():
            amount = getattr(prices, name, None)
            if not isinstance(amount, Decimal):
                continue
            key = (provider, model.id, unit)
            if key not in chosen:
                is_listed = (provider, model.id) in listed
                absent.append(
                    UnmatchedUnit(*key, _absence(left.get(provider), on, is_listed=is_listed))
                )
                continue
            captured = [prices_of[key].amount for prices_of in captures if key in prices_of]
            later = [getattr(prices, name, None) for prices in _after(model, on)]
            reason = _reason(chosen[key], amount, captured, later, routed=key in router)
            rows.append(ComparedUnit(provider, model.id, unit, chosen[key], amount, reason))
    return sorted(rows), sorted(absent)


def _absence(left_on: date | None, on: date, *, is_listed: bool) -> str:
    """Return why our last captures, the newest of a day, have no price of a unit."""
    if left_on is not None and left_on <= on:
        return f"provider left Hugging Face on {left_on}, before the router's answers"
    if is_listed:
        return "our captures list the model at this provider, and state no price of the unit"
    return "our captures do not list the model at this provider"


def _reason(
    stated: UnitPrice,
    amount: Decimal,
    captured: list[Decimal | None],
    later: list[Decimal | None],
    *,
    routed: bool,
) -> str:
    if stated.amount is None:
        if amount == 0:
            return "they show 0; the source states 0 and does not state free, so we show no number"
        return f"we show no number: {stated.status}"
    if _same(stated.amount, amount):
        return "equal"
    if any(other is not None and _same(stated.amount, other) for other in later):
        return (
            "theirs of a later day equals ours: the router's answers are dated by the earliest "
            "possible day"
        )
    if any(other is not None and _same(other, amount) for other in captured):
        return "theirs is the price in another capture of ours"
    if not routed:
        return "only the Hub of February states ours; theirs is from another day"
    return "no capture of ours states theirs; it is from another day"


def _same(one: Decimal, other: Decimal) -> bool:
    """Float noise of either list (1.0399999999999998) is no difference: 12 digits are compared."""
    return abs(one - other) <= max(one, other) * Decimal("1e-12")


def page() -> str:
    """Return the page as Markdown."""
    on = load(STEPS[-1]).router_captured_at
    hub = load(STEPS[-1]).hub_captured_at
    if on is None or hub is None:
        raise ValueError("the sample's captures have dates")
    rows, absent = compare(on.date())
    equal = [row for row in rows if row.reason == "equal"]
    differing = [row for row in rows if row.reason != "equal"]
    lines = [
        HEAD.format(
            version=version("genai-prices"), on=on.date(), hub=hub.date(), router=on.date()
        ),
        "| units of a model at a provider | |\n|---|---|\n",
        f"| in both lists | {len(rows)} |\n",
        f"| equal | {len(equal)} ({_share(len(equal), len(rows))}) |\n",
        f"| differing | {len(differing)} ({_share(len(differing), len(rows))}) |\n",
        f"| in theirs, and not in our last captures | {len(absent)} |\n",
        "\n## Reasons for differences\n\n| reason | units |\n|---|---|\n",
        *(
            f"| {reason} | {count} |\n"
            for reason, count in sorted(Counter(row.reason for row in differing).items())
        ),
        *_unmatched_table(absent),
        "\n## Differences\n\nUSD per 1,000,000 tokens.\n\n"
        "| provider | model | unit | ours | theirs | reason |\n|---|---|---|---|---|---|\n",
        *(
            f"| {r.provider} | {r.model} | {r.unit} | {_number(r.ours.amount)} | "
            f"{_number(r.theirs)} | {r.reason} |\n"
            for r in differing
        ),
    ]
    return "".join(lines)


def _unmatched_table(absent: list[UnmatchedUnit]) -> Iterator[str]:
    yield "\n## Units that only they price\n\n| provider | units | reason |\n|---|---|---|\n"
    counts = Counter((unit.provider, unit.reason) for unit in absent)
    for (provider, reason), count in sorted(counts.items()):
        yield f"| {provider} | {count} | {reason} |\n"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %"


def _number(amount: Decimal | None) -> str:
    return "none" if amount is None else amount_text(amount)


def _page(body: bytes) -> Page:
    return Page(body, sha256(body).hexdigest())


if __name__ == "__main__":
    sys.stdout.write(page())
