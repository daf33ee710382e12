"""One name for one thing, short functions, no formatting exceptions, independent tests."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
LAYERS = ("cli", "flows", "pipeline", "schemas")
"""A command, its flow, its work and its records may share a module name: cli/replay.py,
flows/replay.py, pipeline/replay.py. Inside one layer a name is unique."""
WORKING = (
    "providers",
    "transforms",
    "warehouse",
    "marketplace",
    "samples",
    "telemetry",
    "bench",
)
"""Packages among which a module name is unique."""
PAGES = "scripts"
"""Its programs are named after the pages that they write."""
PACKAGES = (*LAYERS, *WORKING, PAGES)
SHARED_MODULE_NAMES = {
    "__init__": "Python's own name",
    "errors": "providers/http and providers/secrets each map failures to the errors of schemas",
    "hub": "the Hub's list: its parser, and the sample's server of it",
    "catalog": "the Hub's list: how it is resolved, and the sample's copy",
    "offers": "offers of a run, and the query for them",
    "routes": "routes of the API, of the pages and of the sample's server",
    "statements": "the warehouse and the marketplace each read their own SQL files",
}
"""Module name → why several modules may have it."""
API_MODELS = "marketplace/api/models/"
"""The names of its classes are published: /openapi.json has them. They are unique among themselves,
and may be those of the records that they show."""
LONGEST_LINES = 60
MOST_PARAMETERS = 6
LONGEST_TEST_NAME = 80
FRAMEWORK = {"command", "get", "post", "flow", "task", "fixture"}
"""Decorators of click, FastAPI and Prefect: each parameter is an option or a query parameter."""
Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def modules(*folders: str) -> tuple[Path, ...]:
    """Return the modules of some folders of the checkout."""
    return tuple(path for folder in folders for path in sorted((CHECKOUT / folder).rglob("*.py")))


@cache
def tree_of(path: Path) -> ast.Module:
    """Return a module's syntax tree."""
    return ast.parse(path.read_text("utf-8"))


def place_of(path: Path) -> str:
    """Return a module's path in the checkout."""
    return path.relative_to(CHECKOUT).as_posix()


def functions(path: Path) -> Iterator[Function]:
    """Yield every function and method of a module."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, Function):
            yield node


def has_reason(path: Path, function: Function) -> bool:
    """Return whether a comment is above the function or in its signature."""
    first = min([function.lineno, *(d.lineno for d in function.decorator_list)]) - 1
    last = function.body[0].lineno
    lines = path.read_text("utf-8").splitlines()[max(first - 1, 0) : last]
    return any(re.search(r"# (?!noqa|type:)\w+ \w+", line) for line in lines)


def is_of_a_framework(function: Function) -> bool:
    """Return whether click, FastAPI or Prefect calls the function with named values."""
    names = set()
    for decorator in function.decorator_list:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(target, ast.Attribute):
            names.add(target.attr)
        elif isinstance(target, ast.Name):
            names.add(target.id)
    return bool(names & FRAMEWORK)


def count_parameters(function: Function) -> int:
    """Return how many parameters a caller may pass, without self and cls."""
    arguments = function.args
    names = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return len([name for name in names if name not in {"self", "cls"}])


def test_modules_were_found() -> None:
    assert len(modules(*PACKAGES)) > 150
    assert len(modules("tests")) > 100


def test_no_code_takes_the_first_source_or_feed() -> None:
    first = re.compile(r"\b(sources|feeds)(\(\))?\[0\]|next\(iter\((\w+\.)*(sources|feeds)\b")
    found = [place_of(p) for p in modules(*PACKAGES) if first.search(p.read_text("utf-8"))]
    assert found == [], "the order of the registry has no meaning"


def test_a_class_name_is_unique() -> None:
    places = defaultdict(list)
    for path in modules(*PACKAGES, "tests"):
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.ClassDef):
                published = place_of(path).startswith(API_MODELS)
                places[node.name.lstrip("_"), published].append(place_of(path))
    assert {name: found for (name, _), found in places.items() if len(found) > 1} == {}


def test_a_module_name_is_unique() -> None:
    places = defaultdict(list)
    for path in modules(*PACKAGES):
        places[path.stem].append(place_of(path))
    twice = {}
    for name, found in places.items():
        packages = [place.split("/")[0] for place in found]
        working = [package for package in packages if package in WORKING]
        once_a_layer = all(packages.count(layer) <= 1 for layer in (*LAYERS, PAGES))
        if not (name in SHARED_MODULE_NAMES or (len(working) <= 1 and once_a_layer)):
            twice[name] = found
    assert twice == {}


def test_a_long_function_has_a_reason() -> None:
    long = {
        f"{place_of(path)}:{function.name}": lines
        for path in modules(*PACKAGES)
        for function in functions(path)
        if (lines := (function.end_lineno or 0) - function.lineno + 1) > LONGEST_LINES
        and not has_reason(path, function)
    }
    assert long == {}


def test_a_function_with_many_parameters_has_a_reason() -> None:
    many = {
        f"{place_of(path)}:{function.name}": count
        for path in modules(*PACKAGES)
        for function in functions(path)
        if (count := count_parameters(function)) > MOST_PARAMETERS
        and not is_of_a_framework(function)
        and not has_reason(path, function)
    }
    assert many == {}


def test_no_line_is_excepted_from_formatting() -> None:
    mark = "# fmt:"
    excepted = [
        place_of(path)
        for path in modules(*PACKAGES, "tests")
        if mark in path.read_text("utf-8") and path != Path(__file__)
    ]
    assert excepted == []


def test_no_test_module_imports_another() -> None:
    imported = {}
    for path in modules("tests"):
        for node in ast.walk(tree_of(path)):
            names = []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or "", *(f"{node.module}.{a.name}" for a in node.names)]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            found = [name for name in names if re.match(r"tests\.(?:\w+\.)*test_", name)]
            if found:
                imported[place_of(path)] = found[0]
    assert imported == {}


def test_a_test_name_has_at_most_80_characters() -> None:
    long = [
        f"{place_of(path)}:{function.name}"
        for path in modules("tests")
        for function in functions(path)
        if function.name.startswith("test_") and len(function.name) > LONGEST_TEST_NAME
    ]
    assert long == []
