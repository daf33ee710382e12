"""Imports point one way, and each third-party library has one door."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

CHECKOUT = Path(__file__).parents[2]
BELOW: dict[str, set[str]] = {
    "cli": {
        "flows",
        "marketplace",
        "pipeline",
        "providers",
        "samples",
        "schemas",
        "transforms",
        "warehouse",
    },
    "flows": {"pipeline", "providers", "samples", "schemas", "transforms", "warehouse"},
    "pipeline": {"providers", "samples", "schemas", "transforms", "warehouse"},
    "marketplace": {"schemas", "warehouse"},
    "providers": {"schemas"},
    "warehouse": {"schemas"},
    "transforms": {"schemas"},
    "schemas": set(),
    "samples": set(),
}
"""Package → the packages that it may import, besides itself."""
BORDERS: dict[str, str] = {
    "prefect": "flows/",
    "click": "cli/",
    "rich": "cli/",
    "httpx": "providers/",
    "tenacity": "providers/",
    "hvac": "providers/secrets/vault",
    "requests": "providers/secrets/vault",
    "duckdb": "warehouse/",
    "zstandard": "warehouse/",
    "pandera": "schemas/",
    "fastapi": "marketplace/",
    "starlette": "marketplace/",
    "jinja2": "marketplace/",
    "vl_convert": "marketplace/",
    "uvicorn": "marketplace/server",
}
"""Library → the only place that may import it."""
OURS = {*BELOW, "bench", "scripts", "tests"}


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
    assert found >= {
        "pipeline/pipeline.py",
        "providers/http/client.py",
        "transforms/reconcile/reconcile.py",
    }
    assert found >= {"schemas/errors.py", "warehouse/connect.py", "samples/hub.py"}
    assert len(IMPORTS) > 300


@pytest.mark.parametrize("room", BELOW)
def test_a_room_imports_only_what_lies_below_it(room: str) -> None:
    allowed = BELOW[room] | {room}
    astray = [i for i in IMPORTS if i.room == room and i.package in OURS - allowed]
    assert astray == []


def test_the_marketplace_reads_the_warehouse_through_its_reader_only() -> None:
    through = {i.name for i in IMPORTS if i.room == "marketplace" and i.package == "warehouse"}
    assert {name for name in through if not name.startswith("warehouse.publication.")} <= {
        "warehouse.relations",
        "warehouse.storage.home",
    }


@pytest.mark.parametrize("library", BORDERS)
def test_a_library_has_one_door(library: str) -> None:
    users = {i.module for i in IMPORTS if i.package == library}
    assert {m for m in users if not m.startswith(BORDERS[library])} == set()


def test_transforms_touch_no_clock_network_disk_or_logger() -> None:
    outside = {"logging", "os", "random", "secrets", "socket", "subprocess", "sys", "time"}
    found = [i for i in IMPORTS if i.room == "transforms" and i.package in outside]
    assert found == []
