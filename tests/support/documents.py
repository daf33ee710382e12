"""Read the project's pages: fenced blocks, tables, commands, links."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

CHECKOUT = Path(__file__).parents[2]
PACKAGES = (
    "cli",
    "flows",
    "marketplace",
    "pipeline",
    "providers",
    "samples",
    "schemas",
    "telemetry",
    "transforms",
    "warehouse",
)
"""The packages that are installed."""
README = CHECKOUT / "README.md"
REFERENCE = CHECKOUT / "docs" / "reference.md"
PAGES = [
    *(CHECKOUT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((CHECKOUT / "docs").glob("*.md")),
]
_FENCE = re.compile(r"^( *)```([^\n]*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_CALL = re.compile(r"(?:^|[\s/])pricehouse(?= )([^|&;>#]*)")
_TAKES_A_VALUE = {"--home"}
"""Options before the command that have a value."""


class Block(NamedTuple):
    """A fenced block: the word after the fence, and the text."""

    language: str
    text: str


@dataclass(frozen=True)
class Call:
    """`pricehouse [OPTION…] COMMAND …` as a page shows it."""

    page: str
    command: str
    arguments: list[str]
    before: list[str]
    """The options before the command, with their values."""

    @property
    def options(self) -> list[str]:
        """The options of the command, without values."""
        return [a.partition("=")[0] for a in self.arguments if a.startswith("-")]

    @property
    def global_options(self) -> list[str]:
        """The options before the command, without values."""
        return [a.partition("=")[0] for a in self.before if a.startswith("-")]


def blocks(text: str, language: str | None = None) -> list[Block]:
    """Return the fenced blocks, all or those of a language."""
    found = [Block(match[2].strip(), match[3]) for match in _FENCE.finditer(text)]
    return [block for block in found if language in (None, block.language)]


def section(text: str, heading: str) -> str:
    """Return the text under a heading, up to the next heading of its level."""
    level = heading.split(" ")[0]
    start = text.index(f"\n{heading}\n") + len(heading) + 2
    end = re.search(rf"^#{{1,{len(level)}}} ", text[start:], re.MULTILINE)
    return text[start : start + end.start()] if end else text[start:]


def first_column(text: str) -> list[str]:
    """Return the first cell of each row of the tables in a text, without backticks."""
    rows = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("|")]
    tables = [i for i, cell in enumerate(rows) if set(cell) <= {"-"}]
    return [c.strip("`") for i, c in enumerate(rows) if i not in tables and i + 1 not in tables]


def links(page: Path) -> list[Path]:
    """Return the files of this project that a page links to."""
    found = [link.partition("#")[0] for link in _LINK.findall(page.read_text("utf-8"))]
    return [page.parent / link for link in found if link and "://" not in link]


def paths(text: str) -> list[str]:
    """Return the code spans that name a file or folder of this project."""
    return [s for s in _SPAN.findall(text) if re.fullmatch(r"[\w.]+(/[\w.]+)*(/|\.\w+)", s)]


def references(text: str) -> list[tuple[str, str]]:
    """Return (path, name) of the code spans that name something in a file: `path.py:name`."""
    found = (re.fullmatch(r"([\w/]+\.\w+):(\w+(?:\.\w+)?)", span) for span in _SPAN.findall(text))
    return [(match[1], match[2]) for match in found if match]


def calls(page: Path) -> Iterator[Call]:
    """Find every call of our command in the code spans and blocks of a page."""
    text = page.read_text("utf-8")
    code = [line for block in blocks(text) for line in block.text.splitlines()]
    code += _SPAN.findall(_FENCE.sub("", text))
    for line in code:
        for match in _CALL.finditer(line):
            parts = shlex.split(match[1])
            before: list[str] = []
            while parts and parts[0].startswith("-"):
                takes = 2 if parts[0] in _TAKES_A_VALUE else 1
                before, parts = before + parts[:takes], parts[takes:]
            command, *arguments = parts or [""]
            yield Call(page.name, command, arguments, before)
