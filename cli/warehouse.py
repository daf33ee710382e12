"""`pricehouse warehouse`: move a home into the shared warehouse of the settings, or out of it."""

from __future__ import annotations

import click

from cli.console import err, out
from cli.options import current_settings, home_option, json_option, print_json
from pipeline.settings import Settings
from pipeline.shared_warehouse import Moved, pull_home, push_home
from schemas.errors import SettingsError
from warehouse.lake.lake_settings import EXAMPLE, WAREHOUSE, LakeSettings


@click.group()
def warehouse() -> None:
    """Move a home into a shared warehouse, or out of it.

    The shared warehouse is the one of PRICEHOUSE_WAREHOUSE and PRICEHOUSE_STORE. Every table is
    compared row for row afterwards.
    """


@warehouse.command()
@click.option(
    "--rewrite",
    is_flag=True,
    help="Write all tables anew although they hold the same run, as after a lost file.",
)
@home_option
@json_option
def push(*, rewrite: bool, as_json: bool) -> None:
    """Write the home into the shared warehouse, which must be empty.

    From then on every run is committed there first, and the home is this machine's copy.
    """
    settings = current_settings()
    with err.status("reading the home") as spinner:
        done = push_home(settings.home, _lake(settings), rewrite=rewrite, on_step=spinner.update)
    _print(done, as_json=as_json)


@warehouse.command()
@home_option
@json_option
def pull(*, as_json: bool) -> None:
    """Make the home, which may be empty, the copy of the shared warehouse, and publish it.

    A home whose runs the shared warehouse does not hold is replaced; its landed runs are set aside
    in landing/set-aside.
    """
    settings = current_settings()
    with err.status("reading the shared warehouse") as spinner:
        done = pull_home(settings.home, _lake(settings), on_step=spinner.update)
    _print(done, as_json=as_json)


def _lake(settings: Settings) -> LakeSettings:
    if settings.lake is None:
        raise SettingsError(f"{WAREHOUSE} is not set; set it to a shared warehouse, like {EXAMPLE}")
    return settings.lake


def _print(done: Moved, *, as_json: bool) -> None:
    if as_json:
        print_json(done)
        return
    out.print(f"{done.how}: {done.home} and {done.warehouse}", markup=False, soft_wrap=True)
    out.print(f"  both end with run {done.run_id}, equal row for row", markup=False)
