"""What the pages say is so: commands, settings, relations, queries, links, tables."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import duckdb
import pytest
from click.testing import CliRunner

from cli.demo_report import print_demo
from cli.main import EPILOG, main
from pipeline.report import Report
from providers.registry import (
    FORMER_REASONS,
    PRICE_FEED_REASONS,
    UNREAD_LIST_REASONS,
    load_registry,
)
from schemas import errors
from scripts.docs.agreement import page as agreement_page
from scripts.docs.compliance import compliance_page
from scripts.docs.coverage import coverage_page
from scripts.docs.prices import page as prices_page
from scripts.docs.reliability import OTHERS
from scripts.docs.reliability import page as reliability_page
from scripts.docs.sql_page import filled
from scripts.docs.tasks import tasks_page
from tests.support.documents import (
    CHECKOUT,
    PAGES,
    README,
    Call,
    blocks,
    calls,
    first_column,
    links,
    paths,
    section,
)
from tests.support.sample_home import ingest_sample_with_lists
from transforms.checks.feeds import COMPARED
from transforms.pricing.list_prices import ACCOUNT_REASON, ADAPTER_REASON
from warehouse.connect import open_reader
from warehouse.publication.newest import newest
from warehouse.relations import RELATIONS
from warehouse.storage.home import Home

SQL_PAGE = CHECKOUT / "docs" / "sql.md"
OPERATING = (CHECKOUT / "docs" / "operating.md").read_text("utf-8")
ROOMS = (
    "cli",
    "flows",
    "marketplace",
    "pipeline",
    "providers",
    "samples",
    "schemas",
    "transforms",
    "warehouse",
)
SETTING = re.compile(r"\b(?:PRICEHOUSE|VAULT|HF|FAL)(?:_[A-Z]+)+\b")
RECORDINGS = CHECKOUT.parent / "shared" / "recordings"
RUN_ID = re.compile(r"\d{8}T\d{12}Z-[0-9a-f]{6}|(?<=held )[0-9a-f]{16}")
MAY_BE_EMPTY = "-- may be empty"
SETTINGS = {"PRICEHOUSE_HOME"} | {feed.setting for _, feed in load_registry().feeds()}
SAID = [(page, said) for page in (README, SQL_PAGE) for said in blocks(page.read_text("utf-8"))]
QUERIES = [(page.name, said.text) for page, said in SAID if said.language == "sql"]
SCRIPTS = [(page.name, said.text) for page, said in SAID if said.language == "python"]
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Report]]:
    """A folder whose `data` is a home with both steps of the sample, and the reports."""
    root = tmp_path_factory.mktemp("docs")
    return root, ingest_sample_with_lists(root / "data")


@pytest.fixture(scope="module")
def folder(sample: tuple[Path, list[Report]]) -> Path:
    return sample[0]


def leaves(group: click.Group, prefix: str = "") -> dict[str, click.Command]:
    """Return every command by its full name, those of groups included, the groups not."""
    found: dict[str, click.Command] = {}
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found |= leaves(command, f"{prefix}{name} ")
        else:
            found[prefix + name] = command
    return found


COMMANDS = leaves(main)


def named_by(call: Call) -> str:
    """Return the full name of the command that a page calls."""
    words = [call.command, *call.arguments]
    found = {" ".join(words[: place + 1]) for place in range(len(words))} & set(COMMANDS)
    assert found, f"{call.page} calls {' '.join(words)}, which is no command"
    return max(found, key=len)


@contextlib.contextmanager
def opened(folder: Path, query: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the publication, or nothing for a query that attaches it; in the folder of the home."""
    attaches = "ATTACH 'data/marketplace.duckdb'" in query
    name = ":memory:" if attaches else "data/marketplace.duckdb"
    with contextlib.chdir(folder), duckdb.connect(name, read_only=not attaches) as con:
        con.execute("SET TimeZone = 'UTC'")
        yield con


