"""Read entries that are all as known straight into columns, many models at a time.

A chunk of models is decoded by one call, and its frame is built column by column. What is not as
known in any way (another type, an unknown key, a key twice, an escape that may hide one, an entry
that is too large, a repeated model) is read by the parser of single entries instead, which finds
the reason. Both make the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import compress
from typing import Any, NamedTuple, cast

import msgspec
import polars as pl

from schemas.contract import TEXT_LIST, Contract
from schemas.errors import PricehouseError
from schemas.failures import ANY_ERROR
from schemas.kept_rows import ChunkRows
from transforms.parsing.decode import ABSENT, is_stated
from transforms.parsing.fence import EntryLocation
from transforms.parsing.limits import MAX_ENTRY_BYTES
from transforms.parsing.price_object import PriceText, read_price

Raw = msgspec.Raw

CHUNK = 1_000
"""Models that are read at a time, as many as a page of the Hub has."""
_PRICES = 4_096
"""Price objects whose numbers are kept: providers repeat one price for many models."""


class Chunk(NamedTuple):
    """Models of one page, verbatim; `first` is the position of the first one on the page."""

    payload_hash: str
    first: int
    raws: Sequence[Raw]

    def locations(self, path: str) -> Iterator[EntryLocation]:
        """Yield where each model is, in the array at `path`."""
        for position, raw in enumerate(self.raws, start=self.first):
            yield EntryLocation(self.payload_hash, f"{path}[{position}]", raw)


def chunks(payload_hash: str, raws: Sequence[Raw], size: int) -> Iterator[Chunk]:
    """Divide the models of a page, in order, into chunks of so many; 0: it is one chunk."""
    size = size or max(len(raws), 1)
    for first in range(0, len(raws), size):
        yield Chunk(payload_hash, first, raws[first : first + size])


def read_columns(
    chunk: Chunk, read: Callable[[Chunk, bytes], ChunkRows | None]
) -> ChunkRows | None:
    """Return what `read` makes of a chunk and its JSON array, None where it is not as known.

    `read` may raise any error about values: the parser of single entries finds the entry.
    """
    # a model that is no larger than an entry may be has no entry that is
    if any(len(raw) > MAX_ENTRY_BYTES for raw in chunk.raws):
        return None
    try:
        return read(chunk, b"[" + b",".join(chunk.raws) + b"]")
    except (PricehouseError, MemoryError):
        raise
    except ANY_ERROR:
        return None


def stated(values: Sequence[object]) -> int:
    """Count the values of a column that are not null."""
    return len(values) - values.count(None)


def evidence(
    places: Sequence[tuple[int, int]],
    has_price: Sequence[bool],
    entries_of: Callable[[int], Sequence[Raw]],
) -> list[str | None]:
    """Return the verbatim entries that have a price, None for the others.

    A place is the position of a model and of its entry; `entries_of` a model is called once.
    """
    texts: list[str | None] = [None] * len(places)
    model, entries = -1, cast(Sequence[Raw], ())
    for position in compress(range(len(places)), has_price):
        if places[position][0] != model:
            model = places[position][0]
            entries = entries_of(model)
        texts[position] = bytes(entries[places[position][1]]).decode("utf-8", "replace")
    return texts


def build(
    shape: Contract, height: int, columns: Mapping[str, list[Any]], **constants: str
) -> pl.DataFrame:
    """Return a frame of lists and of constant texts; a column that is not given is all null.

    A column without a value is made as one that is not given: that takes no memory.
    """
    return pl.DataFrame(
        [
            _series(name, columns[name], dtype)
            if name in columns and stated(columns[name])
            else pl.Series(name, [constants.get(name)], dtype=dtype).new_from_index(0, height)
            for name, dtype in shape.dtypes.items()
        ]
    )


def _series(name: str, values: list[Any], dtype: Any) -> pl.Series:
    if dtype != TEXT_LIST:
        return pl.Series(name, values, dtype=dtype)
    # polars makes a series of each list, and few of these differ
    kinds: dict[tuple[str, ...] | None, int] = {}
    places = [kinds.setdefault(tuple(v) if v is not None else None, len(kinds)) for v in values]
    lists = [None if kind is None else list(kind) for kind in kinds]
    return pl.Series(name, lists, dtype=dtype).gather(places)


def price_columns(pricing: Sequence[Raw]) -> dict[str, list[Any]]:
    """Return the columns of OFFERINGS that the price objects of entries make."""
    columns: dict[str, list[Any]] = {name: [None] * len(pricing) for name in _PRICE_COLUMNS}
    has_price = [raw is not ABSENT and is_stated(raw) for raw in pricing]
    for position in compress(range(len(pricing)), has_price):
        price = _price(bytes(pricing[position]))
        for name, text in zip(_PRICE_COLUMNS, price, strict=True):
            if text is not None:
                columns[name][position] = text
    return {**columns, "has_price": has_price}


_PRICE_COLUMNS = (
    "price_input_text",
    "price_output_text",
    "price_problem",
    "price_cached_text",
    "price_cache_write_text",
    "price_reasoning_text",
    "price_unknown",
)


@lru_cache(_PRICES)
def _price(text: bytes) -> tuple[str | None, ...]:
    price: PriceText = read_price(text)
    return (
        price.input,
        price.output,
        price.problem,
        price.cached,
        price.cache_write,
        price.reasoning,
        price.unknown,
    )


def cleaned(
    values: list[str | None], clean: Callable[[str], str | None], *, longest: int, text: bytes
) -> list[str | None]:
    """Return a column of texts as `clean` makes them: it shortens them, and finds unprintable
    characters, of which an ASCII text without escapes has none.
    """
    plain = text.isascii() and b"\\" not in text and b"\x7f" not in text
    if plain and "" not in values and max(map(len, filter(None, values)), default=0) <= longest:
        return values
    return [None if value is None else clean(value) for value in values]
