"""The columns of a table of usage: what was called, when, and how much of each unit."""

from __future__ import annotations

QUANTITIES: dict[str, str] = {
    "input_tokens": "input_token",
    "cached_input_tokens": "cached_input_token",
    "cache_write_tokens": "cache_write_token",
    "output_tokens": "output_token",
    "reasoning_tokens": "reasoning_token",
    "images": "image",
    "megapixels": "megapixel",
    "pixels": "pixel",
    "steps": "step",
    "compute_seconds": "second_of_compute",
    "audio_seconds": "second_of_audio",
    "video_seconds": "second_of_video",
    "characters": "character",
    "runs": "run",
    "requests": "request",
}
"""Column of a quantity → the unit whose price it is multiplied with."""
PARTS = {
    "cached_input_tokens": "input_tokens",
    "cache_write_tokens": "input_tokens",
    "reasoning_tokens": "output_tokens",
}
"""Column → the column of which it counts a part."""
NAMES = ("model", "provider", "task", "tier")
"""Columns of text."""
MOMENT = "timestamp"
STATED_COST = "stated_cost"
STATED_CURRENCY = "currency"
COLUMNS = (*NAMES, MOMENT, *QUANTITIES)
SPELLINGS = {
    "model_id": "model",
    "router_model": "model",
    "inference_provider": "provider",
    "used_at": "timestamp",
    "prompt_tokens": "input_tokens",
    "completion_tokens": "output_tokens",
    "cached_tokens": "cached_input_tokens",
}
"""Other name of a column → its name; `--column` adds to them."""
RESULTS = (
    "cost",
    "currency",
    "why",
    "last_known_cost",
    "flags",
    "inference_provider",
    "offer_id",
    "valid_from",
    "valid_to",
    "publication",
    "prices",
)
"""The columns that costing adds, in this order."""
MOST_DECIMALS = 9
"""Places after the point that a quantity may have."""
MOST_UNITS = 10**15
"""The largest quantity of a row."""
