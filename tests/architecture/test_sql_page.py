"""docs/sql.md and every SQL and Python example of the pages, run on the sample's publication."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from providers.registry import (
    EARLIER_REASONS,
    MISSING_LIST_REASONS,
    PRICE_FEED_REASONS,
)
from scripts.docs.sql_page import fill_page
from tests.support.documents import CHECKOUT, README, blocks, first_column, section
from transforms.parsing.sentence_agreement import STATED_IN_TEXT
from transforms.pricing.list_prices import ACCOUNT_REASON, ADAPTER_REASON
from warehouse.connect import open_reader
from warehouse.publication.newest import newest
from warehouse.relations import RELATIONS
from warehouse.storage.home import Home

SQL_PAGE = CHECKOUT / "docs" / "sql.md"
MAY_BE_EMPTY = "-- may be empty"
EXAMPLES = [
    (page, block) for page in (README, SQL_PAGE) for block in blocks(page.read_text("utf-8"))
]
QUERIES = [(page.name, block.text) for page, block in EXAMPLES if block.language == "sql"]
SCRIPTS = [(page.name, block.text) for page, block in EXAMPLES if block.language == "python"]
_MACROS = (
    "SELECT DISTINCT function_name FROM duckdb_functions() "
    "WHERE NOT internal AND schema_name = 'main'"
)


def test_the_examples_were_found() -> None:
    assert len(QUERIES) > 15
    assert len(SCRIPTS) >= 3


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


def test_sql_page_lists_every_published_relation() -> None:
    named = first_column(section(SQL_PAGE.read_text("utf-8"), "## Relations"))
    assert [name for name in named if name in RELATIONS] == named[: len(RELATIONS)]
    assert set(named[: len(RELATIONS)]) == set(RELATIONS)


@pytest.mark.parametrize(("page", "query"), QUERIES)
def test_every_sql_example_returns_rows(page: str, query: str, folder: Path) -> None:
    columns, found = rows(folder, query)
    assert columns
    assert found or MAY_BE_EMPTY in query, f"{page}: {query}"


@pytest.mark.parametrize(("page", "script"), SCRIPTS)
def test_every_python_example_prints_a_result(page: str, script: str, folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{page}: {done.stderr}"
    assert done.stdout


def test_cookbook_and_dictionary_match_the_publication(folder: Path) -> None:
    text = SQL_PAGE.read_text("utf-8")
    assert fill_page(text, newest(Home.at(folder / "data"))) == text, (
        "python -m scripts.docs.sql_page"
    )
    cookbook = section(text, "## Cookbook")
    numbers = re.findall(r"^### (\d+)\. .*\?$", cookbook, re.MULTILINE)
    assert numbers == [str(place) for place in range(1, len(numbers) + 1)]
    assert len(blocks(cookbook, "text answer")) == len(numbers) >= 20
    for path in (SQL_PAGE, README, CHECKOUT / "CHANGELOG.md"):
        assert f"{len(numbers)} questions" in path.read_text("utf-8"), path.name


def test_each_macro_has_a_plain_query_with_the_same_rows(folder: Path) -> None:
    examples = blocks(
        section(SQL_PAGE.read_text("utf-8"), "## Macros and equivalent queries"), "sql"
    )
    pairs = list(zip(examples[::2], examples[1::2], strict=True))
    for (macro,) in rows(folder, _MACROS)[1]:
        assert any(f"{macro}(" in call.text for call, _ in pairs), (
            f"{macro} has no equivalent query"
        )
    for call, plain in pairs:
        columns, found = rows(folder, call.text)
        assert "_ph_" not in plain.text
        plain_columns, plain_found = rows(folder, plain.text)
        assert (columns, sorted(map(repr, found))) == (
            plain_columns,
            sorted(map(repr, plain_found)),
        ), call.text


def test_a_macro_fails_when_the_publication_is_only_attached(folder: Path) -> None:
    attach = "ATTACH 'data/marketplace.duckdb' AS market (READ_ONLY);"
    with opened(folder, attach) as con:
        con.execute(attach)
        con.execute("CREATE TABLE cards AS SELECT 'mine' AS model_id")
        with pytest.raises(duckdb.CatalogException, match="_ph_"):
            con.execute("FROM market.cheapest('text')")


def test_sql_page_explains_every_price_reason(folder: Path) -> None:
    table = section(SQL_PAGE.read_text("utf-8"), "### Values of columns")
    listed = "\n".join(line for line in table.splitlines() if line.startswith("|"))
    query = "SELECT DISTINCT price_reason FROM cards WHERE price_reason IS NOT NULL"
    seen = {reason for (reason,) in rows(folder, query)[1]}
    known = {
        *PRICE_FEED_REASONS,
        *EARLIER_REASONS,
        *MISSING_LIST_REASONS,
        ADAPTER_REASON,
        ACCOUNT_REASON,
    }
    known |= {"deprecated_in_list", "unit_not_convertible", "listed_twice", STATED_IN_TEXT}
    assert {reason for reason in seen | known if reason not in listed} == set()


def test_sql_page_names_every_event(folder: Path) -> None:
    text = SQL_PAGE.read_text("utf-8")
    for (event,) in rows(folder, "SELECT DISTINCT event FROM changes")[1]:
        assert f"`{event}`" in text


def test_every_published_column_has_a_comment(folder: Path) -> None:
    with open_reader(newest(Home.at(folder / "data"))) as con:
        missing = con.sql(
            "SELECT table_name, column_name FROM duckdb_columns() WHERE comment IS NULL"
            " AND NOT starts_with(table_name, '_ph_') AND NOT internal"
        ).fetchall()
    assert missing == []


def test_changelog_names_every_relation_and_macro(folder: Path) -> None:
    text = (CHECKOUT / "CHANGELOG.md").read_text("utf-8")
    macros = {name for (name,) in rows(folder, _MACROS)[1]}
    assert macros
    assert {name for name in (*RELATIONS, *macros) if f"`{name}`" not in text} == set()
