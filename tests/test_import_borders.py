"""Imports point one way, and each third-party library has one door."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

CHECKOUT = Path(__file__).parents[1]
BELOW: dict[str, set[str]] = {
    "flows": {"marketplace", "providers", "samples", "schemas", "transforms", "warehouse"},
    "marketplace": {"schemas", "warehouse"},
    "providers": {"schemas"},
    "warehouse": {"schemas"},
    "transforms": {"schemas"},
    "schemas": set(),
    "samples": set(),
}
"""Room → the rooms that it may import, besides itself."""
DOORS: dict[str, str] = {
    "prefect": "flows/",
    "click": "flows/",
    "rich": "flows/",
    "httpx": "providers/",
    "stamina": "providers/",
    "hvac": "providers/vault",
    "requests": "providers/vault",
    "duckdb": "warehouse/",
    "zstandard": "warehouse/",
    "pandera": "schemas/",
    "fastapi": "marketplace/",
    "starlette": "marketplace/",
    "jinja2": "marketplace/",
    "vl_convert": "marketplace/",
    "uvicorn": "flows/serve",
}
"""Library → where alone it may be imported."""
OURS = {*BELOW, "bench", "docs", "tests"}


class Import(NamedTuple):
    """A module of ours, and the full name of what it imports."""

    module: str
    name: str

    @property
    def room(self) -> str:
        """The room of the module."""
        return self.module.split("/")[0]

    @property
    def package(self) -> str:
        """The top-level name of what is imported."""
        return self.name.split(".")[0]


def modules() -> list[Path]:
    """Return every module of every room, also those in folders inside it."""
    return [path for room in BELOW for path in sorted((CHECKOUT / room).rglob("*.py"))]


def imports_of(path: Path) -> Iterator[Import]:
    """Yield every import, wherever in the module it stands."""
    module = path.relative_to(CHECKOUT).as_posix()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (Import(module, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative imports hide the room they lead to"
            yield Import(module, node.module or "")


IMPORTS = [found for path in modules() for found in imports_of(path)]


def test_the_modules_were_found() -> None:
    found = {path.relative_to(CHECKOUT).as_posix() for path in modules()}
    assert found >= {"flows/hour.py", "providers/http.py", "transforms/advance.py"}
    assert found >= {"schemas/errors.py", "warehouse/connect.py", "samples/hub.py"}
    assert len(IMPORTS) > 300


@pytest.mark.parametrize("room", BELOW)
def test_a_room_imports_only_what_lies_below_it(room: str) -> None:
    allowed = BELOW[room] | {room}
    astray = [i for i in IMPORTS if i.room == room and i.package in OURS - allowed]
    assert astray == []


def test_the_marketplace_reads_the_warehouse_through_its_reader_only() -> None:
    through = {i.name for i in IMPORTS if i.room == "marketplace" and i.package == "warehouse"}
    assert through <= {"warehouse.read"}


@pytest.mark.parametrize("library", DOORS)
def test_a_library_has_one_door(library: str) -> None:
    users = {i.module for i in IMPORTS if i.package == library}
    assert {m for m in users if not m.startswith(DOORS[library])} == set()


def test_transforms_touch_no_clock_network_disk_or_logger() -> None:
    outside = {"logging", "os", "random", "secrets", "socket", "subprocess", "sys", "time"}
    found = [i for i in IMPORTS if i.room == "transforms" and i.package in outside]
    assert found == []
