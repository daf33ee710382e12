"""No identifier holds a retired word: modules, functions, classes, variables, SQL files, CTEs."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
PACKAGES = (
    "bench",
    "cli",
    "flows",
    "marketplace",
    "pipeline",
    "providers",
    "samples",
    "schemas",
    "scripts",
    "tests",
    "transforms",
    "warehouse",
)
RETIRED_PARTS = {
    *("tell", "tells", "told", "telling", "retell", "retold"),
    *("say", "says", "said", "saying", "hear", "hears", "heard"),
    *("word", "words", "shown", "standing", "silent", "silence", "former", "unread"),
    *("shelf", "book", "judge", "judged", "judges", "unbelieved", "dressed", "onward"),
    *("ask", "asks", "asked", "asking", "swept", "strange"),
    *("plainly", "drafting", "broom", "sweep", "dearest", "nowhere", "nobody"),
}
"""Words that name everything and nothing: parsed, reported, loaded, sent, kept, refused."""
RETIRED_NAMES = {
    *("way_back", "stated_by", "take_place", "land_feeds", "split_rows", "judge_hour"),
    *("Answered", "Statements", "Split", "Memory", "Wire", "Ask", "Pacer", "examine"),
    *("InferenceStrange", "InferenceBroken", "InferenceUnpaid", "Told", "Heard", "Judged"),
    *("off_rest", "TOLD_CLAIMS"),
}
"""Whole names that others replaced."""
ALLOWED = {
    "marketplace/api/models/offer_models.py:dearest": "a field of /v1/models/{model_id}",
    "marketplace/api/models/proof_models.py:shown": "a field of /v1/offers/{offer_id}",
    "marketplace/api/models/proof_models.py:standing": "a field of /v1/offers/{offer_id}",
}
"""`path:name` or `name` → why it stays: a published JSON name or a database column."""
UNCHANGED = (CHECKOUT / "warehouse" / "migrations",)
"""Migrations that ran are never edited."""
REMEDY_PHRASE = re.compile(r"ways?_back", re.IGNORECASE)
CTE = re.compile(
    r"\b(\w+)\s*(?:\([^()]*\))?\s+AS\s+(?:NOT\s+)?(?:MATERIALIZED\s+)?\(", re.IGNORECASE
)


def parts_of(name: str) -> set[str]:
    """Return the words of an identifier, in lower case: `read_toldRows` has read, told, rows."""
    return {part.lower() for part in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


def is_retired(name: str) -> bool:
    """Return whether a name is retired, or holds a retired word."""
    return (
        name in RETIRED_NAMES
        or bool(parts_of(name) & RETIRED_PARTS)
        or bool(REMEDY_PHRASE.search(name))
    )


def identifiers(path: Path) -> Iterator[str]:
    """Yield what a module names itself: its file, definitions, parameters, variables, keywords."""
    yield path.stem
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.ClassDef(name=name):
                yield name
            case ast.arg(arg=name):
                yield name
            case ast.Name(id=name, ctx=ast.Store()):
                yield name
            case ast.Attribute(attr=name, ctx=ast.Store()):
                yield name
            case ast.keyword(arg=str(name)):
                yield name
            case ast.alias(asname=str(name)):
                yield name
            case _:
                pass


def sql_identifiers(path: Path) -> Iterator[str]:
    """Yield the file's name and its CTEs."""
    yield path.stem
    text = "\n".join(re.sub(r"--.*", "", line) for line in path.read_text("utf-8").splitlines())
    yield from CTE.findall(text)


def retired_in(package: str) -> dict[str, list[str]]:
    """Return place → the retired names in it."""
    found = defaultdict(set)
    for path in sorted((CHECKOUT / package).rglob("*")):
        if any(folder in path.parents for folder in UNCHANGED):
            continue
        place = path.relative_to(CHECKOUT).as_posix()
        names: Iterator[str] = iter(())
        if path.suffix == ".py":
            names = identifiers(path)
        elif path.suffix == ".sql":
            names = sql_identifiers(path)
        for name in names:
            if is_retired(name) and not {name, f"{place}:{name}"} & set(ALLOWED):
                found[place].add(name)
    return {place: sorted(names) for place, names in found.items()}


@pytest.mark.parametrize(
    ("name", "retired"),
    [
        ("told", True),
        ("readTold", True),
        ("other_said", True),
        ("ways_back", True),
        ("way_back", True),
        ("password", False),
        ("foretold", False),
        ("essay", False),
        ("bookkeeping", False),
        ("stated", False),
    ],
)
def test_a_retired_term_is_found_as_a_part_of_a_name(name: str, retired: bool) -> None:
    assert is_retired(name) is retired


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_has_no_retired_term(package: str) -> None:
    assert retired_in(package) == {}
