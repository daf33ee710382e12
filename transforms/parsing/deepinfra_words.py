"""Price what the texts of DeepInfra's list state where one number is not the whole price.

An image or a second of video has a price for each resolution, a token one for each context length.
The texts of an entry are read wholly or not at all, and no price is anything but a figure in them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

import msgspec

from schemas.amounts import MILLION
from schemas.text import replace_unprintable
from schemas.units import STANDARD
from schemas.unreadable import UNREADABLE
from transforms.parsing.decode import ABSENT, is_stated
from transforms.parsing.price_sentences import normalize
from transforms.parsing.quotes import Quote, number_text, stated_rates, text_of
from transforms.parsing.sentence_agreement import has_figures, states_other_figures
from transforms.parsing.tier_sentences import (
    ContextBand,
    TieredAmount,
    read_contexts,
    read_resolutions,
)

Raw = msgspec.Raw
REFERENCES = {"image": "1k", "video": "720p"}
"""Medium → the resolution of its standard price: 1024 x 1024, or 720p."""
_UNITS = {"image": "image", "video": "output_second"}
_SAME = {
    "image": frozenset({"image", "image_unit"}),
    "video": frozenset({"second", "output_second"}),
}
"""Medium → the native units of a number that counts what its sentences count."""
_NAMES = frozenset(
    {
        *("144p", "240p", "360p", "480p", "540p", "576p", "720p", "768p", "1080p", "1440p"),
        *("2160p", "1k", "2k", "3k", "4k", "8k"),
    }
)
_SIZES = {
    "1024x1024": "1k",
    "2048x2048": "2k",
    "4096x4096": "4k",
    "1280x720": "720p",
    "1920x1080": "1080p",
    "2560x1440": "1440p",
    "3840x2160": "4k",
}
_UNLISTED = ""
"""The label of a size that has no tier, like 512 x 512: its price is read and left out."""
_LONGEST_PART = 100
_ROUNDING = Decimal("0.05")
"""By what share a figure may round a number."""
_NOISE = Decimal("1e-9")


TEXT_KEYS = ("short", "full", "table")
"""The keys of a price object that hold texts about the price."""
_COLUMN_UNITS = {
    f"{mark}{word} per {unit}": unit
    for mark in ("$ ", "$", "", "usd ")
    for word in ("cost", "price")
    for unit in ("second", "image")
}
"""Heading of a table's column of prices → what each price is for."""


class _Table(msgspec.Struct, forbid_unknown_fields=True):
    columns: list[str]
    rows: list[list[Raw]]


class _Stated(NamedTuple):
    """An amount with the key of its text."""

    key: str
    amount: TieredAmount


def media_quotes(pricing: Mapping[str, Raw], medium: str, number: Quote) -> list[Quote] | None:
    """Return the prices per image or second that the texts state, by resolution.

    None where a text cannot be read wholly, where two of them differ, where none states a
    resolution beside a number that counts the same thing, or where none of the figures for the
    reference is the number though that is not stated.
    """
    found = _amounts(pricing)
    if found is None:
        return None
    plain = [each for each in found if not each.amount.is_variant]
    if len(plain) < len(found) and not any(each.amount.names for each in plain):
        return None  # one of the variants is the price without a name
    labelled = _by_label(plain, medium)
    if labelled is None or not _is_confirmed(labelled, found, medium, number):
        return None
    quotes = []
    for label, stated in labelled.items():
        if label == STANDARD and _counts_same(number, medium) and _rounds(stated.amount, number):
            quotes.append(number._replace(derived=True))
        elif label:
            quotes.append(_quote(stated, _UNITS[medium], label))
    return quotes or None


def context_quotes(pricing: Mapping[str, Raw], main: list[Quote]) -> list[Quote] | None:
    """Return the prices above each context length that the texts state, as further tiers.

    `main` are the quotes of the standard tier. None where the first band is not what they state, or
    a text states anything else. A cached price that is not its input price times the rate of the
    numbers is left out.
    """
    rates = stated_rates(main)
    quotes: list[Quote] = []
    for key, text in _texts(pricing):
        bands = read_contexts(text)
        if bands is None and not states_other_figures(normalize(text), rates):
            continue
        if bands is None or quotes or not _is_written(bands[0].figures, pricing[key]):
            return None
        quotes = _band_quotes(key, bands, main)
        if not quotes:
            return None
    return quotes or None


def _band_quotes(key: str, bands: list[ContextBand], main: list[Quote]) -> list[Quote]:
    """Return the prices of the bands after the first; none where the first differs from `main`."""
    numbers = {rate.native_unit: rate.amount * MILLION for rate in stated_rates(main)}
    offered = {quote.native_unit for quote in main if quote.no_price_reason is None}
    first = bands[0].figures
    known = {unit: figure for unit, figure in first.items() if unit in numbers}
    if not {"input_token", "output_token"} <= set(known) or not all(
        _equal(Decimal(figure), numbers[unit]) for unit, figure in known.items()
    ):
        return []
    cached = "cached_input_token"
    if cached in first and cached not in numbers:
        if any(quote.native_unit == cached for quote in main):
            return []  # the numbers state that there is none
        quotes = [_of_band(key, bands[0], cached, STANDARD)]
    else:
        quotes = []
    share = numbers[cached] / numbers["input_token"] if cached in offered else None
    for below, band in pairwise(bands):
        for unit, figure in band.figures.items():
            wanted = Decimal(band.figures["input_token"]) * share if share is not None else None
            if unit != cached or wanted is None or _equal(Decimal(figure), wanted):
                quotes.append(_of_band(key, band, unit, f"context>{below.limit}"))
    return quotes


