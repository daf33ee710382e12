"""Parse WaveSpeedAI's own list: millionths of a dollar a run, or by a formula over its length."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from functools import partial

import msgspec

from schemas.text import replace_unprintable
from schemas.unreadable import UNREADABLE
from transforms.parsing.collector import Page, ParsedFeed
from transforms.parsing.decode import ABSENT, is_stated
from transforms.parsing.envelope import find_rows
from transforms.parsing.fence import EntryLocation
from transforms.parsing.quotes import PriceListCollector, Quote, number_text, text_of

Raw = msgspec.Raw
FEED = "wavespeed_list"
MILLIONTH = Decimal("0.000001")
_BY_LENGTH = re.compile(r'\{"total_price":\s*base_price \* duration / ([1-9]\d{0,3})\}')


class WavespeedEntry(msgspec.Struct):
    """The parts of a row that are read. Its `type` is no task: rows join by id alone."""

    model_id: str | None = None
    base_price: Raw = ABSENT
    formula: Raw = ABSENT


def parse_wavespeed_list(pages: Iterable[Page], *, inference_provider: str) -> ParsedFeed:
    """Parse every page of one whole walk. Raises FeedMalformed when a page has no one array."""
    out = PriceListCollector(FEED, inference_provider, id_field="model_id")
    for page in pages:
        located = (
            EntryLocation(page.payload_hash, row.path, row.raw)
            for row in find_rows(page.body, key="model_id", feed=FEED)
        )
        out.read(located, partial(_read, out=out))
    return out.finish()


def _read(location: EntryLocation, *, out: PriceListCollector) -> None:
    try:
        entry = msgspec.json.decode(location.raw, type=WavespeedEntry)
    except UNREADABLE:
        out.add(None, location, [])
        return
    out.add(entry.model_id, location, [_quote(entry)])


def _quote(entry: WavespeedEntry) -> Quote:
    text = number_text(entry.base_price)
    if text is None:
        if is_stated(entry.base_price):
            return Quote(problem="not_a_number: base_price")
        return Quote(no_price_reason="listed_without_price")
    quote = Quote("run", text, factor=MILLIONTH, formula_text="base_price * 0.000001")
    if not is_stated(entry.formula):
        return quote
    formula = text_of(entry.formula)
    if formula is None:
        formula = bytes(entry.formula).decode("utf-8", "replace")
    if (by_length := _BY_LENGTH.fullmatch(formula)) is None:
        return quote._replace(problem=f"unknown_formula: {replace_unprintable(formula, 80)}")
    seconds = Decimal(by_length[1])
    return quote._replace(native_unit="second", native_quantity=seconds, derived=True)
