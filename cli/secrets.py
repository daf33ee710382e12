"""`pricehouse secrets`: where the token is found, without showing it, and how it gets there."""

from __future__ import annotations

import os
import sys

import click
import msgspec

from providers.secrets import DEFAULT_NAME, VARIABLES, find_token, put_token
from schemas.errors import UsageError
from schemas.secrets import FoundSecret, Secret, VariablePlace, VaultPlace

_WITHOUT = {
    DEFAULT_NAME: "huggingface.co is read anonymously, at a lower pace",
    "fal": "fal's prices are not asked for",
}


@click.group()
def secrets() -> None:
    """Say where the token is found, or store it in Vault; neither ever shows it."""


@secrets.command()
@click.argument("name", type=click.Choice(sorted(VARIABLES)), default=DEFAULT_NAME)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for a program to read.")
def check(*, name: str, as_json: bool) -> None:
    """Say what was found where, with the settings as they are.

    Asks Vault as a run would, so that a run after a good check finds the same. Nobody is asked
    whether the token is taken. NAME is huggingface (the default), or fal for the key of its prices.
    """
    found = find_token(os.environ, name=name)
    if as_json:
        text = msgspec.json.encode(_facts(found))
        click.echo(msgspec.json.format(text, indent=2).decode())
    else:
        click.echo(_told(found, name))


@secrets.command()
@click.argument("name", type=click.Choice(sorted(VARIABLES)))
def put(*, name: str) -> None:
    """Store a token in Vault: asked for without echo, or read from standard input.

    It never stands in the command line, which other users of the machine can list. Other fields
    of the secret stay.
    """
    place = put_token(os.environ, _asked(), name=name)
    click.echo(f"stored: {_at(place)}")


def _asked() -> Secret:
    by_hand = sys.stdin.isatty()
    text = str(click.prompt("Token", hide_input=True)) if by_hand else sys.stdin.read()
    try:
        return Secret(text)
    except ValueError as error:
        problem = str(error)
    raise UsageError(f"that is no token: {problem}")


def _told(found: FoundSecret | None, name: str) -> str:
    variable = VARIABLES[name]
    if found is None:
        return f"no token: neither VAULT_ADDR nor {variable} is set, so {_WITHOUT[name]}"
    place = found.place
    if isinstance(place, VariablePlace):
        return f"found: in the environment variable {place.variable} (VAULT_ADDR is not set)"
    unread = f"; {variable} is set too, and not read" if os.environ.get(variable) else ""
    return f"found: {_at(place)}, login by {place.auth}{unread}"


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
