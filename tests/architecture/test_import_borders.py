"""Imports go down only, and each third-party library has one place."""

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
    "pipeline": {"providers", "samples", "schemas", "telemetry", "transforms", "warehouse"},
    "marketplace": {"schemas", "telemetry", "warehouse"},
    "providers": {"schemas"},
    "warehouse": {"schemas"},
    "transforms": {"schemas"},
    "schemas": set(),
    "telemetry": set(),
    "samples": set(),
}
"""Package → the packages that it may import, besides itself: those below it."""
BORDERS: dict[str, str] = {
    "prefect": "flows/",
    "sqlalchemy": "flows/server/prefect_server",
    "click": "cli/",
    "rich": "cli/",
    "httpx": "providers/",
    "socksio": "providers/",
    "tenacity": "providers/",
    "hvac": "providers/secrets/vault",
    "requests": "providers/secrets/vault",
    "apprise": "providers/alert_sender",
    "duckdb": "warehouse/",
    "zstandard": "warehouse/",
    "obstore": "warehouse/store/objects",
    "pandera": "schemas/",
    "fastapi": "marketplace/",
    "starlette": "marketplace/",
    "jinja2": "marketplace/",
    "vl_convert": "marketplace/",
    "uvicorn": "marketplace/server",
    "prometheus_client": "telemetry/",
    "opentelemetry": "telemetry/spans",
    "anyio": "marketplace/mcp/",
    "mcp": "marketplace/mcp/",
    "mcp_types": "marketplace/mcp/",
}
"""Library → the only place that may import it."""
NARROW: dict[tuple[str, str], tuple[str, ...]] = {
    ("marketplace", "warehouse"): (
        "warehouse.publication",
        "warehouse.relations",
        "warehouse.storage.home",
    ),
    ("cli", "marketplace"): (
        "marketplace.display",
        "marketplace.formats",
        "marketplace.mcp.stdio",
        "marketplace.numbers",
        "marketplace.queries",
        "marketplace.root_path",
        "marketplace.server",
    ),
}
"""(Package, imported package) → the only parts of it that it may import."""
TRANSFORMS = ("parsing", "resolve", "pricing", "gate", "history", "reconcile", "checks", "alerts")
"""Sub-packages of transforms: each may import itself and those before it."""
OURS = {*BELOW, "bench", "scripts", "tests"}


class Import(NamedTuple):
    """A module of ours, and the full name of what it imports."""

    module: str
    name: str

    @property
    def package(self) -> str:
        """The package of the module."""
        return self.module.split("/")[0]

    @property
    def imported(self) -> str:
        """The top-level name of what is imported."""
        return self.name.split(".")[0]


def modules() -> list[Path]:
    """Return every module of every package, also those in folders inside it."""
    return [path for package in BELOW for path in sorted((CHECKOUT / package).rglob("*.py"))]


def imports_of(path: Path) -> Iterator[Import]:
    """Yield every import of a module, also those inside functions."""
    module = path.relative_to(CHECKOUT).as_posix()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (Import(module, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative imports hide the package that they lead to"
            yield Import(module, node.module or "")


IMPORTS = [found for path in modules() for found in imports_of(path)]


def test_modules_were_found() -> None:
    found = {path.relative_to(CHECKOUT).as_posix() for path in modules()}
    assert found >= {
        "pipeline/pipeline.py",
        "providers/http/client.py",
        "transforms/reconcile/reconcile.py",
    }
    assert found >= {"schemas/errors.py", "warehouse/connect.py", "samples/hub.py"}
    assert len(IMPORTS) > 300


@pytest.mark.parametrize("package", BELOW)
def test_a_package_imports_only_what_is_below_it(package: str) -> None:
    allowed = BELOW[package] | {package}
    astray = [i for i in IMPORTS if i.package == package and i.imported in OURS - allowed]
    assert astray == []


@pytest.mark.parametrize("part", TRANSFORMS)
def test_a_part_of_transforms_imports_only_earlier_ones(part: str) -> None:
    later = TRANSFORMS[TRANSFORMS.index(part) + 1 :]
    own = [i for i in IMPORTS if i.module.startswith(f"transforms/{part}/")]
    assert own
    assert [
        i for i in own if i.name.startswith(tuple(f"transforms.{name}" for name in later))
    ] == []


@pytest.mark.parametrize(("package", "imported"), NARROW)
def test_a_package_imports_only_named_parts_of_another(package: str, imported: str) -> None:
    parts = NARROW[package, imported]
    names = {i.name for i in IMPORTS if i.package == package and i.imported == imported}
    astray = {n for n in names if not any(n == part or n.startswith(f"{part}.") for part in parts)}
    assert names
    assert astray == set()


def test_only_named_commands_import_the_marketplace() -> None:
    users = {i.module for i in IMPORTS if i.imported == "marketplace"} - {
        path.relative_to(CHECKOUT).as_posix() for path in (CHECKOUT / "marketplace").rglob("*.py")
    }
    assert users == {
        "cli/call.py",
        "cli/call_report.py",
        "cli/export.py",
        "cli/mcp.py",
        "cli/offer_candidates.py",
        "cli/recommend.py",
        "cli/serve.py",
    }


def test_formats_import_no_web_framework() -> None:
    found = {i.name for i in IMPORTS if i.module.startswith("marketplace/formats/")}
    ours = {name for name in found if name.split(".")[0] == "marketplace"}
    assert ours
    assert all(name.startswith(("marketplace.formats", "marketplace.statements")) for name in ours)


@pytest.mark.parametrize("library", BORDERS)
def test_a_library_is_imported_in_one_place(library: str) -> None:
    users = {i.module for i in IMPORTS if i.imported == library}
    assert {m for m in users if not m.startswith(BORDERS[library])} == set()


def test_transforms_import_no_clock_network_disk_or_logger() -> None:
    outside = {"logging", "os", "random", "secrets", "socket", "subprocess", "sys", "time"}
    found = [i for i in IMPORTS if i.package == "transforms" and i.imported in outside]
    assert found == []


def test_only_the_command_call_can_send_an_inference_call() -> None:
    adapters = {"providers/huggingface.py"}  # `run_inference` of the source
    assert {i.module for i in IMPORTS if i.name == "pipeline.call"} == {"cli/call.py"}
    routes = {i.module for i in IMPORTS if i.name == "providers.inference"}
    assert routes == adapters | {"cli/call.py"}  # the command checks the model's name with it
    callers = {
        path.relative_to(CHECKOUT).as_posix()
        for path in modules()
        if ".run_inference(" in path.read_text("utf-8")
    }
    assert callers == {"pipeline/call.py"}
