"""Committed files: no addresses of indexes, a lock with hashes, reasons beside bounds, SQL files
named by their verb."""

from __future__ import annotations

import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
LOCK = CHECKOUT / "requirements" / "lock.txt"
LARGEST_BYTES = 1_000_000
LEFT_OUT = {".git", ".venv", "build", "__pycache__", ".hypothesis"}
ADDRESS = re.compile(
    r"https?://[^\s\"'`)]*(?:/simple\b|pypi|pythonhosted|/wheels?\b|\.whl\b|\.tar\.gz\b|artifactory"
    r"|nexus|devpi|jfrog)|--(?:extra-)?index-url[= ]|--find-links|\bPIP_INDEX|\bUV_INDEX",
    re.IGNORECASE,
)
VERBS = {
    "append": ("INSERT INTO",),
    "check": ("SELECT",),
    "create": ("CREATE",),
    "match": ("SELECT",),
    "delete": ("DELETE FROM",),
    "drop": ("DROP",),
    "read": ("SELECT",),
    "replace": ("DELETE FROM", "INSERT INTO"),
    "select": ("SELECT",),
    "show": ("SELECT",),
    "update": ("UPDATE",),
    "verify": ("SELECT",),
    # migrations
    "add": ("ALTER TABLE",),
    "comment": ("COMMENT ON",),
}


@cache
def committed() -> tuple[Path, ...]:
    """Return the files that git knows; without git, all that are no work of a tool."""
    if (CHECKOUT / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, text=True, check=True
        ).stdout
        paths = [CHECKOUT / name for name in listed.split("\0") if name]
        return tuple(path for path in paths if path.is_file())
    return tuple(
        path
        for path in CHECKOUT.rglob("*")
        if path.is_file()
        and CHECKOUT / "data" not in path.parents  # the default home
        and not LEFT_OUT & set(path.relative_to(CHECKOUT).parts)
        and not any(p.endswith(("_cache", ".egg-info")) for p in path.parts)
    )


def dependency_lines() -> dict[str, str]:
    """Return requirement → the rest of its line in pyproject.toml, where the reason stands."""
    text = (CHECKOUT / "pyproject.toml").read_text("utf-8")
    project = tomllib.loads(text)["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    rests = dict(re.findall(r'^  "([^"]+)",?[ \t]*(.*)$', text, re.MULTILINE))
    return {requirement: rests[requirement] for requirement in wanted}


def test_the_files_were_found() -> None:
    assert {"README.md", "pipeline/pipeline.py", "requirements/lock.txt"} <= {
        path.relative_to(CHECKOUT).as_posix() for path in committed()
    }


def test_no_file_names_a_package_index_or_a_download() -> None:
    named = {}
    for path in committed():
        if path == Path(__file__):
            continue
        try:
            found = ADDRESS.search(path.read_text("utf-8"))
        except UnicodeDecodeError:
            continue
        if found:
            named[path.relative_to(CHECKOUT).as_posix()] = found[0]
    assert named == {}


def test_the_lock_has_hashes_for_every_requirement_and_no_address() -> None:
    text = LOCK.read_text("utf-8")
    requirements = [r for r in re.split(r"\n(?=\S)", text.strip()) if not r.startswith("#")]
    assert len(requirements) > 100
    for requirement in requirements:
        first = requirement.splitlines()[0]
        assert re.match(r"[a-z0-9][a-z0-9._-]*(\[[a-z,]+\])?==\S+", first), first
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", requirement), first
    assert "://" not in text


def test_the_lock_holds_every_dependency() -> None:
    locked = {
        name.lower().replace("_", "-")
        for name in re.findall(r"^([A-Za-z0-9._-]+)==", LOCK.read_text("utf-8"), re.MULTILINE)
    }
    wanted = {name[0] for name in (re.match(r"[\w.-]+", r) for r in dependency_lines()) if name}
    assert wanted <= locked


@pytest.mark.parametrize(("requirement", "rest"), dependency_lines().items())
def test_every_bound_is_closed_above_or_left_to_the_lock(requirement: str, rest: str) -> None:
    bounds = re.sub(r"^[\w.-]+(\[[\w,]+\])?", "", requirement)
    assert bounds == "" or "==" in bounds or "<" in bounds


def test_every_run_time_dependency_has_a_reason_beside_it() -> None:
    text = (CHECKOUT / "pyproject.toml").read_text("utf-8")
    needed = tomllib.loads(text)["project"]["dependencies"]
    assert len(needed) > 10
    assert [r for r in needed if not dependency_lines()[r].startswith("# ")] == []


def test_no_file_is_larger_than_a_megabyte() -> None:
    large = [path.name for path in committed() if path.stat().st_size > LARGEST_BYTES]
    assert large == []


SQL = [
    path
    for package in ("marketplace", "warehouse")
    for path in sorted((CHECKOUT / package).rglob("*.sql"))
    if path.parent != CHECKOUT / "warehouse" / "views"  # named after what they define
]


def test_the_sql_was_found() -> None:
    assert len(SQL) > 40


@pytest.mark.parametrize("path", SQL, ids=lambda path: path.stem)
def test_the_verb_in_a_sql_file_name_is_in_the_file(path: Path) -> None:
    verb = path.stem.lstrip("0123456789_").split("_")[0]
    code = "\n".join(re.sub(r"--.*", "", line) for line in path.read_text("utf-8").splitlines())
    assert verb in VERBS, f"{path.name} begins with an unknown verb"
    for keywords in VERBS[verb]:
        assert re.search(rf"\b{keywords}\b", code), f"{path.name} has no {keywords}"
