"""README, reference, recipes and operating page: commands, settings, files, links, tables."""

from __future__ import annotations

import ast
import contextlib
import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from cli.demo_report import print_demo
from cli.main import main
from pipeline.report import Report
from providers.registry import load_registry
from schemas import errors
from tests.support.documents import (
    CHECKOUT,
    PACKAGES,
    PAGES,
    README,
    REFERENCE,
    Call,
    blocks,
    calls,
    first_column,
    links,
    paths,
    references,
    section,
)
from transforms.checks import CHECKS
from warehouse.publication.newest import newest
from warehouse.storage.home import Home

ARCHITECTURE = CHECKOUT / "docs" / "architecture.md"
GLOSSARY = CHECKOUT / "docs" / "glossary.md"
OPERATING = (CHECKOUT / "docs" / "operating.md").read_text("utf-8")
SETTING = re.compile(r"\b(?:PRICEHOUSE|VAULT|HF|FAL)(?:_[A-Z]+)+\b")
RUN_ID = re.compile(r"\d{8}T\d{12}Z-[0-9a-f]{6}|(?<=held )[0-9a-f]{16}")
SETTINGS = {"PRICEHOUSE_HOME"}.union(*(feed.settings for _, feed in load_registry().feeds()))
NAME_IN_FILE = re.compile(r"`([A-Za-z_]{4,})` (?:in|of) `([\w/]+\.(?:py|sql|json))`")
OUTSIDE = ("data/", "landing/", "published/", "recorded-hour/")
"""Paths in a home or in a working folder, which the checkout does not have."""
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def leaves(group: click.Group, prefix: str = "") -> dict[str, click.Command]:
    """Return every command by its full name, with those of groups, and groups that do something."""
    found: dict[str, click.Command] = {}
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group) and command.invoke_without_command:
            found[prefix + name] = command
        if isinstance(command, click.Group):
            found |= leaves(command, f"{prefix}{name} ")
        elif command is not None:
            found[prefix + name] = command
    return found


COMMANDS = leaves(main)


def called_command(call: Call) -> str:
    """Return the full name of the command that a page calls."""
    parts = [call.command, *call.arguments]
    found = {" ".join(parts[: place + 1]) for place in range(len(parts))} & set(COMMANDS)
    assert found, f"{call.page} calls {' '.join(parts)}, which is no command"
    return max(found, key=len)


def options_of(command: click.Command) -> set[str]:
    """Return every name of the options of a command."""
    return {option for param in command.params for option in param.opts} | {"--help"}


def anchors(page: Path) -> list[tuple[Path, str]]:
    """Return the (page, anchor) of the links on a page that lead to a heading of our pages."""
    found = re.findall(r"\]\((?!https?:)([^)\s#]*)#([^)\s]+)\)", page.read_text("utf-8"))
    return [(page.parent / path if path else page, anchor) for path, anchor in found]


def heading_anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings: lower case, hyphens, no other punctuation."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", text).lower().replace(" ", "-") for text in headings}


def defined_names(path: Path) -> set[str]:
    """Return what a module defines: functions, classes, `Class.method`, constants."""
    names: set[str] = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            names |= {
                f"{node.name}.{part.name}"
                for part in node.body
                if isinstance(part, ast.FunctionDef)
            }
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return names


def test_pages_were_found() -> None:
    assert {"README.md", "CONTRIBUTING.md", "CHANGELOG.md"} < {page.name for page in PAGES}
    assert {"design.md", "operating.md", "sql.md", "tasks.md"} < {page.name for page in PAGES}


@each_page
def test_every_command_and_option_on_a_page_exists(page: Path) -> None:
    for call in calls(page):
        assert set(call.global_options) <= options_of(main), f"{call}"
        assert set(call.options) <= options_of(COMMANDS[called_command(call)]), f"{call}"


def test_reference_lists_every_command_and_option() -> None:
    text = REFERENCE.read_text("utf-8")
    assert {called_command(call) for call in calls(REFERENCE)} == set(COMMANDS)
    for name, command in COMMANDS.items():
        for param in command.params:
            if isinstance(param, click.Option):
                assert any(f"`{option}`" in text for option in param.opts), (name, param.name)


@each_page
def test_every_setting_on_a_page_is_read_by_the_code(page: Path) -> None:
    code = "".join(
        path.read_text("utf-8")
        for package in PACKAGES
        for path in (CHECKOUT / package).rglob("*.py")
    )
    named = set(SETTING.findall(page.read_text("utf-8")))
    assert named <= SETTINGS | set(SETTING.findall(code))


def test_reference_and_help_list_every_setting() -> None:
    table = section(REFERENCE.read_text("utf-8"), "## Settings")
    listed = set(SETTING.findall(" ".join(first_column(table))))
    helped = CliRunner().invoke(main, ["--help"]).output
    assert listed == set(SETTING.findall(helped)) >= SETTINGS


@each_page
def test_every_link_leads_to_a_file(page: Path) -> None:
    for target in links(page):
        assert target.exists(), f"{page.name} links to {target.relative_to(page.parent)}"


@each_page
def test_every_anchor_in_a_link_is_a_heading(page: Path) -> None:
    for target, anchor in anchors(page):
        assert anchor in heading_anchors(target), f"{page.name} links to {target.name}#{anchor}"


