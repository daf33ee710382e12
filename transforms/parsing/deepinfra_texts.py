"""The texts about the price in an entry of DeepInfra's list, and the price that one states."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from schemas.text import replace_unprintable
from schemas.unreadable import UNREADABLE
from transforms.parsing.decode import ABSENT, is_stated
from transforms.parsing.price_sentences import normalize
from transforms.parsing.quotes import Quote, number_text, text_of
from transforms.parsing.sentence_agreement import PRICE_NAME, has_figures

Raw = msgspec.Raw
TEXT_KEYS = ("short", "full", "table")
"""The keys of a price object that hold texts about the price."""
_COLUMN_UNITS = {
    f"{mark}{name} per {unit}": unit
    for mark in ("$ ", "$", "", "usd ")
    for name in ("cost", "price")
    for unit in ("second", "image")
}
"""Heading of a table's column of prices → what each price is for."""
_LONGEST_PART = 100


class _PriceTable(msgspec.Struct, forbid_unknown_fields=True):
    columns: list[str]
    rows: list[list[Raw]]


def price_texts(pricing: Mapping[str, Raw]) -> Iterator[tuple[str, str]]:
    """Yield key and text of each text with figures; of a table, a sentence for each row.

    A table without prices does not matter.
    """
    for key in TEXT_KEYS:
        stated = pricing.get(key, ABSENT)
        if not is_stated(stated):
            continue
        text = text_of(stated)
        if text is None:
            text = _table(stated) or bytes(stated).decode("utf-8", "replace")
            if PRICE_NAME.search(normalize(text)) is None:
                continue
        if has_figures(normalize(text)):
            yield key, text


def _table(stated: Raw) -> str | None:
    """Return a table of resolutions and prices as sentences, None for anything else."""
    try:
        table = msgspec.json.decode(stated, type=_PriceTable)
    except UNREADABLE:
        return None
    heads = [" ".join(normalize(column).split()) for column in table.columns]
    if len(heads) != len(("resolution", "price")) or heads[0] not in {"resolution", "resolutions"}:
        return None
    unit = _COLUMN_UNITS.get(heads[1])
    cells = [[text_of(cell) or number_text(cell) or "" for cell in row] for row in table.rows]
    if unit is None or any(len(row) != len(heads) for row in cells):
        return None
    return "; ".join(
        f"{name}: ${price.strip().removeprefix('$')} / {unit}" for name, price in cells
    )


def are_written(figures: Iterable[str], stated: Raw) -> bool:
    """Return whether each figure is in the JSON as it was read."""
    return all(figure.encode() in bytes(stated) for figure in figures)


def quote_of_text(key: str, part: str, figure: str) -> Quote:
    """Return the price that a part of a text states; its formula has the key and the part."""
    return Quote(
        raw_text=figure,
        formula_text=f'pricing.{key}: "{replace_unprintable(part, _LONGEST_PART)}"',
        derived=True,
    )
