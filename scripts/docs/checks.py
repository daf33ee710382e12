"""Write the table of checks into docs/operating.md: python -m scripts.docs.checks."""

from __future__ import annotations

from pathlib import Path

from transforms.checks import describe_checks

PAGE = Path(__file__).parents[2] / "docs" / "operating.md"
_HEAD = "| check | severity | what it finds | what ends a finding |\n|---|---|---|---|\n"
_FIRST = "| check |"


def checks_table() -> str:
    """Return the table as Markdown: one row per check, in the order in which they run."""
    rows = (
        f"| `{check.name}` | {check.severity} | {check.meaning} | {check.ends} |\n"
        for check in describe_checks()
    )
    return _HEAD + "".join(rows)


def fill_page(text: str) -> str:
    """Return the page with today's table in place of the one that it has."""
    before, table = text.split(_FIRST)
    _, end, after = table.partition("|\n\n")
    if not end:
        raise ValueError("a blank line ends the table of checks")
    return before + checks_table() + "\n" + after


if __name__ == "__main__":
    PAGE.write_text(fill_page(PAGE.read_text("utf-8")), "utf-8")
