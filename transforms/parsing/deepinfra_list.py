"""Parse DeepInfra's own list: prices in cents, in ten types that each count another thing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import partial

import msgspec

from schemas.errors import FeedMalformed
from schemas.text import replace_unprintable
from schemas.units import STANDARD
from schemas.unknown_keys import is_marked, mark_of
from schemas.unreadable import UNREADABLE, decode_page
from transforms.parsing.decode import ABSENT, is_stated
from transforms.parsing.deepinfra_contexts import context_quotes, with_cached
from transforms.parsing.deepinfra_media import media_quotes
from transforms.parsing.deepinfra_rates import RATE_KEYS, rate_quotes
from transforms.parsing.deepinfra_texts import TEXT_KEYS
from transforms.parsing.discounts import read_discount
from transforms.parsing.end_of_sale import is_sold
from transforms.parsing.fence import EntryLocation
from transforms.parsing.parsed_feed import Page, ParsedFeed
from transforms.parsing.quotes import (
    PriceListCollector,
    Quote,
    decimal_of,
    differs_from_texts,
    fields_of,
    number_text,
    stated_rates,
    text_of,
    undiscounted,
    without_prices,
)
from transforms.parsing.sentence_agreement import is_contradicted_beside

Raw = msgspec.Raw
FEED = "deepinfra_list"
CENT = Decimal("0.01")
SIDE = 1024
"""Our reference image is 1024 x 1024."""
_SIZE_DIGITS = 6
_MEDIUM = re.compile(r"(?:^|-)to-(image|video)$")
"""What comes out, of the type of a row like `text-to-image`."""

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
_TEXT_KEYS = frozenset({"type", *TEXT_KEYS, "discount", "discount_ends_at"})
_SIZES = {"default_width", "default_height", "default_iterations"}
_TOKENS = {*RATE_KEYS, "explicit_cache_granularity_tokens"}
_MORE: dict[str, set[str]] = {
    "tokens": _TOKENS,
    "input_tokens": _TOKENS,
    "image_units": _SIZES | {"default_price_cents", "usage_from_cost"},
}


class DeepinfraEntry(msgspec.Struct):
    """The parts of an entry that are read; it has many more, which do not matter for its price."""

    model_name: str | None = None
    kind: Raw = msgspec.field(default=ABSENT, name="type")
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
    quotes = _stated(entry, observed_at)
    sold = is_sold(entry.deprecated, observed_at)
    read = _read_texts(entry, location.raw, quotes) if sold else None
    if not sold:
        quotes = without_prices(quotes, "deprecated_in_list")
    out.add(entry.model_name, location, read or quotes, texts_read=read is not None)


def _stated(entry: DeepinfraEntry, observed_at: datetime | None) -> list[Quote]:
    """Return what the numbers of an entry state."""
    if not is_stated(entry.pricing):
        return [Quote(no_price_reason="listed_without_price")]
    pricing = fields_of(entry.pricing)
    if pricing is None:
        return [Quote(problem="not_an_object: pricing")]
    kind = _type_of(pricing)
    if kind not in PRICED:
        return [Quote(problem=f"unknown_type: {replace_unprintable(kind, 40)}")]
    discount = read_discount(
        pricing.get("discount", ABSENT), pricing.get("discount_ends_at", ABSENT), observed_at
    )
    problem = _problem(kind, pricing) or discount.problem
    problem = problem or mark_of(_unknown_keys(kind, pricing))
    quotes = [
        _quote(pricing, name, unit, problem)
        for name, unit in PRICED[kind].items()
        if is_stated(pricing.get(name, ABSENT)) or problem is not None
    ]
    medium = _medium(entry)
    if kind == "input_tokens" and medium is not None:
        quotes = [_of_output(quote) for quote in quotes]
    if kind == "image_units" and medium != "video" and _counts(problem):
        quotes = [_of_our_size(quote, pricing) for quote in quotes]
    if _counts(problem) and _MORE.get(kind) is _TOKENS:
        quotes += rate_quotes(pricing, quotes)
    return [
        quote._replace(discount=discount.fraction, until=discount.until) for quote in quotes
    ] or [Quote(no_price_reason="listed_without_price")]


def _read_texts(entry: DeepinfraEntry, raw: Raw, quotes: list[Quote]) -> list[Quote] | None:
    """Return the prices that the texts of an entry state; None where its numbers are to be kept.

    That is where they say the same and no more, and where a text cannot be read: then the collector
    withholds the numbers. Beside a discount the texts state the prices before it or after it, and
    which of both follows from the number.
    """
    pricing = fields_of(entry.pricing) if is_stated(entry.pricing) else None
    if pricing is None or any(q.problem is not None for q in quotes):
        return None
    if not differs_from_texts(quotes, raw):
        more = with_cached(pricing, quotes)
        return None if more == quotes or differs_from_texts(more, raw) else more
    fraction, until = quotes[0].discount, quotes[0].until
    found = _prices_in_texts(entry, pricing, undiscounted(quotes), bound=fraction > 0)
    if found is not None:
        found = [quote._replace(discount=fraction, until=until) for quote in found]
    elif fraction > 0:
        after = _prices_in_texts(entry, pricing, quotes, bound=True) or []
        found = [quote._replace(until=until) for quote in after]
    if not found or is_contradicted_beside(raw, [r for q in found for r in stated_rates([q])]):
        return None
    return found


def _prices_in_texts(
    entry: DeepinfraEntry, pricing: Mapping[str, Raw], quotes: list[Quote], *, bound: bool
) -> list[Quote] | None:
    """Return the prices that texts beside these numbers state, None where they cannot be read.

    `bound`: they have to agree with the numbers.
    """
    medium = _medium(entry)
    if medium is None:
        bands = context_quotes(pricing, [quote for quote in quotes if quote.tier == STANDARD])
        return [*quotes, *bands] if bands else None
    if not _has_one_number(quotes):
        return None
    return media_quotes(pricing, medium, quotes[0], bound=bound)


def _has_one_number(quotes: list[Quote]) -> bool:
    return len([quote for quote in quotes if quote.raw_text is not None]) == 1


def _type_of(pricing: Mapping[str, Raw]) -> str:
    return bytes(pricing.get("type", ABSENT)).decode("utf-8", "replace").strip('"')


def _medium(entry: DeepinfraEntry) -> str | None:
    """Return image or video where one comes out by the entry's own type."""
    found = _MEDIUM.search(text_of(entry.kind) or "")
    return found[1] if found else None


