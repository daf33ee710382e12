"""Read the amounts in a sentence about a price: `$0.15 / second`, `$1.2 in $6 out $0.24 cached`.

A sentence is read whole or not: what is left beside its amounts and their units (`for 1080P`,
`<= 32K`, `minimum 5 seconds`) can change what an amount is for.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from transforms.parsing.currencies import NO_CURRENCY

_NUMBER = (
    r"(?:\d{1,3}(?:,\d{3}){1,6}(?:\.\d{1,30})?|\d{1,20}(?:\.\d{1,30})?|\.\d{1,30})"
    r"(?:e[-+]?\d{1,2})?"
)
_CURRENCIES = {
    "$": ("USD", 0),
    "us$": ("USD", 0),
    "usd": ("USD", 0),
    "dollar": ("USD", 0),
    "¢": ("USD", -2),
    "cent": ("USD", -2),
    "ct": ("USD", -2),
    "€": ("EUR", 0),
    "eur": ("EUR", 0),
    "euro": ("EUR", 0),
    "£": ("GBP", 0),
    "gbp": ("GBP", 0),
    "¥": (NO_CURRENCY, 0),  # of Japan or of China
    "jpy": ("JPY", 0),
    "cny": ("CNY", 0),
    "rmb": ("CNY", 0),
    "yuan": ("CNY", 0),
    "元": ("CNY", 0),
    "₹": ("INR", 0),
    "inr": ("INR", 0),
}
"""A mark of money → its currency (NO_CURRENCY: of several), and the power of ten of its unit."""
_MARKS = "|".join(sorted(map(re.escape, _CURRENCIES), key=len, reverse=True))
_MARKED = (
    rf"(?<![a-z])(?:(?P<foreign>[a-z]{{1,2}}(?<!us)\$)|(?P<before>{_MARKS}))\s*(?P<first>{_NUMBER})"
    r"(?P<letter>[kmb](?![a-z]))?"
    r"(?:\s*(?P<large>million|billion|trillion)\b(?!\s*(?:tok|char|in\b|out|cach)))?"
    rf"|(?P<second>{_NUMBER})\s*(?P<after>{_MARKS})s?(?![a-z])(?!\s*\.?\d)"
)
_UNMARKED = rf"(?<![\w.])(?P<plain>{_NUMBER})(?=\s*(?:/|per\b))|(?P<free>(?<![\w-])free(?![\w-]))"
_AMOUNT = re.compile(_MARKED)
_AMOUNT_OF_PRICE = re.compile(f"{_MARKED}|{_UNMARKED}")
"""In a sentence that is known to be about a price, an amount needs no mark of money."""
_POWERS = {"k": 3, "m": 6, "b": 9, "million": 6, "billion": 9, "trillion": 12}
_TAG = re.compile(r"<[a-z/!][^<>]{0,200}>")
_MARKDOWN = re.compile(r"\*\*|__|`|\\")
_TOKEN = re.compile(
    rf"(?P<number>{_NUMBER})(?P<letter>[kmb])?(?![a-z0-9])|(?P<text>[a-z]+)|(?P<sign>\S)"
)
_HARMLESS_SIGNS = frozenset("/.,:;()[]|'\"")
_PER = frozenset({"/", "per", "each", "every"})
_QUANTITIES = {"thousand": 3, "mm": 6, **_POWERS}
_BASES: dict[str, tuple[str, int]] = {
    **dict.fromkeys(("token", "tokens", "tok", "toks"), ("token", 1)),
    **dict.fromkeys(("mtok", "mtoks", "mtoken", "mtokens"), ("token", 1_000_000)),
    **dict.fromkeys(("ktok", "ktokens"), ("token", 1_000)),
    **dict.fromkeys(("character", "characters", "char", "chars"), ("character", 1)),
    **dict.fromkeys(("second", "seconds", "sec", "secs", "s"), ("second", 1)),
    **dict.fromkeys(("minute", "minutes", "min", "mins"), ("second", 60)),
    **dict.fromkeys(("hour", "hours", "hr", "hrs", "h"), ("second", 3_600)),
    **dict.fromkeys(("image", "images", "picture", "pictures"), ("image", 1)),
    **dict.fromkeys(("video", "videos", "clip", "clips"), ("video", 1)),
    **dict.fromkeys(("megapixel", "megapixels", "mp"), ("megapixel", 1)),
    **dict.fromkeys(("pixel", "pixels"), ("pixel", 1)),
    **dict.fromkeys(("frame", "frames"), ("frame", 1)),
    **dict.fromkeys(("run", "runs", "generation", "generations"), ("run", 1)),
    **dict.fromkeys(("request", "requests", "call", "calls"), ("run", 1)),
}
"""A name of a unit → the unit, and how many of it."""
_SIDES = {
    **dict.fromkeys(("in", "input", "prompt"), "input"),
    **dict.fromkeys(("out", "output", "completion"), "output"),
    **dict.fromkeys(("cached", "cache"), "cached"),
}
_MEDIA = frozenset({"image", "images", "video", "videos", "audio", "music", "speech", "sound"})
_FILLERS = frozenset(
    {
        *("of", "a", "an", "the", "each", "every", "per", "and", "only", "just", "flat"),
        *("price", "prices", "pricing", "cost", "costs", "rate", "billed", "charged", "us", "usd"),
        *("text", "at", "is", "generated", "processed", "produced", "transcribed"),
    }
)


class Per(NamedTuple):
    """What an amount is for; None where the sentence does not state it."""

    base: str | None = None
    side: str | None = None
    quantity: Decimal | None = None


class SentenceAmount(NamedTuple):
    """One amount of a sentence; `step` is the value of its last digit."""

    value: Decimal
    step: Decimal
    currency: str | None
    per: Per


class SentenceReading(NamedTuple):
    """One way to read a sentence; `is_whole` when nothing but its amounts and units is left."""

    amounts: list[SentenceAmount]
    is_whole: bool


class _MoneyMatch(NamedTuple):
    start: int
    end: int
    value: Decimal
    step: Decimal
    currency: str | None


def normalize(text: str) -> str:
    """Return a sentence in lower case, without HTML and the marks of Markdown."""
    plain = unicodedata.normalize("NFKC", html.unescape(text)).lower()
    return _MARKDOWN.sub("", _TAG.sub(" ", plain))


def readings_of(normalized: str, *, about_price: bool) -> list[SentenceReading]:
    """Return the ways to read a normalized sentence: the units after the amounts, or before them.

    None of them without an amount. `about_price`: the sentence is known to be about a price, so
    `0.1 / second` and `free` are amounts too.
    """
    found = list(_money_in(normalized, about_price=about_price))
    if not found:
        return []
    starts = [0, *(money.end for money in found)]
    ends = [*(money.start for money in found), len(normalized)]
    parts = [_read_unit(normalized[a:b]) for a, b in zip(starts, ends, strict=True)]
    whole = all(complete for _, complete in parts)
    units = [unit for unit, _ in parts]
    return [
        SentenceReading(_amounts(found, units[1:]), whole and units[0] == Per()),
        SentenceReading(_amounts(found, units[:-1]), whole and units[-1] == Per()),
    ]


def is_unit_alone(normalized: str) -> bool:
    """Return whether a sentence without an amount names a unit and nothing else."""
    return _read_unit(normalized)[1]


def _amounts(found: Sequence[_MoneyMatch], units: Sequence[Per]) -> list[SentenceAmount]:
    return [
        SentenceAmount(money.value, money.step, money.currency, unit)
        for money, unit in zip(found, units, strict=True)
    ]


def _money_in(text: str, *, about_price: bool) -> Iterator[_MoneyMatch]:
    if about_price:
        for found in _AMOUNT_OF_PRICE.finditer(text):
            plain = "0" if found["free"] else found["plain"]
            yield _unmarked(found, plain) if plain else _marked(found)
    else:
        yield from map(_marked, _AMOUNT.finditer(text))


def _unmarked(found: re.Match[str], number: str) -> _MoneyMatch:
    return _MoneyMatch(*found.span(), *_number(number), None)


def _marked(found: re.Match[str]) -> _MoneyMatch:
    currency, power = _CURRENCIES.get(found["before"] or found["after"], (NO_CURRENCY, 0))
    power += _POWERS.get(found["letter"], 0) + _POWERS.get(found["large"], 0)
    value, step = _number(found["first"] or found["second"])
    return _MoneyMatch(*found.span(), value.scaleb(power), step.scaleb(power), currency)


def _number(text: str) -> tuple[Decimal, Decimal]:
    """Return a number and the value of its last digit."""
    value = Decimal(text.replace(",", ""))
    exponent = value.as_tuple().exponent
    return value, Decimal(1).scaleb(exponent if isinstance(exponent, int) else 0)


def _read_unit(text: str) -> tuple[Per, bool]:
    """Return what a part of a sentence states of an amount, and whether it states nothing else."""
    tokens = list(_TOKEN.finditer(text))
    base: str | None = None
    side: str | None = None
    quantity: Decimal | None = None
    for before, token, after in zip([None, *tokens], tokens, [*tokens[1:], None], strict=False):
        name, following = token["text"], after["text"] if after else None
        previous = before[0] if before else None
        if token["sign"] in _HARMLESS_SIGNS or name in _FILLERS:
            continue
        if name == "in" and following in {"us", "usd"}:
            continue
        timed = _BASES.get(following or "", ("", 0))[0] == "second"
        if name in _MEDIA and (base is not None or timed):
            continue
        if token["number"] and previous in _PER and base is None and quantity is None:
            power = _POWERS.get(token["letter"] or "", 0)
            quantity = _number(token["number"])[0].scaleb(power)
        elif name in _QUANTITIES and base is None:
            quantity = (quantity or Decimal(1)).scaleb(_QUANTITIES[name])
        elif name in _BASES and base is None:
            base, size = _BASES[name]
            quantity = quantity if size == 1 else (quantity or Decimal(1)) * size
        elif name in _SIDES and side is None:
            side = _SIDES[name]
        elif _BASES.get(name or "") == (base, 1):
            continue  # `billed per second`, once more
        else:
            return Per(base, side, quantity), False
    return Per(base, side, quantity), True
