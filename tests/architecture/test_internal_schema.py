"""Every statement names a relation of ours with its schema, so that it never reads another's."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from warehouse.internal_schema import FIRST_MIGRATION

CHECKOUT = Path(__file__).parents[2]
FOLDERS = ("warehouse/views", "warehouse/sql", "warehouse/migrations", "marketplace/sql")
PACKAGES = ("cli", "flows", "pipeline", "warehouse", "marketplace", "scripts", "bench")
COMMENT_OR_TEXT = re.compile(r"--[^\n]*|'(?:[^']|'')*'")
WITHOUT_SCHEMA = re.compile(r"(?<![\w.])(?<!TEMP TABLE )_ph_\w+")
READ_WITHOUT_SCHEMA = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE|TABLE|VIEW|EXISTS)\s+_ph_\w+")


def _files() -> list[Path]:
    found = [path for folder in FOLDERS for path in sorted((CHECKOUT / folder).glob("*.sql"))]
    return [path for path in found if not _is_earlier(path)]


def _is_earlier(path: Path) -> bool:
    return path.parent.name == "migrations" and int(path.name[:3]) < FIRST_MIGRATION


@pytest.mark.parametrize("path", _files(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_statement_names_our_relations_with_their_schema(path: Path) -> None:
    assert WITHOUT_SCHEMA.findall(COMMENT_OR_TEXT.sub("", path.read_text("utf-8"))) == []


def _texts(package: str) -> Iterator[tuple[str, str]]:
    for path in sorted((CHECKOUT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield f"{path}:{node.lineno}", node.value


@pytest.mark.parametrize("package", PACKAGES)
def test_a_statement_in_code_names_our_relations_with_their_schema(package: str) -> None:
    texts = _texts(package)
    assert [place for place, text in texts if READ_WITHOUT_SCHEMA.search(text)] == []