def _of_output(quote: Quote) -> Quote:
    """Return a price of input tokens as one of output tokens: an image has no input that counts."""
    return quote._replace(native_unit="output_token", derived=True)


def _problem(kind: str, pricing: Mapping[str, Raw]) -> str | None:
    """Why the object cannot be read; then none of its numbers counts."""
    for name in PRICED[kind]:
        stated = pricing.get(name, ABSENT)
        if is_stated(stated) and number_text(stated) is None:
            return f"not_a_number: {name}"
    for name in sorted(_SIZES & set(pricing)):
        if is_stated(pricing[name]) and _size(pricing[name]) is None:
            return f"not_a_number: {name}"
    default = pricing.get("default_price_cents", ABSENT)
    if is_stated(default):
        cents = decimal_of(pricing.get("cents_per_image_unit", ABSENT))
        if cents is None or decimal_of(default) != cents:
            return "two_prices: default_price_cents"
    return None


def _unknown_keys(kind: str, pricing: Mapping[str, Raw]) -> list[str]:
    """Return the keys beside which a number only counts where it is confirmed."""
    known = _TEXT_KEYS | set(PRICED[kind]) | _MORE.get(kind, set())
    return [key for key in set(pricing) - known if is_stated(pricing[key])]


def _counts(problem: str | None) -> bool:
    return problem is None or is_marked(problem)


def _size(raw: Raw) -> int | None:
    """Return a size in pixels; None for null and for what no image has."""
    text = bytes(raw)
    return int(text) if text.isdigit() and len(text) <= _SIZE_DIGITS else None


def _quote(pricing: Mapping[str, Raw], name: str, unit: str, problem: str | None) -> Quote:
    return Quote(
        native_unit=unit,
        raw_text=number_text(pricing.get(name, ABSENT)),
        factor=CENT,
        formula_text=f"{name} * 0.01",
        problem=problem,
    )


def _of_our_size(quote: Quote, pricing: Mapping[str, Raw]) -> Quote:
    """Return the price of an image of the default size as one of an image of our size.

    An image unit of a video is one video, of whatever size.
    """
    # null or 0 means that the size does not matter: a factor of 0 would make it free
    stated = [_size(pricing.get(n, ABSENT)) for n in ("default_width", "default_height")]
    sides = [side for side in stated if side]
    times, per = SIDE ** len(sides), 1
    for side in sides:
        per *= side
    if times == per:
        return quote
    return quote._replace(times=times, per=per, derived=True)
