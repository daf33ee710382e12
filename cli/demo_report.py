"""What the demo prints: what a buyer and an operator want to see, straight from the publication."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from cli.console import out
from cli.render import print_report
from pipeline.report import Report
from schemas.amounts import amount_text
from warehouse.publication.query import rows
from warehouse.statements import statement


def print_demo(reports: list[Report], publication: Path, *, home: Path) -> None:
    """Print the runs, the cheapest offers, the widest spreads, what changed, and where to go on."""
    out.rule("the runs")
    for report in reports:
        print_report(report)
    about = rows(publication, statement("show_publication"))[0]
    out.print(
        f"\n[bold]This is a sample[/], not today's market: the Hub was captured on "
        f"{about['hub_at']:%Y-%m-%d}, the router on or after {about['router_at']:%Y-%m-%d}. Each "
        "row carries its own date; only what was seen within 24 h of the newest is ranked."
    )
    _table(
        "cheapest rankable offers",
        publication,
        "show_cheapest",
        "group",
        "model",
        "provider",
        "region",
        "$/1M in",
        "$/1M out",
        "$/1M blended 3:1",
    )
    out.print(f"  [dim]{_unranked(publication)}[/]")
    _table(
        "widest spreads for one model",
        publication,
        "show_spreads",
        "model",
        "cheapest",
        "$/1M",
        "dearest",
        "$/1M",
        "times",
    )
    _table(
        "what changed in the last run that brought changes",
        publication,
        "show_changes",
        "event",
        "model",
        "provider",
        "unit",
        "from (per 1M tokens)",
        "to",
    )
    link = home / "marketplace.duckdb"
    out.rule("go on")
    out.print(f"The warehouse is {link}. Ask it anything, while runs go on:", soft_wrap=True)
    prefix = "" if home == Path("data") else f"PRICEHOUSE_HOME={home} "
    out.print(
        f"  {prefix}.venv/bin/pricehouse sql \"FROM cheapest('text', region := 'eu', n := 5)\"",
        soft_wrap=True,
    )
    out.print("Go live, into ./data, with no settings at all: .venv/bin/pricehouse ingest")


def _table(title: str, publication: Path, query: str, *headings: str) -> None:
    table = Table(title=title, title_justify="left", title_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    found = rows(publication, statement(query))
    for row in found:
        table.add_row(*(_cell(value) for value in row.values()))
    out.print()
    out.print(table)
    if not found:
        out.print("  none")


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, Decimal):
        return amount_text(value)
    return escape(str(value))


def _unranked(publication: Path) -> str:
    groups = [row["task_group"] for row in rows(publication, statement("show_unranked_groups"))]
    return f"No rankable offer in: {', '.join(groups)}. Nobody in the sample prices them."
