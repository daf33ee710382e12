"""Compare an entry's numbers with the amounts that its sentences state.

A list can state a number, and beside it in a sentence what the number is worth: other prices for
other sizes, or another price altogether. Such a number is no price to compare.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec

from transforms.parsing.limits import MAX_ENTRY_BYTES
from transforms.parsing.price_sentences import (
    Per,
    SentenceAmount,
    SentenceReading,
    is_unit_alone,
    normalize,
    readings_of,
)

STATED_IN_TEXT = "stated_in_words"
"""The reason of a number that the sentences beside it do not simply repeat."""
PRICE_OBJECT = "pricing"
"""The key of the object whose sentences are all about the price."""
_ROUNDING = Decimal("0.05")
"""By what share a sentence may round its number; `$0.13` beside 0.134 does by 3 %."""
_NO_PRICE = Decimal(1_000_000)
"""Dollars that are no price of anything here, like `trained for $5 million`."""
_SPELLED = re.compile(
    r"\b(?:half|quarter|third|tenths?|hundredths?|thousandths?|one|two|three|four|five|six|seven|"
    r"eight|nine|ten|twenty|thirty|forty|fifty|hundred)\b"
)
_MONEY_NAME = re.compile(r"cents?\b|dollars?\b|euros?\b|usd\b|[$¢€£¥₹元]")
PRICE_NAME = re.compile(rf"price|cost|{_MONEY_NAME.pattern}")
_FREE = re.compile(r"(?<![\w-])free(?![\w-])")
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[t ][\d:.]+(?:z|[+-][\d:]+)?)?")
_COMPARABLE: dict[tuple[str | None, str | None], frozenset[str]] = {
    ("token", None): frozenset({"input_token", "output_token", "token"}),
    ("token", "input"): frozenset({"input_token"}),
    ("token", "output"): frozenset({"output_token"}),
    ("token", "cached"): frozenset({"cached_input_token"}),
    ("character", None): frozenset({"input_character"}),
    ("character", "input"): frozenset({"input_character"}),
    ("second", None): frozenset(
        {"second", "input_second", "output_second", "compute_second", "minute"}
    ),
    ("second", "input"): frozenset({"input_second"}),
    ("second", "output"): frozenset({"output_second"}),
    ("image", None): frozenset({"image", "image_unit", "run"}),
    ("image", "output"): frozenset({"image", "image_unit", "run"}),
    ("video", None): frozenset({"video", "image_unit", "run"}),
    ("video", "output"): frozenset({"video", "image_unit", "run"}),
    ("run", None): frozenset({"run", "image", "video", "image_unit"}),
    ("megapixel", None): frozenset({"megapixel", "processed_megapixel"}),
    ("pixel", None): frozenset({"pixel"}),
    ("frame", None): frozenset({"frame_unit"}),
}
"""What a sentence counts → the native units that a number may have to be compared with it."""
_BY_THE_MILLION = frozenset(
    {"input_token", "output_token", "cached_input_token", "token", "input_character"}
)
"""Units of which a sentence that names no quantity may mean a million."""


class StatedRate(NamedTuple):
    """A number of an entry: what one `native_unit` costs."""

    native_unit: str | None
    amount: Decimal
    currency: str


def is_contradicted(entry: msgspec.Raw, rates: Sequence[StatedRate]) -> bool:
    """Return whether a text of this entry states more, or other, than these numbers.

    Each figure in a text of `pricing` has to be one of the numbers, in any unit. Of the other texts
    of the entry, only amounts of money are compared. An entry of more than MAX_ENTRY_BYTES is not
    compared, and its numbers do not count.
    """
    if len(bytes(entry)) > MAX_ENTRY_BYTES:
        return True  # too much text to compare; a real entry has some thousand bytes
    for key, value in _members(entry):
        if key == PRICE_OBJECT and isinstance(value, tuple):
            if any(_is_odd_member(name, member, rates) for name, member in value):
                return True
        elif any(_states_another_amount(normalize(text), [rates]) for text in _texts(value)):
            return True
    return False


def is_contradicted_beside(entry: msgspec.Raw, rates: Sequence[StatedRate]) -> bool:
    """Return whether a text outside `pricing` states an amount that is none of these numbers.

    As in is_contradicted, an entry with too much text is not compared.
    """
    if len(bytes(entry)) > MAX_ENTRY_BYTES:
        return True
    return any(
        _states_another_amount(normalize(text), [[rate] for rate in rates])
        for key, value in _members(entry)
        if key != PRICE_OBJECT
        for text in _texts(value)
    )


def _members(entry: msgspec.Raw) -> tuple[tuple[str, Any], ...]:
    """Return every member of an object, also of one that names a key twice; numbers become 0."""
    try:
        found = json.loads(
            bytes(entry),
            object_pairs_hook=tuple,
            parse_int=lambda _: 0,
            parse_float=lambda _: 0,
        )
    except (ValueError, RecursionError):
        return ()
    return found if isinstance(found, tuple) else ()


def _texts(value: object) -> Iterator[str]:
    """Yield the texts in a value, at any depth, keys of objects too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)