@pytest.mark.parametrize(
    "name",
    ["README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/design.md", "docs/glossary.md"],
)
def test_every_file_on_a_page_exists(name: str) -> None:
    in_a_home = first_column(section(REFERENCE.read_text("utf-8"), "## Directory layout"))
    text = (CHECKOUT / name).read_text("utf-8")
    named = [path for path in paths(text) if "/" in path or ".py" in path]
    assert named
    for path in named:
        outside = path in in_a_home or path.startswith(OUTSIDE)
        assert outside or (CHECKOUT / path).exists(), f"{name} names {path}"


@each_page
def test_every_name_in_a_module_on_a_page_exists(page: Path) -> None:
    for path, name in references(page.read_text("utf-8")):
        assert (CHECKOUT / path).is_file(), f"{page.name} names {path}"
        if path.endswith(".py"):
            assert name in defined_names(CHECKOUT / path), f"{page.name}: {path} has no {name}"
        else:
            assert re.search(rf"\b{name}\b", (CHECKOUT / path).read_text("utf-8")), (
                f"{path}: {name}"
            )


def test_architecture_page_follows_two_answers_through_no_module_twice() -> None:
    text = ARCHITECTURE.read_text("utf-8")
    for heading in (
        "## A router answer, from bytes to card",
        "## A price list, from bytes to card",
    ):
        visited = [path for path, _ in references(section(text, heading))]
        assert len(visited) > 10
        assert sorted(visited) == sorted(set(visited)), f"{heading} visits a module twice"


def test_every_term_of_the_glossary_has_a_place() -> None:
    rows = [line.split("|") for line in GLOSSARY.read_text("utf-8").splitlines() if line[:1] == "|"]
    terms = [row for row in rows[2:] if len(row) > 3]
    assert len(terms) > 50
    names = [row[1].strip() for row in terms]
    assert names == sorted(set(names), key=str.casefold), "terms are sorted and stand once"
    for row in terms:
        assert paths(row[3]) + references(row[3]), f"{row[1]} names no place"


@each_page
def test_every_name_beside_its_file_exists(page: Path) -> None:
    named = NAME_IN_FILE.findall(page.read_text("utf-8"))
    for name, path in named:
        code = (CHECKOUT / path).read_text("utf-8")
        assert re.search(rf"\b{name}\b", code), f"{page.name}: {path} has no {name}"
    assert len(named) > 10 or page.name != "CONTRIBUTING.md"


def test_pages_list_the_steps_of_a_run_in_their_order() -> None:
    code = (CHECKOUT / "pipeline" / "pipeline.py").read_text("utf-8")
    steps = set(re.findall(r"step\((\w+)\)", code))
    assert len(steps) > 9
    architecture = section(ARCHITECTURE.read_text("utf-8"), "## The steps of a run")
    in_order = first_column(architecture)
    assert set(in_order) == steps - {"fail_run"}
    prefect = (CHECKOUT / "docs" / "prefect.md").read_text("utf-8")
    (sentence,) = re.findall(r"^Each step of a run is a task .*$", prefect, re.MULTILINE)
    assert re.findall(r"`(\w+_\w+)`", sentence) == [*in_order, "fail_run", "price_rows"]


def test_every_query_on_a_command_line_runs(folder: Path) -> None:
    sql_calls = [call for page in PAGES for call in calls(page) if call.command == "sql"]
    with_query = [call for call in sql_calls if any(not a.startswith("-") for a in call.arguments)]
    assert len(with_query) >= 3
    for call in with_query:
        # What a page writes, it writes beside the home.
        with contextlib.chdir(folder):
            done = CliRunner().invoke(
                main, ["sql", *call.arguments], env={"PRICEHOUSE_HOME": str(folder / "data")}
            )
        assert done.exit_code == 0, f"{call}: {done.output}"


def test_operating_page_lists_every_check() -> None:
    named = {check.name for check in CHECKS}
    assert len(named) > 5
    assert set(first_column(section(OPERATING, "## Checks"))) == named


def test_operating_page_advises_on_every_error() -> None:
    def below(kind: type[Exception]) -> set[str]:
        return {kind.__name__}.union(*(below(child) for child in kind.__subclasses__()))

    ours = (errors.FeedError, errors.UsageError, errors.HomeError)
    roots = (*ours, errors.SecretError, errors.StoreError)
    ends = set().union(*(below(root) for root in roots))
    advice = {*first_column(section(OPERATING, "## Errors"))}
    assert advice == ends - {"FeedError"}


def test_reference_lists_the_files_of_a_home(folder: Path) -> None:
    names = first_column(section(REFERENCE.read_text("utf-8"), "## Directory layout"))
    there = {path.name for path in (folder / "data").iterdir()}
    assert there == {name.split("/")[0] for name in names} - {"prefect", "parsed", "metrics"}
    for name in names:
        assert (folder / "data" / name).exists() or name in {"prefect/", "parsed/", "metrics/"}
    assert Home.at(folder / "data").link.name in names


def test_demo_excerpt_matches_the_output_of_the_demo(
    sample: tuple[Path, list[Report]], capsys: pytest.CaptureFixture[str]
) -> None:
    root, reports = sample
    print_demo(reports, newest(Home.at(root / "data")), home=Path("data/demo"))
    printed = [RUN_ID.sub("RUN", line.rstrip()) for line in capsys.readouterr().out.splitlines()]
    (excerpt,) = blocks(README.read_text("utf-8"), "text demo")
    lines = [RUN_ID.sub("RUN", line) for line in excerpt.text.splitlines()]
    place = 0
    for number, line in enumerate(lines):
        if line in ("", "…"):
            continue
        place = printed.index(line, place) + 1
        follows = number + 1 < len(lines) and lines[number + 1] not in ("", "…")
        assert not follows or printed[place] == lines[number + 1], "a line is left out without …"
