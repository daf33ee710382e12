"""Break answers in small ways: parts of a JSON value dropped, doubled or replaced by others."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

JUNK: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    7,
    1.5,
    1e300,
    "",
    "x",
    "live",
    "\x00",
    "\u202e",
    "é",
    [],
    {},
    [None],
    [[]],
    {"a": 1},
    {"input": 1},
    {"input": 0, "output": 0},
    {"input": "1"},
    {"id": "o/m"},
]


@st.composite
def mutations(draw: st.DrawFn, value: Any, most: int = 5) -> Any:
    """Return a strategy of copies of a JSON value with up to `most` parts broken."""
    broken = [copy.deepcopy(value)]
    for _ in range(draw(st.integers(0, most))):
        spots = list(_spots(broken))
        container, key = spots[draw(st.integers(0, len(spots) - 1))]
        action = draw(st.sampled_from(["drop", "replace", "replace", "double"]))
        if action == "drop" and container is not broken:
            del container[key]
        elif action == "double" and isinstance(container, list) and container is not broken:
            container.append(copy.deepcopy(container[key]))
        else:
            container[key] = copy.deepcopy(draw(st.sampled_from(JUNK)))
    return broken[0]


def _spots(value: Any) -> Iterator[tuple[Any, Any]]:
    keys = range(len(value)) if isinstance(value, list) else list(value)
    for key in keys:
        yield value, key
        if isinstance(value[key], list | dict):
            yield from _spots(value[key])