def rows(folder: Path, query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    with opened(folder, query) as con:
        found = con.sql(query)
        return found.columns, found.fetchall()


def test_the_pages_were_found() -> None:
    assert {"README.md", "CONTRIBUTING.md", "CHANGELOG.md"} < {page.name for page in PAGES}
    assert {"design.md", "operating.md", "sql.md", "tasks.md"} < {page.name for page in PAGES}
    assert len(QUERIES) > 15
    assert len(SCRIPTS) >= 3


@each_page
def test_every_command_and_option_that_a_page_shows_exists(page: Path) -> None:
    for call in calls(page):
        known = {o for p in COMMANDS[named_by(call)].params for o in p.opts}
        assert set(call.options) <= known | {"--help"}, f"{call}"


def test_the_readme_shows_every_command_and_every_option_of_them() -> None:
    text = README.read_text("utf-8")
    assert {named_by(call) for call in calls(README)} == set(COMMANDS)
    for name, command in COMMANDS.items():
        for param in command.params:
            if isinstance(param, click.Option):
                assert any(f"`{option}`" in text for option in param.opts), (name, param.name)


@each_page
def test_every_setting_that_a_page_names_is_read_somewhere(page: Path) -> None:
    code = "".join(
        path.read_text("utf-8") for room in ROOMS for path in (CHECKOUT / room).rglob("*.py")
    )
    named = set(SETTING.findall(page.read_text("utf-8")))
    assert named <= SETTINGS | set(SETTING.findall(code))


def test_the_readme_and_the_help_name_every_setting() -> None:
    table = SETTING.findall(
        " ".join(first_column(section(README.read_text("utf-8"), "## Settings")))
    )
    assert set(table) == set(SETTING.findall(EPILOG)) >= SETTINGS


@each_page
def test_every_link_leads_to_a_file(page: Path) -> None:
    for target in links(page):
        assert target.exists(), f"{page.name} links to {target.relative_to(page.parent)}"


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "docs/design.md"])
def test_every_file_that_a_page_names_exists(name: str) -> None:
    page = CHECKOUT / name
    told_of_homes = section(README.read_text("utf-8"), "## What lies in a home")
    in_a_home = {*first_column(told_of_homes), "landing/", "published/"}
    named = [path for path in paths(page.read_text("utf-8")) if "/" in path or ".py" in path]
    assert named
    for path in named:
        outside = path in in_a_home or path.startswith("data/")
        assert outside or (CHECKOUT / path).exists(), f"{name} names {path}"


def test_the_recipes_name_what_the_code_has() -> None:
    text = (CHECKOUT / "CONTRIBUTING.md").read_text("utf-8")
    pair = re.compile(r"`([A-Za-z_]{4,})` (?:in|of) `([\w/]+\.py)`")
    named = pair.findall(text)
    assert len(named) > 10
    for name, path in named:
        code = (CHECKOUT / path).read_text("utf-8")
        assert re.search(rf"\b{name}\b", code), f"{path} has no {name}"


def test_the_table_of_relations_is_the_published_ones() -> None:
    named = first_column(section(SQL_PAGE.read_text("utf-8"), "## Relations"))
    assert [name for name in named if name in RELATIONS] == named[: len(RELATIONS)]
    assert set(named[: len(RELATIONS)]) == set(RELATIONS)


def test_the_changelog_names_every_relation_and_macro(folder: Path) -> None:
    text = (CHECKOUT / "CHANGELOG.md").read_text("utf-8")
    query = "SELECT DISTINCT function_name FROM duckdb_functions() WHERE NOT internal"
    macros = {name for (name,) in rows(folder, query)[1]}
    assert macros
    assert {name for name in (*RELATIONS, *macros) if f"`{name}`" not in text} == set()


@pytest.mark.parametrize(("page", "query"), QUERIES)
def test_every_query_runs_and_gives_rows(page: str, query: str, folder: Path) -> None:
    columns, found = rows(folder, query)
    assert columns
    assert found or MAY_BE_EMPTY in query, f"{page}: {query}"


