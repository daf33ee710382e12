"""`pricehouse secrets`: where a token is found, without printing it, and how it is stored."""

from __future__ import annotations

import os
import sys

import click
import msgspec

from cli.options import json_option, print_json
from providers.secrets import DEFAULT_NAME, VARIABLES, find_token, put_token
from providers.secrets.settings import IN_FILE
from schemas.errors import UsageError
from schemas.secrets import FoundSecret, Secret, VariablePlace, VaultPlace

_WITHOUT = {name: f"the prices of {name} are not fetched" for name in VARIABLES} | {
    DEFAULT_NAME: "huggingface.co is read anonymously, at a lower pace",
}


@click.group()
def secrets() -> None:
    """Check where a token is found, or store it in Vault.

    Neither command prints the token.
    """


@secrets.command()
@click.argument("name", type=click.Choice(sorted(VARIABLES)), default=DEFAULT_NAME)
@json_option
def check(*, name: str, as_json: bool) -> None:
    """Show where the current settings find a token.

    Reads Vault as a run does, so that a run after a good check finds the same token. Whether its
    owner accepts the token is not checked. NAME is huggingface (the default), or fal, fireworks
    or together for the key of their prices.
    """
    found = find_token(os.environ, name=name)
    if as_json:
        print_json(_facts(found))
    else:
        click.echo(_describe(found, name))


@secrets.command()
@click.argument("name", type=click.Choice(sorted(VARIABLES)))
def put(*, name: str) -> None:
    """Store a token in Vault.

    The token is prompted for without echo, or read from standard input. It is no argument, because
    other users of the machine can list the arguments of commands. Other fields of the secret stay.
    """
    place = put_token(os.environ, _read_token(), name=name)
    click.echo(f"stored: {_at(place)}")


def _read_token() -> Secret:
    in_terminal = sys.stdin.isatty()
    text = str(click.prompt("Token", hide_input=True)) if in_terminal else sys.stdin.read()
    try:
        return Secret(text)
    except ValueError as error:
        problem = str(error)
    raise UsageError(f"that is no token: {problem}")


def _describe(found: FoundSecret | None, name: str) -> str:
    variable = VARIABLES[name]
    if found is None:
        return f"no token: neither VAULT_ADDR nor {variable} is set, so {_WITHOUT[name]}"
    place = found.place
    if isinstance(place, VariablePlace):
        kind = "file of the" if place.variable.endswith(IN_FILE) else "environment"
        return f"found: in the {kind} variable {place.variable} (VAULT_ADDR is not set)"
    ignored = f"; {variable} is set too, and not read" if os.environ.get(variable) else ""
    return f"found: {_at(place)}, login by {place.auth}{ignored}"


def _facts(found: FoundSecret | None) -> dict[str, object]:
    if found is None:
        return {"found": False, "source": "anonymous"}
    source = "vault" if isinstance(found.place, VaultPlace) else "environment"
    place: dict[str, object] = msgspec.to_builtins(found.place)
    return {"found": True, "source": source, **place}


def _at(place: VaultPlace) -> str:
    namespace = f" (namespace {place.namespace})" if place.namespace else ""
    return (
        f"Vault at {place.address}{namespace}, mount {place.mount} (KV {place.kv_version}), "
        f"path {place.path}, field {place.field}"
    )
