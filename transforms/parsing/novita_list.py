"""Parse Novita's own list: dollars per million tokens, by length of context where they differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import pairwise

import msgspec

from schemas.amounts import MILLION
from schemas.unreadable import UNREADABLE
from transforms.parsing.data_rows import Row, parse_data_rows
from transforms.parsing.decode import ABSENT, is_stated
from transforms.parsing.fence import EntryLocation
from transforms.parsing.parsed_feed import Page, ParsedFeed
from transforms.parsing.quotes import (
    PriceListCollector,
    Quote,
    text_of,
    without_contradicted,
)
from transforms.parsing.sentence_agreement import PRICE_OBJECT
from transforms.parsing.token_rates import TokenRates, read_rates

Raw = msgspec.Raw
FEED = "novita_list"
RATES = TokenRates(
    {
        "prompt": "input_token",
        "completion": "output_token",
        "input_cache_read": "cached_input_token",
        "input_cache_write": "cache_write_token",
    },
    quantity=MILLION,
    nested="price_per_m_decimal",
    beside=frozenset({"price_per_m"}),
)
"""The whole numbers beside (`price_per_m`, `input_token_price_per_m`) are ten-thousandths."""


class _ContextRange(msgspec.Struct):
    """The prices of contexts of `min_tokens` and more."""

    min_tokens: int
    max_tokens: int | None = None
    pricing: Raw = ABSENT


def parse_novita_list(pages: Iterable[Page], *, inference_provider: str) -> ParsedFeed:
    """Parse the one answer. Raises FeedMalformed when it has no `data` array."""
    out = PriceListCollector(FEED, inference_provider, id_field="id")
    return parse_data_rows(pages, out, partial(_add, out=out))


def _add(row: Row, location: EntryLocation, *, out: PriceListCollector) -> None:
    # the objects inside of the price object, which is parsed whole, are rates and no variants
    beside = {key: raw for key, raw in row.items() if key != PRICE_OBJECT}
    quotes = without_contradicted(_quotes(row), Raw(msgspec.json.encode(beside)))
    out.add(text_of(row.get("id", ABSENT)), location, quotes, texts_read=True)


def _quotes(row: Row) -> list[Quote]:
    steps = row.get("tiered_billing_configs", ABSENT)
    is_tiered = bytes(row.get("is_tiered_billing", ABSENT)) == b"true"
    if not is_tiered and bytes(steps) in (b"", b"null", b"[]"):
        return read_rates(row.get("pricing", ABSENT), RATES)
    if not is_stated(steps):
        return [Quote(problem="tiers_not_stated")]
    try:
        found = msgspec.json.decode(steps, type=list[_ContextRange])
    except UNREADABLE:
        return [Quote(problem="tiers_not_stated")]
    return _of_steps(sorted(found, key=lambda step: step.min_tokens))


def _of_steps(steps: Sequence[_ContextRange]) -> list[Quote]:
    """Return the quotes of each step; the first, of the shortest contexts, is the standard one."""
    starts = [step.min_tokens for step in steps]
    if not steps or starts[0] not in (0, 1) or len(set(starts)) < len(starts):
        return [Quote(problem="tiers_not_stated")]
    quotes = read_rates(steps[0].pricing, RATES)
    for before, step in pairwise(steps):
        longest = step.min_tokens - 1
        if before.max_tokens is not None and before.max_tokens not in (longest, step.min_tokens):
            return [Quote(problem="tiers_not_stated")]  # a hole, or two prices of one length
        bound = longest if before.max_tokens is None else before.max_tokens
        quotes += read_rates(step.pricing, RATES, tier=f"context>{bound}")
    return quotes
