"""What a provider's own price list states of one of its ids, before it is joined with an offer."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from schemas.contract import MONEY, UTC_TIME, contract
from schemas.text import PRINTABLE

NATIVE_UNITS = (
    "input_token",
    "output_token",
    "cached_input_token",
    "cache_write_token",
    "reasoning_token",
    "token",
    "image",
    "image_unit",
    "megapixel",
    "processed_megapixel",
    "pixel",
    "video",
    "video_segment",
    "audio",
    "generation",
    "run",
    "request",
    "step",
    "training",
    "cloned_voice",
    "second",
    "input_second",
    "output_second",
    "minute",
    "second_of_video",
    "minute_of_video",
    "second_of_audio",
    "minute_of_audio",
    "input_character",
    "compute_second",
    "frame_unit",
    "unit",
    "credit",
    "unstated_unit",
)
"""Units of price lists; `transforms/pricing/units.json` has what each is of a task group."""

TIER = r"^(standard|flex|priority|batch|context>[1-9][0-9]{0,11}|[0-9]{3,4}p|[0-9]{1,2}k)$"
"""The tiers that a price may have; only `standard` ranks."""
NOT_OFFERED = "not_offered"
"""The reason of an additional price whose field in the list is empty or 0: there is none to buy.

A list that has no such field states nothing, and there is no row.
"""


def _text(pattern: str | None = None, *, nullable: bool = False) -> pa.Column:
    return pa.Column(
        pl.String, pa.Check.str_matches(pattern) if pattern else None, nullable=nullable
    )


QUOTES = contract(
    "quotes",
    feed=_text(),
    payload_hash=_text(),
    json_path=_text(),
    inference_provider=_text(),
    provider_model_id=_text(PRINTABLE),
    native_unit=pa.Column(pl.String, pa.Check.isin(NATIVE_UNITS), nullable=True),
    native_quantity=pa.Column(MONEY, pa.Check.gt(0)),
    raw_text=_text(nullable=True),
    factor=pa.Column(MONEY, pa.Check.gt(0)),
    times=pa.Column(pl.Int64, pa.Check.gt(0)),
    per=pa.Column(pl.Int64, pa.Check.gt(0)),
    formula_text=_text(),
    currency=_text(r"^[A-Z]{3}$"),
    scope=pa.Column(pl.String, pa.Check.isin(["public", "account"])),
    derived=pa.Column(pl.Boolean),
    problem=_text(nullable=True),
    no_price_reason=_text(nullable=True),
    tier=_text(TIER),
    video_caveat=_text(nullable=True),
    remark=_text(nullable=True),
    discount=pa.Column(MONEY, [pa.Check.ge(0), pa.Check.lt(1)]),
    until=pa.Column(UTC_TIME, nullable=True),
    evidence=_text(),
)
"""`raw_text` × `factor` is the stated number in `currency` (cents, micro-dollars), per
`native_quantity` of `native_unit`; × `times` / `per` brings it to our reference size. `discount` is
the fraction off that the list states beside the number, `until` its end (UTC, null without one).
`formula_text` writes the factor as a formula. `problem`: why the price cannot be read;
`no_price_reason`: why the row states none; `remark`: the reason of a price that counts, where it
has one. `video_caveat` goes with the formula where the price turns out to be that of a second of
video."""
