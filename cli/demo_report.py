"""What the demo prints: prices first, then changes, the runs and the next commands."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from cli.console import out
from cli.render import print_report
from flows.demo import feeds_off_by_default
from pipeline.report import Report
from schemas.amounts import amount_text
from warehouse.publication.query import rows
from warehouse.statements import statement

MEDIA_UNITS = ("image", "second of video", "minute of audio", "1M characters")
"""What `select_media_costs` gives a cost of, in its order."""

ORIGIN = """\
[bold]This is a sample[/], not today's market. Its answers were recorded at different times:
{captured}.
Each price carries the date of its own capture. Only a price seen within 24 h of the newest answer
is ranked. The two lists of providers are excerpts. {off} is off by default for live homes
(PRICEHOUSE_ENABLE_FEEDS={off} enables it); the demo switches it on."""


def print_demo(reports: list[Report], publication: Path, *, home: Path) -> None:
    """Print what tokens, images and seconds cost, what changed, the runs and the next commands."""
    out.print(
        ORIGIN.format(captured=_captured(publication), off=",".join(feeds_off_by_default())),
        soft_wrap=True,
    )
    _print_token_costs(publication)
    _print_media_costs(publication)
    _print_table(
        "widest price spreads for one model, $ per 1M tokens blended 3:1",
        rows(publication, statement("select_price_spreads")),
        "model",
        "cheapest",
        "$/1M",
        "most expensive",
        "$/1M",
        "times",
    )
    _print_table(
        "what changed in the last run with changes",
        rows(publication, statement("select_last_changes")),
        "event",
        "model",
        "provider",
        "unit",
        "from ($; tokens per 1M)",
        "to",
    )
    out.print()
    out.rule("the runs")
    for report in reports:
        print_report(report)
    _print_next_commands(home)


def _captured(publication: Path) -> str:
    return ", ".join(
        # of the router's captures only the earliest possible day is known
        f"{row['feed']} {'on or after ' if row['feed'] == 'router' else ''}"
        f"{row['observed_at']:%Y-%m-%d}"
        for row in rows(publication, statement("select_capture_dates"))
    )


def _print_token_costs(publication: Path) -> None:
    _print_table(
        "cost per token: the cheapest ranked offers",
        rows(publication, statement("select_cheapest_offers")),
        "group",
        "model",
        "provider",
        "region",
        "$/1M in",
        "$/1M out",
        "$/1M blended 3:1",
    )
    groups = [row["task_group"] for row in rows(publication, statement("select_unranked_groups"))]
    if groups:
        out.print(
            f"  [dim]No ranked offer in: {', '.join(groups)}. Their prices are older than 24 h "
            "before the newest answer, or the sample holds none.[/]"
        )


def _print_media_costs(publication: Path) -> None:
    costs = rows(publication, statement("select_media_costs"))
    _print_table(
        "cost per image, second of video, minute of audio and 1M characters: the lowest five each",
        costs,
        "cost of one",
        "model",
        "task",
        "provider",
        "$",
        "price of",
        "ranked",
    )
    priced = {row["cost_of"] for row in costs}
    if missing := [unit for unit in MEDIA_UNITS if unit not in priced]:
        out.print(f"  [dim]No offer in the sample has a price per {' or per '.join(missing)}.[/]")
    for row in rows(publication, statement("select_unused_price_lists")):
        out.print(
            f"  [dim]{row['feed']} prices no offer here: a list applies to the ids that the Hub "
            "maps to its provider, and the captured Hub maps none of them.[/]"
        )


def _print_table(title: str, found: list[dict[str, Any]], *headings: str) -> None:
    table = Table(title=title, title_justify="left", title_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in found:
        table.add_row(*(_cell(value) for value in row.values()))
    out.print()
    out.print(table)
    if not found:
        out.print("  none")


def _cell(value: Any) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return amount_text(value)
        case date():
            return f"{value:%Y-%m-%d}"
        case _:
            return escape(str(value))


def _print_next_commands(home: Path) -> None:
    prefix = "" if home == Path("data") else f"PRICEHOUSE_HOME={home} "
    out.rule("next")
    out.print(
        f"Readers open {home / 'marketplace.duckdb'}, also while a run writes. Query it:",
        soft_wrap=True,
    )
    out.print(
        f"  {prefix}.venv/bin/pricehouse sql \"FROM cheapest('text', region := 'eu', n := 5)\"",
        soft_wrap=True,
    )
    out.print("Go live, into ./data, with no settings at all: .venv/bin/pricehouse ingest")
