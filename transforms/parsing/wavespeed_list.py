"""Parse WaveSpeedAI's own list: millionths of a dollar a run, or by a formula over its length.

The list's own rows have no formula; the answers about single products that follow the pages have
it. A row of an excerpt may have both: then no product is requested.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from functools import partial
from typing import NamedTuple

import msgspec

from schemas.text import replace_unprintable
from schemas.unknown_keys import mark_of
from schemas.unreadable import UNREADABLE
from transforms.parsing.collector import Page, ParsedFeed
from transforms.parsing.decode import ABSENT, is_stated
from transforms.parsing.envelope import find_rows
from transforms.parsing.fence import EntryLocation
from transforms.parsing.quotes import (
    PriceListCollector,
    Quote,
    decimal_of,
    fields_of,
    number_text,
    text_of,
)
from transforms.parsing.wavespeed_formula import read_formula

Raw = msgspec.Raw
FEED = "wavespeed_list"
MILLIONTH = Decimal("0.000001")
ID_FIELDS = ("model_uuid", "model_id")
"""The keys of a row that hold the provider's own id: of the list, and of the recorded excerpt."""
TWO_IDS = "provider_model_id:two"
FULL_PRICE = (Decimal(0), Decimal(100))
"""Values of `discount_rate` that leave `base_price` as it is, whichever way the key is read: as the
share that is charged, or as the share that is taken off. Any other value may change the price."""


class WavespeedEntry(msgspec.Struct):
    """The parts of a row, or of a product, that are read. `type` is no task: rows join by id."""

    model_uuid: Raw = ABSENT
    model_id: Raw = ABSENT
    base_price: Raw = ABSENT
    formula: Raw = ABSENT
    discount_rate: Raw = ABSENT


class WavespeedProduct(msgspec.Struct):
    """The answer about a single product; `code` repeats the status."""

    data: WavespeedEntry
    code: int | None = None


class _Detail(NamedTuple):
    """What the answer about one product adds to its row, or why it adds nothing."""

    entry: WavespeedEntry | None
    location: EntryLocation
    problem: str | None = None


def parse_wavespeed_list(pages: Iterable[Page], *, inference_provider: str) -> ParsedFeed:
    """Parse every page of one whole walk, and the products after them.

    Raises FeedMalformed when a page has no one array. An answer about a product that cannot be
    used is rejected with a reason `detail:…`, and its row is priced as if there were none.
    """
    out = PriceListCollector(FEED, inference_provider, id_field=ID_FIELDS[0])
    rows: list[EntryLocation] = []
    details: dict[str, _Detail] = {}
    for page in pages:
        if page.about is not None:
            details[page.about] = _read_detail(page, page.about)
            continue
        rows += (
            EntryLocation(page.payload_hash, row.path, row.raw)
            for row in find_rows(page.body, key=ID_FIELDS, feed=FEED)
        )
    out.read(rows, partial(_read, out=out, details=details))
    for name, detail in details.items():
        if detail.problem is not None:
            out.reject(name, detail.location, detail.problem)
    return out.finish()


def _read(location: EntryLocation, *, out: PriceListCollector, details: dict[str, _Detail]) -> None:
    try:
        entry = msgspec.json.decode(location.raw, type=WavespeedEntry)
    except UNREADABLE:
        out.add(None, location, [])
        return
    name = _id_of(entry)
    if name is not None and _names_two(entry):
        out.reject(name, location, TWO_IDS)
        return
    quote = _quote(entry)
    if name is not None and (detail := details.get(name)) is not None and not _has_formula(entry):
        quote, details[name] = _with_detail(quote, detail)
    if fields_of(location.raw) is None:
        quote = quote._replace(problem="key_twice")
    out.add(name, location, [quote])


def _id_of(entry: WavespeedEntry) -> str | None:
    """Return the provider's own id: the list's key before the excerpt's."""
    return text_of(entry.model_uuid) or text_of(entry.model_id)


def _names_two(entry: WavespeedEntry) -> bool:
    """Return whether the two keys name two models; an id without an author is no model's name."""
    first, second = text_of(entry.model_uuid), text_of(entry.model_id)
    return bool(first) and second is not None and "/" in second and first != second


def _has_formula(entry: WavespeedEntry) -> bool:
    return bytes(entry.formula) != b""


def _quote(entry: WavespeedEntry) -> Quote:
    """Return the price of a row by what the row itself states."""
    text = number_text(entry.base_price)
    if text is None:
        if is_stated(entry.base_price):
            return Quote(problem="not_a_number: base_price")
        return Quote(no_price_reason="listed_without_price")
    quote = Quote("run", text, factor=MILLIONTH, formula_text="base_price * 0.000001")
    return _by_formula(quote._replace(problem=_discount(entry)), entry)


def _discount(entry: WavespeedEntry) -> str | None:
    """Return the mark of a price that a discount may change, None without one."""
    if not is_stated(entry.discount_rate) or decimal_of(entry.discount_rate) in FULL_PRICE:
        return None
    return mark_of(["discount_rate"])


def _by_formula(quote: Quote, entry: WavespeedEntry) -> Quote:
    """Return the price by the formula of a row or product, as it is without one."""
    if not is_stated(entry.formula):
        return quote
    text = text_of(entry.formula)
    if text is not None and not text.strip():
        return quote
    formula = read_formula(text) if text is not None else None
    if formula is None:
        written = bytes(entry.formula).decode("utf-8", "replace") if text is None else text
        return quote._replace(problem=f"unknown_formula: {replace_unprintable(written, 80)}")
    return quote._replace(
        native_unit=formula.native_unit,
        times=formula.times,
        native_quantity=Decimal(formula.per),
        derived=(formula.native_unit, formula.times, formula.per) != ("run", 1, 1),
    )


def _with_detail(quote: Quote, detail: _Detail) -> tuple[Quote, _Detail]:
    """Return the price of a row by its product's formula, and the detail as it was used.

    A product with another `base_price` than the row is of another moment: its formula may be too.
    """
    if detail.entry is None or quote.raw_text is None:
        return quote, detail
    stated = detail.entry.base_price
    if is_stated(stated) and decimal_of(stated) != decimal_of(Raw(quote.raw_text.encode())):
        return quote, detail._replace(problem="detail:another_price")
    doubt = quote.problem or _discount(detail.entry)
    return _by_formula(quote._replace(problem=doubt), detail.entry), detail


def _read_detail(page: Page, name: str) -> _Detail:
    location = EntryLocation(page.payload_hash, "$", Raw(page.body))
    if page.status >= 400:
        return _Detail(None, location, f"detail:http_{page.status}")
    try:
        product = msgspec.json.decode(page.body, type=WavespeedProduct)
    except UNREADABLE:
        return _Detail(None, location, "detail:wrong_shape")
    if product.code not in {None, 200}:
        return _Detail(None, location, f"detail:code_{product.code}")
    if _id_of(product.data) != name or _names_two(product.data):
        return _Detail(None, location, "detail:another_id")
    return _Detail(product.data, location)
