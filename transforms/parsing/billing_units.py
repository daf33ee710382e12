"""Read the name of a billing unit: `[per] [count] name`, like `1000 characters` or `per 1m tokens`.

A name is singular or plural, in any case, with spaces, `_` or `-` between its words.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NamedTuple

UNSTATED = "unstated_unit"
"""The native unit of a price beside which there is no name of a unit, at most a count."""
NAMES: dict[str, tuple[str, int]] = {
    "image": ("image", 1),
    "megapixel": ("megapixel", 1),
    "processed megapixel": ("processed_megapixel", 1),
    "pixel": ("pixel", 1),
    "video": ("video", 1),
    "video segment": ("video_segment", 1),
    "audio": ("audio", 1),
    "second": ("second", 1),
    "minute": ("minute", 1),
    "hour": ("minute", 60),
    "input second": ("input_second", 1),
    "output second": ("output_second", 1),
    "second of video": ("second_of_video", 1),
    "video second": ("second_of_video", 1),
    "minute of video": ("minute_of_video", 1),
    "video minute": ("minute_of_video", 1),
    "second of audio": ("second_of_audio", 1),
    "audio second": ("second_of_audio", 1),
    "minute of audio": ("minute_of_audio", 1),
    "audio minute": ("minute_of_audio", 1),
    "compute second": ("compute_second", 1),
    "gpu second": ("compute_second", 1),
    "character": ("input_character", 1),
    "input character": ("input_character", 1),
    "token": ("token", 1),
    "input token": ("input_token", 1),
    "output token": ("output_token", 1),
    "generation": ("generation", 1),
    "request": ("request", 1),
    "step": ("step", 1),
    "training": ("training", 1),
    "cloned voice": ("cloned_voice", 1),
    "unit": ("unit", 1),
    "credit": ("credit", 1),
}
"""A name in the singular → its native unit, and how many of that it is."""
_SCALES = {"k": 1_000, "thousand": 1_000, "m": 1_000_000, "million": 1_000_000}
_UNIT = re.compile(
    r"(?:(?:per\b|/) ?)?"
    r"(?:(?P<count>[0-9]{1,3}(?:[, ][0-9]{3}){1,3}|[0-9]{1,9}) ?"
    rf"(?P<scale>(?:{'|'.join(_SCALES)})\b)? ?)?"
    r"(?P<name>[a-z]+(?: [a-z]+)*)?"
)
_PLURAL = re.compile(r"(?<=[a-z]{3})s\b")


class BillingUnit(NamedTuple):
    """A price is for `quantity` of `native_unit`."""

    native_unit: str
    quantity: Decimal


def read_billing_unit(text: str) -> BillingUnit | None:
    """Return the native unit and quantity of a name, None where either is not known.

    A text without a name, empty or a bare count, is UNSTATED. Two forms are not read, because they
    can mean two things: a count with decimals (`1.000`), and a letter alone (`5m`).
    """
    written = " ".join(re.sub("[_-]", " ", text).casefold().split())
    if (found := _UNIT.fullmatch(written)) is None:
        return None
    count = int(re.sub("[, ]", "", found["count"] or "1")) * _SCALES.get(found["scale"], 1)
    name = _PLURAL.sub("", found["name"] or "")
    if count == 0 or (name and name not in NAMES) or (found["scale"] and not name):
        return None
    native_unit, each = NAMES[name] if name else (UNSTATED, 1)
    return BillingUnit(native_unit, Decimal(count * each))
