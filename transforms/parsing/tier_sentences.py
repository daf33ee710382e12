"""Read sentences that state a price for each of several resolutions, or for each context length.

`$0.15 / second for 1080P, $0.10 / second for 720P`; `1120 tokens ($0.134) for 1K and 2K (roughly
1MP and 4MP)`; `$0.50 in $3 out $0.10 cached <= 128K, $1 in $6 out`. A text is read whole or not at
all: each of its parts has to have one of the forms here, and nothing beside it.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NamedTuple

from transforms.parsing.price_sentences import normalize

_NUMBER = r"(?:[0-9]{1,6}(?:\.[0-9]{1,12})?|\.[0-9]{1,12})"
_MONEY = rf"(?:us)?\$\s?(?P<money>{_NUMBER})(?:\s?usd)?"
_UNIT = (
    r"\s*(?:/|per)\s*(?:(?:output|generated)\s)?"
    r"(?P<unit>second|sec|s|image|img)\b(?:\sof\s(?:(?:output|generated)\s)?video)?"
)
_NAME = r"(?:[0-9]{3,4}\s?p|[0-9]{1,2}\s?k|[0-9]{3,4}\s?[x×]\s?[0-9]{3,4}|512)"
_LIST = rf"{_NAME}(?:\s?(?:and|or|&|/)\s?{_NAME})*"
_NAMES = rf"(?P<names>{_LIST})(?:\sresolutions?)?"
_ROUGHLY = (
    rf"(?:\s*\((?:roughly|about|approximately|~)\s?{_NUMBER}\s?mp"
    rf"(?:\s?(?:,|and|or)\s?{_NUMBER}\s?mp)*\))?"
)
_VARIANT = (
    r"(?:\s*\(?(?P<variant>draft|(?:with|without|no)\s(?:audio|sound)|audio\s(?:on|off))\)?)?"
)
_WHERE = (
    r"(?:\s*(?:(?:for|at)(?:\sthe)?(?:\ssingle)?(?:\ssupported)?\s"
    rf"{_NAMES}|\((?P<bracketed>{_LIST})\)){_ROUGHLY})?{_VARIANT}"
)
_FORMS = tuple(
    re.compile(form)
    for form in (
        rf"(?:and\s)?{_MONEY}(?:{_UNIT})?{_WHERE}",
        rf"(?:and\s)?(?P<tokens>[0-9]{{1,7}})\stokens\s?\({_MONEY}\)(?:{_UNIT})?{_WHERE}",
        rf"(?:and\s)?{_NAMES}{_VARIANT}\s?[:=]\s?{_MONEY}(?:{_UNIT})?",
    )
)
_INPUT = re.compile(r"[0-9]{1,7}\stokens\sper\sinput\simage")
"""How many tokens an input image counts; what they cost is not stated."""
_OF_IMAGES = re.compile(r"with\soutput\simage\scosts?\sscaling\sby\sresolution:\s?")
_PARTS = re.compile(r"[;\n]|,(?=\s)|\s(?=and\s(?:(?:us)?\$|[0-9]{1,7}\stokens\s?\())")
_UNITS = {"second": "second", "sec": "second", "s": "second", "image": "image", "img": "image"}
_RATES = (
    rf"\$\s?(?P<input>{_NUMBER})\sin\s\$\s?(?P<output>{_NUMBER})\sout"
    rf"(?:\s\$\s?(?P<cached>{_NUMBER})\scached)?"
)
_BAND = re.compile(_RATES + r"(?:\s?(?P<sign><=|≤|>)\s?(?P<size>[0-9]{1,6})\s?(?P<letter>k|m))?")
_PER_MILLION = re.compile(
    _RATES + r"(?:\s?(?:/|per)\s?(?:1\s?)?(?:mtok(?:en)?s?|(?:m|million)(?:\stok(?:en)?s?)?))?"
)
_SIDES = {"input": "input_token", "output": "output_token", "cached": "cached_input_token"}
_SIZES = {"k": 1024, "m": 1024 * 1024}
"""Tokens of `32K`, as 1,024 each: whoever means 32,000 charges that price above 32,768 too."""
MOST_PARTS = 40
"""Parts of a sentence that is read; a real one has four."""


class TieredAmount(NamedTuple):
    """An amount of dollars in a sentence, and what it is for.

    `names` are the resolutions as written, none where the part names none; `unit` is second, image,
    or None where nothing names it. A `variant` (a draft, without audio) has a price of its own.
    """

    text: str
    unit: str | None
    names: tuple[str, ...]
    is_variant: bool
    tokens: int | None
    part: str

    @property
    def value(self) -> Decimal:
        """The number, exactly."""
        return Decimal(self.text)

    @property
    def step(self) -> Decimal:
        """The value of the last digit."""
        exponent = self.value.as_tuple().exponent
        return Decimal(1).scaleb(exponent if isinstance(exponent, int) else 0)


class ContextBand(NamedTuple):
    """Dollars per million tokens up to a context of `limit` tokens, None for the last band."""

    figures: dict[str, str]
    """Native unit → its figure as written."""
    limit: int | None
    part: str


def read_resolutions(text: str) -> list[TieredAmount] | None:
    """Return every amount of a sentence; None when any part of it has no known form."""
    found: list[TieredAmount] = []
    unit: str | None = None
    parts = _parts_of(text)
    if len(parts) > MOST_PARTS:
        return None
    for each in parts:
        part = each
        if _INPUT.fullmatch(part):
            continue
        if head := _OF_IMAGES.match(part):
            part, unit = part[head.end() :], "image"
        match = next((m for form in _FORMS if (m := form.fullmatch(part))), None)
        if match is None:
            return None
        stated = match.groupdict()
        unit = _UNITS[stated["unit"]] if stated.get("unit") else unit
        names = stated.get("names") or stated.get("bracketed") or ""
        tokens = stated.get("tokens")
        found.append(
            TieredAmount(
                text=stated["money"],
                unit=unit,
                names=tuple(re.findall(_NAME, names)),
                is_variant=bool(stated.get("variant")),
                tokens=int(tokens) if tokens else None,
                part=part,
            )
        )
    return found or None


def read_contexts(text: str) -> list[ContextBand] | None:
    """Return the bands of a sentence, the shortest context first; None when it is no such sentence.

    Each band but the last has a limit above the one before it, and the last begins at that limit.
    """
    parts = _parts_of(text)
    if not 2 <= len(parts) <= MOST_PARTS:
        return None
    bands: list[ContextBand] = []
    limit = 0
    for place, part in enumerate(parts):
        match = _BAND.fullmatch(part)
        if match is None:
            return None
        is_last = place == len(parts) - 1
        size = int(match["size"]) * _SIZES[match["letter"]] if match["size"] else None
        if is_last:
            begins_at_limit = match["sign"] == ">" and size == limit
            if match["sign"] is not None and not begins_at_limit:
                return None
            size = None
        elif size is None or match["sign"] == ">" or size <= limit:
            return None
        limit = size or limit
        figures = {unit: match[name] for name, unit in _SIDES.items() if match[name]}
        bands.append(ContextBand(figures, size, part))
    return bands


def read_rates_of_tokens(text: str) -> ContextBand | None:
    """Return the one band of a sentence that names no context; None when it is no such sentence."""
    parts = _parts_of(text)
    match = _PER_MILLION.fullmatch(parts[0]) if len(parts) == 1 else None
    if match is None:
        return None
    figures = {unit: match[name] for name, unit in _SIDES.items() if match[name]}
    return ContextBand(figures, None, parts[0])


def _parts_of(text: str) -> list[str]:
    whole = " ".join(normalize(text).replace("\n", " ; ").split()).rstrip(". ")
    return [stripped for part in _PARTS.split(whole) if (stripped := part.strip())]