@pytest.mark.parametrize(("page", "script"), SCRIPTS)
def test_every_python_example_runs_and_prints(page: str, script: str, folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{page}: {done.stderr}"
    assert done.stdout


def test_the_cookbook_shows_the_answers_and_the_dictionary_every_column(folder: Path) -> None:
    text = SQL_PAGE.read_text("utf-8")
    assert filled(text, newest(Home.at(folder / "data"))) == text, "python -m scripts.docs.sql_page"
    cookbook = section(text, "## Cookbook")
    assert len(re.findall(r"^### \d+\. .*\?$", cookbook, re.MULTILINE)) == 21
    assert len(blocks(cookbook, "text answer")) == 21


def test_every_query_on_a_command_line_runs(folder: Path) -> None:
    shown = [call for page in PAGES for call in calls(page) if call.command == "sql"]
    asked = [call for call in shown if any(not a.startswith("-") for a in call.arguments)]
    assert len(asked) >= 3
    for call in asked:
        # What a page writes, it writes beside the home.
        with contextlib.chdir(folder):
            done = CliRunner().invoke(
                main, ["sql", *call.arguments], env={"PRICEHOUSE_HOME": str(folder / "data")}
            )
        assert done.exit_code == 0, f"{call}: {done.output}"


def test_each_macro_has_a_plain_twin_with_the_same_rows(folder: Path) -> None:
    said = blocks(section(SQL_PAGE.read_text("utf-8"), "## Macros and their plain twins"), "sql")
    pairs = list(zip(said[::2], said[1::2], strict=True))
    query = "SELECT DISTINCT function_name FROM duckdb_functions() WHERE NOT internal"
    for (macro,) in rows(folder, query)[1]:
        assert any(f"{macro}(" in call.text for call, _ in pairs), f"{macro} has no twin"
    for call, twin in pairs:
        columns, found = rows(folder, call.text)
        assert "_ph_" not in twin.text
        twin_columns, twin_found = rows(folder, twin.text)
        assert (columns, sorted(map(repr, found))) == (
            twin_columns,
            sorted(map(repr, twin_found)),
        ), call.text


def test_a_macro_fails_loudly_where_the_publication_is_only_attached(folder: Path) -> None:
    attach = "ATTACH 'data/marketplace.duckdb' AS market (READ_ONLY);"
    with opened(folder, attach) as con:
        con.execute(attach)
        con.execute("CREATE TABLE cards AS SELECT 'mine' AS model_id")
        with pytest.raises(duckdb.CatalogException, match="_ph_"):
            con.execute("FROM market.cheapest('text')")


def test_the_reasons_why_a_price_is_missing_are_all_explained(folder: Path) -> None:
    words = section(SQL_PAGE.read_text("utf-8"), "### Words that columns use")
    listed = "\n".join(line for line in words.splitlines() if line.startswith("|"))
    query = "SELECT DISTINCT price_reason FROM cards WHERE price_reason IS NOT NULL"
    shown = {reason for (reason,) in rows(folder, query)[1]}
    known = {
        *PRICE_FEED_REASONS,
        *FORMER_REASONS,
        *UNREAD_LIST_REASONS,
        ADAPTER_REASON,
        ACCOUNT_REASON,
    }
    known |= {"deprecated_in_list", "unit_not_convertible", "listed_twice"}
    assert {reason for reason in shown | known if reason not in listed} == set()


def test_the_changes_that_are_shown_are_all_named(folder: Path) -> None:
    text = SQL_PAGE.read_text("utf-8")
    for (event,) in rows(folder, "SELECT DISTINCT event FROM changes")[1]:
        assert f"`{event}`" in text


def test_the_table_of_checks_is_the_checks_of_the_code() -> None:
    checks = "".join(
        path.read_text("utf-8") for path in (CHECKOUT / "transforms" / "checks").glob("*.py")
    )
    gate, absence, judge = (
        (CHECKOUT / "transforms" / f"{name}.py").read_text("utf-8")
        for name in ("gate/price_rules", "reconcile/absences", "gate/apply")
    )
    named = set(re.findall(r"\bname=pl\.lit\(\"(\w+)\"\)", checks))
    named |= set(re.findall(r"\"name\": \"(\w+)\"", checks))
    named |= set(re.findall(r"\.then\(pl\.lit\(\"(\w+)\"\)\)", gate))
    named |= set(re.findall(r"\bname=\"(\w+)\"", absence + judge))  # of find_drops
    named |= {f"feeds_agree_on_{fact}" for fact in COMPARED}
    assert len(named) > 5
    assert set(first_column(section(OPERATING, "## What was checked"))) == named


def test_every_error_that_a_run_may_end_with_has_its_advice() -> None:
    def below(kind: type[Exception]) -> set[str]:
        return {kind.__name__}.union(*(below(child) for child in kind.__subclasses__()))

    roots = (errors.FeedError, errors.UsageError, errors.HomeError, errors.SecretError)
    ends = set().union(*(below(root) for root in roots))
    told = {*first_column(section(OPERATING, "## When something fails"))}
    assert told == ends - {"FeedError"}


def test_the_home_holds_what_the_readme_says(folder: Path) -> None:
    told = first_column(section(README.read_text("utf-8"), "## What lies in a home"))
    there = {path.name for path in (folder / "data").iterdir()}
    assert there == {name.split("/")[0] for name in told} - {"prefect"}
    for name in told:
        assert (folder / "data" / name).exists() or name == "prefect/"
    assert Home.at(folder / "data").link.name in told


def test_the_excerpt_of_the_demo_is_what_the_demo_prints(
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


def test_the_page_of_tasks_is_made_of_the_table() -> None:
    assert (CHECKOUT / "docs" / "tasks.md").read_text("utf-8") == tasks_page()


def test_the_page_of_reliability_is_made_of_the_tests_that_it_names() -> None:
    page = (CHECKOUT / "docs" / "reliability.md").read_text("utf-8")
    assert page == reliability_page()
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page)
    assert len(named) >= len(OTHERS)
    for path, name in named:
        assert f"def {name}(" in (CHECKOUT / path).read_text("utf-8"), f"{path}::{name}"


def test_the_page_of_proofs_is_what_explain_prints() -> None:
    assert (CHECKOUT / "docs" / "prices.md").read_text("utf-8") == prices_page()


def test_the_page_of_agreement_is_what_the_two_lists_say() -> None:
    page = (CHECKOUT / "docs" / "agreement.md").read_text("utf-8")
    assert page == agreement_page()
    assert "| equal |" in page


def test_the_page_of_compliance_is_made_of_the_claims_and_promises_nothing() -> None:
    page = (CHECKOUT / "docs" / "compliance.md").read_text("utf-8")
    assert page == compliance_page()
    promised = re.compile(r"(?:gdpr|dsgvo)[ -](?:compliant|konform|ready)", re.IGNORECASE)
    for path in PAGES:
        assert not promised.search(path.read_text("utf-8")), path.name


@pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recordings are not beside the checkout")
def test_the_page_of_coverage_is_what_the_recordings_come_to() -> None:
    assert (CHECKOUT / "docs" / "coverage.md").read_text("utf-8") == coverage_page(RECORDINGS)


def test_the_comments_say_what_every_published_column_means(folder: Path) -> None:
    with open_reader(newest(Home.at(folder / "data"))) as con:
        silent = con.sql(
            "SELECT table_name, column_name FROM duckdb_columns() WHERE comment IS NULL"
            " AND NOT starts_with(table_name, '_ph_') AND NOT internal"
        ).fetchall()
    assert silent == []
