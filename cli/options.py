"""What several commands share: `--json`, `--home`, the settings, and JSON on standard output.

The group itself needs this module, so that the settings and msgspec are imported when used.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pipeline.settings import Settings
    from warehouse.lake.lake_settings import LakeSettings
    from warehouse.store.objects import Store

HOME_SETTING = "PRICEHOUSE_HOME"
_HOME_KEY = f"{__name__}.home"

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


def _store_home(ctx: click.Context, param: click.Parameter, home: str | None) -> None:
    if home is None:
        return
    if not home.strip():
        raise click.BadParameter("it is empty; name a folder.", ctx=ctx, param=param)
    ctx.meta[_HOME_KEY] = home  # the contexts of a group and its command share it


home_option = click.option(
    "--home",
    type=click.Path(file_okay=False),
    metavar="DIR",
    expose_value=False,
    callback=_store_home,
    help=f"The folder that holds everything; overrides {HOME_SETTING}.",
)


def read_environment() -> Mapping[str, str]:
    """Return the environment, with the folder of `--home` as PRICEHOUSE_HOME."""
    home = click.get_current_context().meta.get(_HOME_KEY)
    return os.environ if home is None else {**os.environ, HOME_SETTING: home}


def current_settings(*, default_home: Path | None = None) -> Settings:
    """Return the settings; SettingsError names one that cannot be used."""
    from pipeline.settings import read_settings
    from providers.registry import load_registry
    from schemas.folders import DEFAULT_HOME

    return read_settings(read_environment(), load_registry(), home=default_home or DEFAULT_HOME)


def current_home() -> Path:
    """Return the folder of the home; nothing need be there."""
    return current_settings().home


def current_store() -> Store | None:
    """Return the store of the home, None where none is set; an error where it cannot be used."""
    from pipeline.store import find_store

    return find_store(read_environment())


def current_lake() -> LakeSettings | None:
    """Return the shared warehouse, None where the file of the home is the warehouse."""
    from pipeline.lake_access import find_lake

    return find_lake(read_environment())


def print_json(value: object) -> None:
    """Print a value as indented JSON; what JSON has no type for becomes text."""
    import msgspec

    text = msgspec.json.encode(value, enc_hook=str)
    click.echo(msgspec.json.format(text, indent=2).decode())
