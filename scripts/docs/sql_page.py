"""Fill docs/sql.md: the answers of its cookbook and the dictionary of every column.

After `make run`, `.venv/bin/python -m scripts.docs.sql_page` writes both from the demo's
publication.
"""

from __future__ import annotations

import re
from pathlib import Path

from pipeline.settings import DEMO_HOME
from warehouse.connect import open_reader
from warehouse.publication.newest import newest
from warehouse.publication.query import DUCKDB_WIDTH, query_text
from warehouse.relations import RELATIONS
from warehouse.storage.home import Home

PAGE = Path(__file__).parents[2] / "docs" / "sql.md"
_COOKBOOK, _AFTER, _DICTIONARY = (
    "## Cookbook\n",
    "### Questions about the data",
    "## Data dictionary\n",
)
_QUESTION = re.compile(r"```sql\n(?P<query>.*?)```\n(?:\n```text answer\n.*?```\n)?", re.DOTALL)


def fill_page(text: str, publication: Path) -> str:
    """Return the page with the answers of this publication, and its dictionary."""
    before, cookbook = text.split(_COOKBOOK)
    questions, rest = cookbook.split(_AFTER)
    remarks, _ = rest.split(_DICTIONARY)
    answered = _QUESTION.sub(lambda found: _with_answer(found["query"], publication), questions)
    page = before + _COOKBOOK + answered + _AFTER + remarks + _DICTIONARY
    return page + "\n" + dictionary(publication)


def dictionary(publication: Path) -> str:
    """Return every published relation with each column's type and comment."""
    parts = []
    with open_reader(publication) as con:
        for relation in RELATIONS:
            (about,) = con.execute(_ABOUT, [relation]).fetchone() or ("",)
            rows = con.execute(_COLUMNS, [relation]).fetchall()
            lines = [f"| `{name}` | {kind} | {_cell(comment)} |" for name, kind, comment in rows]
            head = f"### {relation}\n\n{about}\n\n| column | type | meaning |\n|---|---|---|\n"
            parts.append(head + "\n".join(lines) + "\n")
    return "\n".join(parts)


_ABOUT = "SELECT comment FROM duckdb_views() WHERE view_name = ? AND NOT internal"
_COLUMNS = (
    "SELECT column_name, data_type, comment FROM duckdb_columns()"
    " WHERE table_name = ? AND NOT internal ORDER BY column_index"
)


def _with_answer(query: str, publication: Path) -> str:
    text = query_text(publication, query, width=DUCKDB_WIDTH)
    table = "\n".join(line.rstrip() for line in text.splitlines())
    return f"```sql\n{query}```\n\n```text answer\n{table.strip()}\n```\n"


def _cell(comment: str | None) -> str:
    return (comment or "").replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    PAGE.write_text(fill_page(PAGE.read_text("utf-8"), newest(Home.at(DEMO_HOME))), "utf-8")
