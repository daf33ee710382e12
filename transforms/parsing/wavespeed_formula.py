"""Read the price formula of a WaveSpeedAI model: `{"total_price": base_price * duration / 5}`.

The formulas are JSONata. Only products and quotients are read, of `base_price`, whole and decimal
numbers, and at most one quantity of a run; every other formula is refused whole. The forms are
those of WaveSpeedAI's own models as its clients publish them, like `duration / 5 * base_price`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

BASE_PRICE = "base_price"
QUANTITIES = {"duration": "second", "$length(text)": "input_character", "num_images": "image"}
"""What a formula multiplies by → the native unit that a run is then priced by."""
LONGEST_FORMULA = 200
"""Characters of a formula that is read; those with conditions are longer, and refused anyway."""
_LARGEST = 10**9
_WRAPPED = re.compile(r"""\{\s*(["'])total_price\1\s*:(?P<product>[^{}:]*)\}""")
_TOKEN = re.compile(r"\s*(?:(\d{1,9}(?:\.\d{1,9})?)(?![\w.])|(\$length\(\s*text\s*\)|[a-z_]+)|(.))")


class RunFormula(NamedTuple):
    """A run costs `base_price` × `times` / `per`, by each `native_unit` of it."""

    native_unit: str
    times: int
    per: int


def read_formula(text: str) -> RunFormula | None:
    """Return what a formula states, None where it is no product of the known quantities."""
    wrapped = _WRAPPED.fullmatch(text.strip())
    product = wrapped["product"] if wrapped else text
    if not product.strip() or len(product) > LONGEST_FORMULA:
        return None
    try:
        factor, powers, rest = _product(_tokens(product))
    except (_UnknownFormula, RecursionError):
        return None
    quantities = {name: power for name, power in powers.items() if power and name != BASE_PRICE}
    usable = 0 < factor.numerator <= _LARGEST and factor.denominator <= _LARGEST
    if rest or not usable or powers.get(BASE_PRICE) != 1 or list(quantities.values()) not in _ONE:
        return None
    unit = QUANTITIES[next(iter(quantities))] if quantities else "run"
    return RunFormula(unit, factor.numerator, factor.denominator)


class _UnknownFormula(Exception):
    """Raised at the first part of a formula that is not read."""


_ONE: tuple[list[int], ...] = ([], [1])
_Product = tuple[Fraction, dict[str, int], Sequence[str]]


def _tokens(text: str) -> list[str]:
    found = []
    for number, name, sign in _TOKEN.findall(text.strip()):
        if sign and sign not in "*/()":
            raise _UnknownFormula
        found.append(number or re.sub(r"\s", "", name) or sign)
    return found


def _product(tokens: Sequence[str]) -> _Product:
    """Read factors joined by `*` and `/`; return their value and what is left of the tokens."""
    value, powers, rest = _factor(tokens)
    while rest and rest[0] in "*/":
        sign = 1 if rest[0] == "*" else -1
        other, more, rest = _factor(rest[1:])
        if sign < 0 and other == 0:
            raise _UnknownFormula
        value *= other**sign
        for name, power in more.items():
            powers[name] = powers.get(name, 0) + sign * power
    return value, powers, rest


def _factor(tokens: Sequence[str]) -> _Product:
    if not tokens:
        raise _UnknownFormula
    first, rest = tokens[0], tokens[1:]
    if first == "(":
        value, powers, rest = _product(rest)
        if not rest or rest[0] != ")":
            raise _UnknownFormula
        return value, powers, rest[1:]
    if first[0].isdigit():
        return Fraction(first), {}, rest
    if first == BASE_PRICE or first in QUANTITIES:
        return Fraction(1), {first: 1}, rest
    raise _UnknownFormula