def _of_band(key: str, band: ContextBand, unit: str, tier: str) -> Quote:
    quote = _words(key, band.part, band.figures[unit])
    return quote._replace(native_unit=unit, native_quantity=MILLION, tier=tier)


def _equal(figure: Decimal, number: Decimal) -> bool:
    """Return whether two amounts are equal but for a float's noise."""
    return abs(figure - number) <= number * _NOISE


def _is_written(figures: Mapping[str, str], stated: Raw) -> bool:
    """Return whether each figure is in the JSON as it was read."""
    return all(figure.encode() in bytes(stated) for figure in figures.values())


def _texts(pricing: Mapping[str, Raw]) -> Iterator[tuple[str, str]]:
    """Yield key and text of each text with figures; of a table, a sentence for each row."""
    for key in TEXT_KEYS:
        stated = pricing.get(key, ABSENT)
        if not is_stated(stated):
            continue
        text = text_of(stated) or _table(stated) or bytes(stated).decode("utf-8", "replace")
        if has_figures(normalize(text)):
            yield key, text


def _table(stated: Raw) -> str | None:
    """Return a table of resolutions and prices as sentences, None for anything else."""
    try:
        table = msgspec.json.decode(stated, type=_Table)
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


def _amounts(pricing: Mapping[str, Raw]) -> list[_Stated] | None:
    found: list[_Stated] = []
    for key, text in _texts(pricing):
        amounts = read_resolutions(text)
        if amounts is None or not all(
            _is_written({"": amount.text}, pricing[key]) for amount in amounts
        ):
            return None
        found += [_Stated(key, amount) for amount in amounts]
    return found or None


def _by_label(found: list[_Stated], medium: str) -> dict[str, _Stated] | None:
    """Return label → amount, the reference as `standard`; None where two amounts of one differ.

    A resolution that nobody has (`780P` in a table, `720P` in the sentence beside it) may only
    repeat the figure of another one. So may an amount without a resolution, of the reference; it is
    the one price where no amount has a resolution.
    """
    labelled: dict[str, _Stated] = {}
    repeated: list[_Stated] = []
    unnamed: list[_Stated] = []
    for stated in found:
        if not stated.amount.names:
            unnamed.append(stated)
        for name in stated.amount.names:
            label = _label(name, medium)
            if label is None:
                repeated.append(stated)
            elif label and labelled.setdefault(label, stated).amount.value != stated.amount.value:
                return None
    if unnamed and len(unnamed) == len(found):
        labelled = {STANDARD: unnamed[0]}
    standard = labelled.get(STANDARD)
    figures = {stated.amount.value for stated in labelled.values()}
    if any(stated.amount.value not in figures for stated in repeated) or any(
        standard is None or stated.amount.value != standard.amount.value for stated in unnamed
    ):
        return None
    return labelled or None


def _label(name: str, medium: str) -> str | None:
    """Return the tier of a resolution as written; None for a name that no resolution has."""
    plain = name.replace(" ", "").replace("×", "x")
    known = _SIZES.get(plain, plain)
    if known in _NAMES:
        return STANDARD if known == REFERENCES[medium] else known
    return _UNLISTED if "x" in known or known.isdigit() else None


def _is_confirmed(
    labelled: Mapping[str, _Stated], found: list[_Stated], medium: str, number: Quote
) -> bool:
    """Return whether the figures are per image or second, and go together with the number."""
    unit = "image" if medium == "image" else "second"
    standard = labelled.get(STANDARD)
    same = _counts_same(number, medium)
    if same:
        agrees = standard is not None and _rounds(standard.amount, number)
        unnamed = not any(stated.amount.names for stated in labelled.values())
        if unnamed or (
            standard is None and not any(_rounds(s.amount, number) for s in labelled.values())
        ):
            return False
        if any(stated.amount.unit is None for stated in found) and not agrees:
            return False
    elif any(stated.amount.unit is None for stated in found):
        return False
    if any(stated.amount.unit not in {None, unit} for stated in found):
        return False
    return all(_counts_tokens(stated.amount, number) for stated in found)


def _counts_same(number: Quote, medium: str) -> bool:
    return number.native_unit in _SAME[medium]


def _counts_tokens(amount: TieredAmount, number: Quote) -> bool:
    """Return whether an amount is its tokens times the number, where it names tokens."""
    if amount.tokens is None:
        return True
    rates = stated_rates([number])
    if number.native_unit != "output_token" or not rates:
        return False
    return abs(amount.tokens * rates[0].amount - amount.value) <= amount.step / 2


def _rounds(amount: TieredAmount, number: Quote) -> bool:
    """Return whether an amount is the number, or the number rounded."""
    rates = stated_rates([number])
    if not rates:
        return False
    allowed = min(amount.step / 2, amount.value * _ROUNDING)
    return abs(rates[0].amount - amount.value) <= allowed


def _quote(stated: _Stated, unit: str, tier: str) -> Quote:
    amount = stated.amount
    return _words(stated.key, amount.part, amount.text)._replace(native_unit=unit, tier=tier)


def _words(key: str, part: str, figure: str) -> Quote:
    return Quote(
        raw_text=figure,
        formula_text=f'pricing.{key}: "{replace_unprintable(part, _LONGEST_PART)}"',
        derived=True,
    )
