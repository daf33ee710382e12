"""Name code by its source, so that what other code made is not taken for its own."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib import import_module
from pathlib import Path

import polars as pl


def parser_version() -> str:
    """Return the version of what the rows of a page depend on."""
    return _version("transforms/parsing", "schemas")


def rules_version() -> str:
    """Return the version of what prices and cards depend on, beside the answers and settings."""
    return _version("transforms", "schemas", "pipeline/steps")


@cache
def _version(*packages: str) -> str:
    """Return a sha256 of the packages' source: no one has to think of a number to raise."""
    digest = sha256(pl.__version__.encode())
    for package in packages:
        folder = Path(import_module(package.replace("/", ".")).__file__ or "").parent
        for path in sorted(folder.rglob("*.py")):
            name = path.relative_to(folder).as_posix()
            digest.update(name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
