"""The shell of `pricehouse sql`: statements that end with a semicolon, and commands with a dot."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import click

from schemas.errors import UsageError
from warehouse.connect import Connection, open_reader
from warehouse.publication.query import macros, table
from warehouse.relations import RELATIONS

HELP, LEAVE = {".help"}, {".quit", ".exit"}
_PROMPT, _MORE = "prices> ", "   ...> "
_BARE = {"help", "quit", "exit"}
"""Also known without the dot, where a statement would begin."""
_WIDTH = 100
_MOST_PARAMETERS = 4


def run_shell(publication: Path) -> None:
    """Run statement after statement until .quit or the end of input, also after an error."""
    with suppress(ImportError):
        import readline  # noqa: F401 - it gives input() its history and keys
    click.echo(
        f"{publication.stem}, read-only, times in UTC. End with ; and leave with .quit; "
        ".help lists relations and macros"
    )
    with open_reader(publication) as con:
        for statement in read_statements(input, on_help=lambda: click.echo(help_text(con))):
            try:
                click.echo(table(con, statement))
            except UsageError as error:
                click.echo(f"error: {error}", err=True)


def read_statements(
    read_line: Callable[[str], str], *, on_help: Callable[[], None]
) -> Iterator[str]:
    """Yield each statement that a person types; commands with a dot are carried out at once.

    `read_line` takes the prompt; EOFError ends the shell, KeyboardInterrupt drops what was begun.
    """
    text = ""
    while True:
        try:
            line = read_line(_MORE if text else _PROMPT)
        except KeyboardInterrupt:
            text = ""
            click.echo()
            continue
        except EOFError:
            click.echo()
            return
        command = dot_command(line, begun=bool(text))
        if command in LEAVE:
            return
        if command is not None:
            on_help() if command in HELP else click.echo(f"error: {no_command(command)}", err=True)
            continue
        text += line + "\n"
        if line.rstrip().endswith(";"):
            yield text
            text = ""
        elif not text.strip():
            text = ""


def dot_command(line: str, *, begun: bool = False) -> str | None:
    """Return the command of a line, with its dot, in lower case; None for a line of SQL.

    Inside a statement (`begun`) only the known ones are commands: SQL may begin a line with a dot.
    """
    text = line.strip().rstrip(";").rstrip().lower()
    if begun:
        return text if text in HELP | LEAVE else None
    if text in _BARE:
        return f".{text}"
    return text.split()[0] if text.startswith(".") else None


def no_command(command: str) -> str:
    """Return what to type instead of a command that the shell does not have."""
    return (
        f"{command} is no command of this shell, which has .help, .quit and .exit; `SHOW TABLES;` "
        "lists the relations, `DESCRIBE cards;` the columns of one"
    )


def help_text(con: Connection) -> str:
    """Return the relations and macros of a publication, how to query them and how to leave."""
    lines = ["Relations (`DESCRIBE cards;` lists the columns of one):"]
    lines += _wrapped(", ".join(RELATIONS))
    lines.append("Macros, like `FROM cheapest('text', n := 3);`:")
    for macro in macros(con):
        names = macro["parameters"]
        more = ", …" if len(names) > _MOST_PARAMETERS else ""
        call = f"{macro['name']}({', '.join(names[:_MOST_PARAMETERS])}{more})"
        lines += _wrapped(f"{call}: {macro['comment']}")
    lines.append("A statement ends with ; and may have several lines; Ctrl-C drops what was begun.")
    lines.append(".help shows this; .quit, .exit or Ctrl-D leaves.")
    return "\n".join(lines)


def _wrapped(text: str) -> list[str]:
    width = min(_WIDTH, shutil.get_terminal_size((_WIDTH, 40)).columns)
    return textwrap.wrap(text, max(width, 40), initial_indent="  ", subsequent_indent="      ")
