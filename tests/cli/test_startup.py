"""A command answers at once: what it does not need is not imported."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest

from cli.epilog import epilog
from cli.main import ENTRIES, main
from providers.registry import load_registry
from samples.hub import serve
from tests.support.command import environment
from tests.support.hours import Clock, ingest, small_catalog

NEVER = {
    "fastapi",
    "httpx",
    "hvac",
    "mcp",
    "mcp_types",
    "pandera",
    "polars",
    "prefect",
    "pyarrow",
    "tenacity",
    "vl_convert",
}
"""Libraries that none of these commands needs."""
LIST_MODULES = """
import json, sys
from cli.main import main
try:
    main(sys.argv[1:])
finally:
    print()
    print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("startup") / "home"
    with serve(small_catalog()) as hub:
        ingest(home, hub, clock=Clock())
    return home


@pytest.mark.parametrize(
    ("arguments", "unneeded"),
    [
        (["--help"], {"duckdb", "msgspec", "pydantic", "rich", "zstandard"}),
        (["--version"], {"duckdb", "msgspec", "pydantic", "rich", "zstandard"}),
        (["status"], set()),
        (["status", "--json"], {"rich"}),
        (["sql", "SELECT 1"], {"rich", "zstandard"}),
        (["sql", "--json", "SELECT * FROM cards"], {"rich", "zstandard"}),
    ],
    ids=lambda value: " ".join(sorted(value) if isinstance(value, set) else value),
)
def test_command_does_not_import_what_it_does_not_need(
    arguments: list[str], unneeded: set[str], home: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIST_MODULES, *arguments],
        env=environment(home),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    imported = set(json.loads(done.stdout.splitlines()[-1]))
    assert "click" in imported
    assert imported & (NEVER | unneeded) == set()


@pytest.mark.parametrize("name", ENTRIES)
def test_listed_short_help_is_that_of_the_command(name: str) -> None:
    command = main.commands[name]
    assert command.name == name
    assert ENTRIES[name].short_help == command.get_short_help_str(limit=200)


def test_help_lists_every_command_on_one_line() -> None:
    context = click.Context(main, terminal_width=80, max_content_width=80)
    lines = main.get_help(context).splitlines()
    for name, entry in ENTRIES.items():
        assert any(line.split() == [name, *entry.short_help.split()] for line in lines), name


def test_epilog_agrees_with_the_registry() -> None:
    feeds = [feed for _, feed in load_registry().feeds()]
    settings = {feed.feed: feed.setting for feed in feeds}
    lines = epilog().splitlines()
    for feed in feeds:
        (line,) = [line for line in lines if line.split()[:1] == [feed.setting]]
        assert f" {feed.feed}, " in line
        default = settings[feed.compares] if feed.compares else str(feed.base_url).rstrip("/")
        assert line.endswith(f"(default {default})")
    off = next(number for number, line in enumerate(lines) if "off by default" in line) + 1
    assert lines[off].strip() == ", ".join(feed.feed for feed in feeds if not feed.enabled)


def test_unknown_command_names_a_similar_one(home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "statsu"],
        env=environment(home),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "status" in done.stderr
