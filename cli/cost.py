"""`pricehouse cost [FILE]`: what usage cost at the prices of its time."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.options import current_home, home_option
from cli.usage_options import SUFFIXES, columns_option, form_option, read_input, timezone_option
from schemas.errors import UsageError

if TYPE_CHECKING:
    import polars as pl

_FORMATS = ("csv", "ndjson", "parquet")
_ROWS = 250_000  # of one statement: between two the bar moves


@click.command()
@click.argument("file", required=False, default="-")
@form_option
@click.option("--to", "target", type=click.Choice(_FORMATS), help="Format of the output.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write to FILE instead of standard output.",
)
@timezone_option
@click.option("--known-at", metavar="TIME", help="Use only what was recorded by then (RFC 3339).")
@click.option(
    "--default-route",
    is_flag=True,
    help="Cost a row without a provider at the provider that the router's default led to.",
)
@columns_option
@home_option
@click.option("--json", "as_json", is_flag=True, help="The same as --to ndjson.")
def cost(
    *,
    file: str,
    form: str | None,
    target: str | None,
    output: Path | None,
    timezone: str | None,
    known_at: str | None,
    default_route: bool,
    columns: tuple[str, ...],
    as_json: bool,
) -> None:
    """Cost each row of usage in FILE at the price of its time.

    FILE is CSV, NDJSON, JSON or Parquet; without it, or as -, standard input. Each row has model,
    provider, timestamp (with an offset from UTC) and quantities like input_tokens. The output has
    the rows in their order, with cost, currency, interval and proof, or why there is no cost.
    """
    given, form = read_input(file, form, columns)
    target = "ndjson" if as_json else target
    target = target or (SUFFIXES.get(output.suffix.lower()) if output else None)
    target = target or ("ndjson" if form == "json" else form)
    if target == "parquet" and output is None:
        raise click.UsageError("parquet is written to a file; name it with --output")
    moment = None if known_at is None else _moment(known_at)
    _write_costs(given, target, output, timezone, moment, default_route=default_route)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise UsageError(f"--known-at {text} has no offset from UTC, like Z or +02:00")
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"--known-at {text} is no time like 2026-03-01T12:00:00Z") from error


def _write_costs(  # the options of the command, once each
    given: pl.DataFrame,
    target: str,
    output: Path | None,
    timezone: str | None,
    moment: datetime | None,
    *,
    default_route: bool,
) -> None:
    import polars as pl

    from cli.usage_options import progress
    from warehouse.publication.costs import cost_frame, nested_as_json, with_results
    from warehouse.publication.newest import open_newest
    from warehouse.publication.usage_rows import checked_rows
    from warehouse.storage.files import os_errors_as_home_error
    from warehouse.storage.home import Home

    usage = checked_rows(given, timezone=timezone)
    parts = []
    with open_newest(Home.at(current_home())) as con, progress(len(usage)) as advance:
        for start in range(0, max(len(usage), 1), _ROWS):
            part = usage.slice(start, _ROWS)
            found = cost_frame(
                con,
                part,
                known_at=moment,
                default_route=default_route,
                as_text=target != "parquet",
                flat=target == "csv",
            )
            parts.append(found)
            advance(len(part))
    rows = with_results(given, pl.concat(parts))
    if target == "csv":
        rows = nested_as_json(rows)
    if output is None:
        text = rows.write_csv() if target == "csv" else rows.write_ndjson()
        sys.stdout.write(text)
        return
    with os_errors_as_home_error(output):
        if target == "csv":
            rows.write_csv(output)
        elif target == "parquet":
            rows.write_parquet(output)
        else:
            rows.write_ndjson(output)
