"""Parse WaveSpeedAI's own list: millionths of a dollar a run, or by a formula over its length.

The list's own rows have no formula; the answers about single products that follow the pages have
it. A row of an excerpt may have both: then no product is requested.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import partial
from typing import TypeAlias

import msgspec

from schemas.text import replace_unprintable
from schemas.unknown_keys import mark_of
from schemas.unreadable import UNREADABLE
from transforms.parsing.decode import ABSENT, is_stated
from transforms.parsing.envelope import find_rows
from transforms.parsing.fence import EntryLocation
from transforms.parsing.parsed_feed import Page, ParsedFeed
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
NOT_READ = "formula_not_read: "
"""Start of the reason of a price per run whose product's answer cannot be used."""
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


_Product: TypeAlias = WavespeedEntry | str
"""What the answer about a product states, or a code for why it cannot be used."""


def parse_wavespeed_list(pages: Iterable[Page], *, inference_provider: str) -> ParsedFeed:
    """Parse every page of one whole walk, and the answers about products after them.

    Raises FeedMalformed when a page has no one array. Where the answer about a product cannot be
    used, its row is priced per run, with the reason `formula_not_read: …`.
    """
    out = PriceListCollector(FEED, inference_provider, id_field=ID_FIELDS[0])
    rows: list[EntryLocation] = []
    products: dict[str, _Product] = {}
    for page in pages:
        if page.about is not None:
            products[page.about] = _read_product(page, page.about)
            continue
        rows += (
            EntryLocation(page.payload_hash, row.path, row.raw)
            for row in find_rows(page.body, key=ID_FIELDS, feed=FEED)
        )
    out.read(rows, partial(_read, out=out, products=products))
    return out.finish()


def _read(
    location: EntryLocation, *, out: PriceListCollector, products: Mapping[str, _Product]
) -> None:
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
    if name is not None and name in products and not _has_formula(entry):
        quote = _with_product(quote, products[name])
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
    if (
        number := decimal_of(entry.base_price)
    ) is not None and number != number.to_integral_value():
        return Quote(problem="not_whole: base_price")  # millionths are whole: it is in dollars?
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


def _with_product(quote: Quote, product: _Product) -> Quote:
    """Return the price of a row by its product's formula, else per run with the reason.

    A product with another `base_price` than the row is of another moment: its formula may be too.
    """
    if quote.raw_text is None:
        return quote
    if isinstance(product, str):
        return quote._replace(remark=NOT_READ + product)
    own = product.base_price
    if is_stated(own) and decimal_of(own) != decimal_of(Raw(quote.raw_text.encode())):
        return quote._replace(remark=f"{NOT_READ}another_price")
    doubt = quote.problem or _discount(product)
    return _by_formula(quote._replace(problem=doubt), product)


def _read_product(page: Page, name: str) -> _Product:
    """Return what the answer about a product states of it, or a code for why it cannot be used."""
    if page.status >= 400:
        return f"http_{page.status}"
    try:
        product = msgspec.json.decode(page.body, type=WavespeedProduct)
    except UNREADABLE:
        return "wrong_shape"
    if product.code not in {None, 200}:
        return f"code_{product.code}"
    if _id_of(product.data) != name or _names_two(product.data):
        return "another_id"
    return product.data
