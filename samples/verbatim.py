"""Read and write JSON in which every number keeps its original text."""

from __future__ import annotations

import json
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Record: TypeAlias = "dict[str, Json]"


class Number(str):
    """The text of a JSON number: `2` differs from `2.0`, `0.030000000000000002` stays whole."""

    __slots__ = ()


def decode(text: str | bytes) -> Json:
    """Parse JSON with each number as a `Number`; ValueError when the text is not JSON."""
    value: Json = json.loads(
        text, parse_int=Number, parse_float=Number, parse_constant=_refuse_constant
    )
    return value


def encode(value: Json) -> str:
    """Write JSON without white space; a `Number` is written as its own text."""
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
    raise ValueError(f"{name} is not a JSON number")