def _has_number(value: object) -> bool:
    if isinstance(value, list | tuple):
        return any(map(_has_number, value))
    return type(value) is int or (isinstance(value, str) and any(map(str.isdigit, value)))


def _is_odd_member(key: str, value: object, rates: Sequence[StatedRate]) -> bool:
    """Return whether a member of `pricing` states figures that are not the numbers."""
    if isinstance(value, str):
        return states_other_figures(normalize(value), rates)
    if not isinstance(value, list | tuple):
        return False
    # a table lists variants: none of them is the one price
    names = normalize(" ".join([key, *_texts(value)]))
    return _has_number(value) and PRICE_NAME.search(names) is not None


def states_other_figures(text: str, rates: Sequence[StatedRate]) -> bool:
    if not has_figures(text):
        return False
    readings = readings_of(text, about_price=True)
    if not readings:
        return not is_unit_alone(text)
    return not any(reading.is_whole and _agrees(reading, rates) for reading in readings)


def has_figures(text: str) -> bool:
    """Return whether a text of `pricing` states any figure; a code like `720p` is no sentence."""
    money = _MONEY_NAME.search(text) is not None
    if _FREE.search(text) or (money and _SPELLED.search(text)):
        return True
    digits = any(map(str.isdigit, text))
    sentence = money or any(mark in text.strip() for mark in " /\n\t")
    return digits and sentence and _DATE.fullmatch(text.strip()) is None


def _states_another_amount(text: str, prices: Sequence[Sequence[StatedRate]]) -> bool:
    """Return whether a text states an amount that agrees with none of the prices (its rates)."""
    if _MONEY_NAME.search(text) is None:
        return False
    readings = [
        [amount for amount in reading.amounts if amount.value < _NO_PRICE]
        for reading in readings_of(text, about_price=False)
    ]
    return bool(readings) and not any(
        all(any(_is_one_of(amount, rates) for rates in prices) for amount in amounts)
        for amounts in readings
    )


def _agrees(reading: SentenceReading, rates: Sequence[StatedRate]) -> bool:
    return all(_is_one_of(amount, rates) for amount in reading.amounts)


def _is_one_of(amount: SentenceAmount, rates: Sequence[StatedRate]) -> bool:
    """Return whether an amount is the number of each rate that counts the same thing."""
    same = [rate for rate in rates if _counts_the_same(amount.per, rate.native_unit)]
    if not same:
        return amount.per.side == "cached"  # a further price beside the numbers
    return all(_equals(amount, rate) for rate in same)


def _counts_the_same(per: Per, native_unit: str | None) -> bool:
    if per.base is None and per.side is None:
        return True
    return native_unit in _COMPARABLE.get((per.base or "token", per.side), frozenset())


def _equals(amount: SentenceAmount, rate: StatedRate) -> bool:
    if amount.currency not in {None, rate.currency}:
        return False
    in_minutes = rate.native_unit == "minute" and amount.per.base == "second"
    one = rate.amount / 60 if in_minutes else rate.amount
    quantities = [amount.per.quantity or Decimal(1)]
    if amount.per.quantity is None and rate.native_unit in _BY_THE_MILLION:
        quantities.append(Decimal(1_000_000))
    allowed = min(amount.step / 2, amount.value * _ROUNDING)
    return any(abs(one * quantity - amount.value) <= allowed for quantity in quantities)
