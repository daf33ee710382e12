"""JSON in which every number keeps the text that it was written with."""

from __future__ import annotations

import json
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


class Number(str):
    """A JSON number as its text: `2` stays apart from `2.0`, `0.030000000000000002` stays whole."""

    __slots__ = ()


def decode(text: str | bytes) -> Json:
    """Read JSON; each number comes back as a `Number`. ValueError when it is no JSON."""
    value: Json = json.loads(
        text, parse_int=Number, parse_float=Number, parse_constant=_refuse_constant
    )
    return value


def encode(value: Json) -> str:
    """Write JSON without white space; a `Number` is written with its own text."""
    match value:
        case Number():
            return str(value)
        case dict():
            return "{" + ",".join(f"{json.dumps(k)}:{encode(v)}" for k, v in value.items()) + "}"
        case list():
            return "[" + ",".join(encode(item) for item in value) + "]"
        case _:
            return json.dumps(value, allow_nan=False)


def _refuse_constant(name: str) -> Json:
    raise ValueError(f"{name} is no JSON number")
