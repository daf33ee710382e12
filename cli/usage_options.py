"""What the commands that read rows of usage share: the input, its options and the progress bar."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from schemas.errors import UsageError

if TYPE_CHECKING:
    import polars as pl

SUFFIXES = {
    ".csv": "csv",
    ".parquet": "parquet",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "json",
}

form_option = click.option(
    "--from",
    "form",
    type=click.Choice(["csv", "ndjson", "json", "parquet"]),
    help="Format of the input; by default by the ending of FILE, of standard input json or csv.",
)
timezone_option = click.option(
    "--timezone", metavar="ZONE", help="Zone of times without an offset, like Europe/Berlin."
)
columns_option = click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="NAME=COLUMN",
    help="The column of the input that is NAME, like timestamp=startTime; may be repeated.",
)


def read_input(file: str, form: str | None, columns: tuple[str, ...]) -> tuple[pl.DataFrame, str]:
    """Return the rows of a file or of standard input, and their format; UsageError as reading."""
    from warehouse.publication.usage_rows import read_rows

    renames = _renames(columns)
    if file == "-":
        if sys.stdin.isatty():
            raise click.UsageError("name a FILE, or pipe rows to standard input")
        body = sys.stdin.buffer.read()
        form = form or ("json" if body.lstrip()[:1] in (b"[", b"{") else "csv")
        return read_rows(body, form, renames), form
    path = Path(file)
    if not path.exists() or path.is_dir():  # a pipe is as good as a file
        raise UsageError(f"{file} is no file")
    form = form or SUFFIXES.get(path.suffix.lower())
    if form is None:
        raise UsageError(f"{file} has no known ending ({', '.join(SUFFIXES)}); use --from")
    return read_rows(path if path.is_file() else _piped(path), form, renames), form


@contextmanager
def progress(total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar on stderr while rows are processed, on a terminal only."""
    from rich.progress import Progress

    from cli.console import err

    with Progress(console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task("costing", total=total)
        yield lambda count: bar.update(task, advance=count)


def _piped(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error


def _renames(columns: tuple[str, ...]) -> dict[str, str]:
    """Return the column of the input → the name that it has here."""
    found: dict[str, str] = {}
    for each in columns:
        name, _, column = each.partition("=")
        if not name or not column:
            raise click.UsageError(f"--column {each} is not NAME=COLUMN, like timestamp=startTime")
        if column in found:
            raise click.UsageError(f"--column names {column} twice: it is one column")
        found[column] = name
    return found
