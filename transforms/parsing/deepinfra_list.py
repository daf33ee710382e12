"""Parse DeepInfra's own list: prices in cents, in ten types that each count another thing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import partial

import msgspec

from schemas.errors import FeedMalformed
from schemas.text import replace_unprintable
from schemas.unknown_keys import is_marked, mark_of
from schemas.unreadable import UNREADABLE, decode_page
from transforms.parsing.collector import Page, ParsedFeed
from transforms.parsing.decode import ABSENT, is_stated
from transforms.parsing.end_of_sale import is_sold
from transforms.parsing.fence import EntryLocation
from transforms.parsing.quotes import (
    PriceListCollector,
    Quote,
    decimal_of,
    fields_of,
    number_text,
)

Raw = msgspec.Raw
FEED = "deepinfra_list"
CENT = Decimal("0.01")
SIDE = 1024
"""Our reference image is 1024 x 1024."""
_SIZE_DIGITS = 6
_RATE_PLACES = 16
"""Decimal places of a rate whose cents QUOTES can hold."""
_ONE = Decimal(1)

PRICED: dict[str, dict[str, str]] = {
    "tokens": {"cents_per_input_token": "input_token", "cents_per_output_token": "output_token"},
    "input_tokens": {"cents_per_input_token": "input_token"},
    "image_units": {"cents_per_image_unit": "image_unit"},
    "input_length": {"cents_per_input_sec": "input_second"},
    "output_length": {"cents_per_output_sec": "output_second"},
    "input_character_length": {"cents_per_input_chars": "input_character"},
    "time": {"cents_per_sec": "compute_second"},
    "uptime": {"cents_per_sec": "compute_second"},
    "frame_units": {"cents_per_frame_unit": "frame_unit"},
}
"""Type → its money, and the unit of each; all in cents."""
_TEXT_KEYS = frozenset({"type", "short", "full", "table", "discount", "discount_ends_at"})
_SIZES = {"default_width", "default_height", "default_iterations"}
_CACHE = {
    "rate_per_input_token_cached",
    "rate_per_input_token_cache_write",
    "explicit_cache_granularity_tokens",
}
_MORE: dict[str, set[str]] = {
    "tokens": _CACHE,
    "input_tokens": _CACHE,
    "image_units": _SIZES | {"default_price_cents", "usage_from_cost"},
}


class DeepinfraEntry(msgspec.Struct):
    """The parts of an entry that are read; it has many more, which do not matter for its price."""

    model_name: str | None = None
    deprecated: Raw = ABSENT
    pricing: Raw = ABSENT


def parse_deepinfra_list(pages: Iterable[Page], *, inference_provider: str) -> ParsedFeed:
    """Parse the one answer. Raises FeedMalformed when it is no JSON array."""
    out = PriceListCollector(FEED, inference_provider, id_field="model_name")
    for page in pages:
        try:
            entries = decode_page(page.body, list[Raw])
        except UNREADABLE as error:
            raise FeedMalformed(
                f"{FEED}: the answer is no JSON array: {error}", code="not_array"
            ) from error
        located = (
            EntryLocation(page.payload_hash, f"$[{position}]", raw)
            for position, raw in enumerate(entries)
        )
        out.read(located, partial(_read, out=out, observed_at=page.observed_at))
    return out.finish()


def _read(
    location: EntryLocation, *, out: PriceListCollector, observed_at: datetime | None
) -> None:
    try:
        entry = msgspec.json.decode(location.raw, type=DeepinfraEntry)
    except UNREADABLE:
        out.add(None, location, [])
        return
    out.add(entry.model_name, location, _quotes(entry, observed_at))


def _quotes(entry: DeepinfraEntry, observed_at: datetime | None) -> list[Quote]:
    quotes = _stated(entry)
    if is_sold(entry.deprecated, observed_at):
        return quotes
    return [q._replace(no_price_reason="deprecated_in_list", problem=None) for q in quotes]


def _stated(entry: DeepinfraEntry) -> list[Quote]:
    if not is_stated(entry.pricing):
        return [Quote(no_price_reason="listed_without_price")]
    pricing = fields_of(entry.pricing)
    if pricing is None:
        return [Quote(problem="not_an_object: pricing")]
    kind = bytes(pricing.get("type", ABSENT)).decode("utf-8", "replace").strip('"')
    if kind not in PRICED:
        return [Quote(problem=f"unknown_type: {replace_unprintable(kind, 40)}")]
    problem = _problem(kind, pricing)
    quotes = [
        _quote(kind, pricing, name, unit, problem)
        for name, unit in PRICED[kind].items()
        if is_stated(pricing.get(name, ABSENT)) or problem is not None
    ]
    if _counts(problem) and is_stated(rate := pricing.get("rate_per_input_token_cached", ABSENT)):
        cached = _cached(pricing, rate)
        quotes.append(cached._replace(problem=cached.problem or problem))
    return quotes or [Quote(no_price_reason="listed_without_price")]


def _problem(kind: str, pricing: Mapping[str, Raw]) -> str | None:
    """Why the object cannot be read whole; then none of its numbers counts.

    Beside an unknown key they count where they are confirmed: the problem is its mark.
    """
    known = _TEXT_KEYS | set(PRICED[kind]) | _MORE.get(kind, set())
    for name in PRICED[kind]:
        stated = pricing.get(name, ABSENT)
        if is_stated(stated) and number_text(stated) is None:
            return f"not_a_number: {name}"
    discount = pricing.get("discount", ABSENT)
    if is_stated(discount) and bytes(discount) not in (b"0", b"0.0"):
        return "discount_not_understood"  # is the price before it or after?
    for name in sorted(_SIZES & set(pricing)):
        if is_stated(pricing[name]) and _size(pricing[name]) is None:
            return f"not_a_number: {name}"
    default = pricing.get("default_price_cents", ABSENT)
    if is_stated(default):
        cents = decimal_of(pricing.get("cents_per_image_unit", ABSENT))
        if cents is None or decimal_of(default) != cents:
            return "two_prices: default_price_cents"
    return mark_of(key for key in set(pricing) - known if is_stated(pricing[key]))


def _counts(problem: str | None) -> bool:
    return problem is None or is_marked(problem)


def _size(raw: Raw) -> int | None:
    """Return a size in pixels; None for null and for what no image has."""
    text = bytes(raw)
    return int(text) if text.isdigit() and len(text) <= _SIZE_DIGITS else None


def _quote(
    kind: str, pricing: Mapping[str, Raw], name: str, unit: str, problem: str | None
) -> Quote:
    quote = Quote(
        native_unit=unit,
        raw_text=number_text(pricing.get(name, ABSENT)),
        factor=CENT,
        formula_text=f"{name} * 0.01",
        problem=problem,
    )
    if kind != "image_units" or not _counts(problem):
        return quote
    # null or 0 means that the size does not matter: a factor of 0 would make it free
    stated = [_size(pricing.get(n, ABSENT)) for n in ("default_width", "default_height")]
    sides = [side for side in stated if side]
    times, per = SIDE ** len(sides), 1
    for side in sides:
        per *= side
    if times == per:
        return quote
    return quote._replace(times=times, per=per, derived=True)


def _cached(pricing: Mapping[str, Raw], rate: Raw) -> Quote:
    """Price a cached input token: the input price times its rate."""
    stated = decimal_of(rate)
    usable = stated is not None and 0 < stated <= 1 and stated == round(stated, _RATE_PLACES)
    share = stated if stated is not None and usable else _ONE
    return Quote(
        native_unit="cached_input_token",
        raw_text=number_text(pricing.get("cents_per_input_token", ABSENT)),
        factor=CENT * share,
        formula_text=f"cents_per_input_token * {number_text(rate) if usable else '?'} * 0.01",
        derived=True,
        problem=None if usable else "not_a_number: rate_per_input_token_cached",
    )
