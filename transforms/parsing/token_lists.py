"""Parse the price lists whose rows state rates per token: one shape each, one parser for all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

import msgspec

from schemas.amounts import MILLION
from transforms.parsing.data_rows import Row, parse_data_rows
from transforms.parsing.decode import ABSENT, is_stated
from transforms.parsing.fence import EntryLocation
from transforms.parsing.parsed_feed import Page, ParsedFeed
from transforms.parsing.quotes import (
    PriceListCollector,
    Quote,
    decimal_of,
    text_of,
)
from transforms.parsing.token_rates import TokenRates, read_rates

Raw = msgspec.Raw


@dataclass(frozen=True)
class TokenList:
    """The shape of one list: an object whose `data` holds rows with an id and a price object."""

    rates: TokenRates
    id_field: str = "id"
    ended_field: str | None = None
    """The key that is true where the row is no longer sold."""
    length_field: str | None = None
    """The key that is 0 where the model takes no tokens: rates of 0 are no prices of it."""


_OPENROUTER: Mapping[str, str] = {
    "prompt": "input_token",
    "completion": "output_token",
    "input_cache_read": "cached_input_token",
    "input_cache_reads": "cached_input_token",
    "input_cache_write": "cache_write_token",
    "input_cache_writes": "cache_write_token",
    "internal_reasoning": "reasoning_token",
}
"""The keys of OpenRouter's format, which several providers answer in: money per one token."""
_FEATHERLESS = TokenRates(
    {"input": "input_token", "output": "output_token"}, quantity=MILLION, per_token=_OPENROUTER
)
_TOGETHER = TokenRates(
    {"input": "input_token", "output": "output_token", "cachedInput": "cached_input_token"},
    quantity=MILLION,
)

TOKEN_LISTS: Mapping[str, TokenList] = {
    "cerebras_list": TokenList(TokenRates(_OPENROUTER), ended_field="deprecated"),
    "featherless_list": TokenList(_FEATHERLESS),
    "ovhcloud_list": TokenList(
        TokenRates(_OPENROUTER, needs_currency=True), length_field="context_length"
    ),
    "sambanova_list": TokenList(TokenRates(_OPENROUTER)),
    "together_list": TokenList(_TOGETHER, id_field="serverlessEndpoint"),
}
"""Feed → the shape of its rows."""


def parse_token_list(feed: str, pages: Iterable[Page], *, inference_provider: str) -> ParsedFeed:
    """Parse every page of a list of TOKEN_LISTS. Raises FeedMalformed."""
    shape = TOKEN_LISTS[feed]
    out = PriceListCollector(feed, inference_provider, id_field=shape.id_field)
    return parse_data_rows(pages, out, partial(_add, shape=shape, out=out))


def _add(row: Row, location: EntryLocation, *, shape: TokenList, out: PriceListCollector) -> None:
    quotes = read_rates(row.get("pricing", ABSENT), shape.rates)
    if _takes_no_tokens(row, quotes, shape):
        quotes = [Quote(no_price_reason="listed_without_price")]
    ended = row.get(shape.ended_field, ABSENT) if shape.ended_field is not None else ABSENT
    if is_stated(ended) and bytes(ended) != b"false":
        quotes = [q._replace(no_price_reason="deprecated_in_list", problem=None) for q in quotes]
    out.add(text_of(row.get(shape.id_field, ABSENT)), location, quotes)


def _takes_no_tokens(row: Row, quotes: list[Quote], shape: TokenList) -> bool:
    """Return whether a row of zeros is about a model that is not sold by the token."""
    if shape.length_field is None or decimal_of(row.get(shape.length_field, ABSENT)) != 0:
        return False
    return all(
        quote.raw_text is None or decimal_of(Raw(quote.raw_text.encode())) == 0 for quote in quotes
    )
