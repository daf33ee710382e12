"""Convert a price list's units to those of an offer's task group, by the table units.json."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

ANY = "*"
SLOTS = {
    "text": "input_token",
    "embedding": "input_token",
    "image": "image",
    "audio": "second_of_audio",
    "video": "second_of_video",
}
"""Task group → the unit of a price that could not be read."""
NO_UNIT = "request"


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`unit` costs `times` / `per` of the native unit; `because` makes it a derived price."""

    native_unit: str
    task_group: str
    unit: str
    times: int = 1
    per: int = 1
    because: str | None = None


RULES: dict[tuple[str, str], Rule] = {
    (rule.native_unit, rule.task_group): rule
    for rule in msgspec.convert(
        json.loads(Path(__file__).with_name("units.json").read_text("utf-8")), type=list[Rule]
    )
}


def rule_for(native_unit: str | None, task_group: str) -> Rule | None:
    """Return the rule of a unit in a task group, None where it cannot be converted."""
    if native_unit is None:
        return None
    return RULES.get((native_unit, task_group)) or RULES.get((native_unit, ANY))
