"""Price an image or a second of video by what the texts of DeepInfra's list state of resolutions.

The texts of an entry are read wholly or not at all, and no price is anything but a figure in them,
or the number of the entry where they state the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

import msgspec

from schemas.units import STANDARD
from transforms.parsing.deepinfra_texts import are_written, price_texts, quote_of_text
from transforms.parsing.quotes import Quote, stated_rates
from transforms.parsing.tier_sentences import TieredAmount, read_resolutions

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
_ROUNDING = Decimal("0.05")
"""By what share a figure may round a number."""


class _Stated(NamedTuple):
    """An amount with the key of its text."""

    key: str
    amount: TieredAmount


def media_quotes(
    pricing: Mapping[str, Raw], medium: str, number: Quote, *, bound: bool = False
) -> list[Quote] | None:
    """Return the prices per image or second that the texts state, by resolution.

    None where a text cannot be read wholly, where two of them differ, and where it is not known
    what the number is beside them. `bound`: the number has to agree with the figures.
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
    standard = labelled.get(STANDARD)
    agrees = _counts_same(number, medium) and standard and _rounds(standard.amount, number)
    if bound and not agrees and not all(stated.amount.tokens for stated in found):
        return None
    quotes = []
    for label, stated in labelled.items():
        if label == STANDARD and agrees:
            quotes.append(number._replace(derived=True))
        elif label:
            quotes.append(_quote(stated, _UNITS[medium], label))
    return quotes or None


def _amounts(pricing: Mapping[str, Raw]) -> list[_Stated] | None:
    found: list[_Stated] = []
    for key, text in price_texts(pricing):
        amounts = read_resolutions(text)
        if amounts is None or not are_written((a.text for a in amounts), pricing[key]):
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
    return quote_of_text(stated.key, amount.part, amount.text)._replace(native_unit=unit, tier=tier)
