"""Commands that are imported when they are called, and listed without being imported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from importlib import import_module
from typing import Any, NamedTuple

import click


class CommandEntry(NamedTuple):
    """Where a command is, as `module:attribute`, and the first sentence of its help."""

    target: str
    short_help: str

    def load(self) -> click.Command:
        """Import the module and return the command."""
        module, _, attribute = self.target.partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command


class LazyCommands(MutableMapping[str, click.Command]):
    """Name → command; the first look-up of a name imports its module, iteration imports nothing."""

    def __init__(self, entries: Mapping[str, CommandEntry]) -> None:
        self._commands: dict[str, CommandEntry | click.Command] = dict(entries)

    def __getitem__(self, name: str) -> click.Command:
        command = self._commands[name]
        if isinstance(command, CommandEntry):
            command = self._commands[name] = command.load()
        return command

    def __setitem__(self, name: str, command: click.Command) -> None:
        self._commands[name] = command

    def __delitem__(self, name: str) -> None:
        del self._commands[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._commands)

    def __len__(self) -> int:
        return len(self._commands)


class LazyGroup(click.Group):
    """A group whose `--help` lists its commands from the table, without importing them."""

    def __init__(self, *, entries: Mapping[str, CommandEntry], **attributes: Any) -> None:
        super().__init__(commands=LazyCommands(entries), **attributes)
        self.entries = entries

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write a line for each command."""
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, self.entries[name].short_help) for name in self.list_commands(ctx)]
            )
