"""`pricehouse sql`: one query, or a shell, on the newest publication."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from shutil import copyfileobj
from typing import IO

import click

from cli.options import current_home, home_option
from cli.shell import HELP, LEAVE, dot_command, help_text, no_command, run_shell
from schemas.errors import UsageError
from warehouse.connect import open_reader
from warehouse.publication.newest import newest
from warehouse.publication.query import (
    query_parquet,
    query_text,
    write_csv,
    write_json,
)
from warehouse.storage.files import os_errors_as_home_error
from warehouse.storage.home import Home


def _write_table(publication: Path, query: str, out: IO[str]) -> None:
    out.write(query_text(publication, query))


FORMATS: dict[str, Callable[[Path, str, IO[str]], None]] = {
    "table": _write_table,
    "csv": write_csv,
    "json": write_json,
}
_SPOOL_BYTES = 1_000_000
"""Bytes of a result in memory; a longer one waits in a temporary file until it is whole."""


@click.command()
@click.argument("query", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice([*FORMATS, "parquet"]),
    default="table",
    show_default=True,
    help="Output format; parquet needs --output.",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write to FILE instead of standard output.",
)
@home_option
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
def sql(*, query: str | None, form: str, output: Path | None, as_json: bool) -> None:
    """Run QUERY on the newest publication, read-only, in UTC.

    Without QUERY the query is read from standard input; in a terminal a shell starts, where each
    statement ends with a semicolon and `.help` lists relations and macros. `DESCRIBE cards` lists
    columns. A table has up to 200 rows, and as many columns as fit; the other formats have all.
    """
    form = "json" if as_json else form
    if form == "parquet" and output is None:
        raise click.UsageError("parquet is written to a file; name it with --output")
    publication = newest(Home.at(current_home()))
    if query is None and sys.stdin.isatty():
        run_shell(publication)
        return
    text = sys.stdin.read() if query is None else query
    if command := dot_command(text):
        _follow(command, publication, is_all="\n" not in text.strip())
        return
    if form == "parquet" and output is not None:
        query_parquet(publication, text, output)
        return
    _write(FORMATS[form], publication, text, output)


def _follow(command: str, publication: Path, *, is_all: bool) -> None:
    """Print the help of the shell if that is all of a query; UsageError for other commands."""
    if not is_all or command not in HELP | LEAVE:
        raise UsageError(no_command(command) if is_all else f"{command} is no SQL; leave it out")
    if command in HELP:
        with open_reader(publication) as con:
            click.echo(help_text(con))


def _write(
    form: Callable[[Path, str, IO[str]], None], publication: Path, query: str, output: Path | None
) -> None:
    """Write the whole result of a query; of one that fails, nothing."""
    with tempfile.SpooledTemporaryFile(
        _SPOOL_BYTES, "w+", encoding="utf-8", newline="", prefix="pricehouse-sql-"
    ) as result:
        form(publication, query, result)
        result.seek(0)
        if output is not None:
            with os_errors_as_home_error(output), output.open("w", encoding="utf-8") as file:
                copyfileobj(result, file)
            return
        copyfileobj(result, sys.stdout)
        if form is not write_csv:  # its last line has ended
            click.echo()
