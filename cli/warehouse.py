"""`pricehouse warehouse`: bring a home to its store and the shared warehouse, or from there."""

from __future__ import annotations

import click

from cli.console import err, out
from cli.options import (
    current_home,
    current_lake,
    current_store,
    home_option,
    json_option,
    print_json,
)
from pipeline.moving import Moved, pull_home, push_home
from pipeline.shared_warehouse import Copied, pull_copy, push_copy
from schemas.errors import UsageError
from warehouse.lake.lake_settings import WAREHOUSE
from warehouse.store.objects import Store
from warehouse.store.store_settings import SETTING


@click.group()
@home_option
def warehouse() -> None:
    """Bring a home to its store, or from there into an empty folder.

    The store is where PRICEHOUSE_STORE leads: s3://bucket/prefix, or a folder. With
    PRICEHOUSE_WAREHOUSE the tables go to the shared warehouse and come from there, and every row
    is compared.
    """


@warehouse.command()
@click.option(
    "--rewrite",
    is_flag=True,
    help="Write all tables of the shared warehouse anew, as after a lost file.",
)
@home_option
@json_option
def push(*, rewrite: bool, as_json: bool) -> None:
    """Push what the store lacks of the home, and read it back.

    Each run pushes what it landed by itself; this is for a home that had no store before, and for
    a store that lost objects. Refused where the store has a run of another home.

    A shared warehouse must be empty, or end with the same run as the home. From then on every run
    is committed there first, on whatever machine, and the home is this machine's copy.
    """
    home, store, lake = current_home(), _store(), current_lake()
    if rewrite and lake is None:
        raise UsageError(f"--rewrite is for a shared warehouse; set {WAREHOUSE}")
    with err.status("reading the home") as spinner:
        if lake is not None:
            copied = push_copy(home, lake, store, rewrite=rewrite, on_step=spinner.update)
            _print_copied(copied, as_json=as_json)
            return
        moved = push_home(home, store, on_step=spinner.update)
    _print(moved, as_json=as_json)


@warehouse.command()
@home_option
@json_option
def pull(*, as_json: bool) -> None:
    """Make the home, which must be empty, the one that the store holds.

    Every object is compared with its hash, and the home is checked as `doctor` does before it gets
    its place. This machine then goes on: the one that wrote the store before must not.

    From a shared warehouse the home may have runs: it becomes a copy, whose tables are compared row
    for row, and both machines go on. Landed runs that it does not hold are set aside in
    landing/set-aside.
    """
    home, store, lake = current_home(), _store(), current_lake()
    with err.status("reading the store") as spinner:
        if lake is not None:
            copied = pull_copy(home, lake, store, on_step=spinner.update)
            _print_copied(copied, as_json=as_json)
            return
        moved = pull_home(home, store, on_step=spinner.update)
    _print(moved, as_json=as_json)


def _store() -> Store:
    store = current_store()
    if store is None:
        raise UsageError(f"no store is set; set {SETTING} to s3://bucket/prefix, or to a folder")
    return store


def _print_copied(copied: Copied, *, as_json: bool) -> None:
    if as_json:
        print_json(copied)
        return
    out.print(f"{copied.how}: {copied.home} and {copied.warehouse}", markup=False, soft_wrap=True)
    out.print(f"both end with run {copied.run_id}, equal row for row", markup=False)


def _print(moved: Moved, *, as_json: bool) -> None:
    if as_json:
        print_json(moved)
        return
    where = ("to", "from")[moved.direction == "pull"]
    out.print(
        f"{moved.direction}ed {moved.files} files, {moved.bytes / 1e6:.1f} MB, {where} "
        f"{moved.store}",
        markup=False,
        soft_wrap=True,
    )
    if moved.replayed:
        out.print(f"replayed {len(moved.replayed)} runs", markup=False)
    out.print(f"readers see {moved.publication_id or 'nothing yet'}", markup=False)
    for finding in moved.findings:
        if not finding.ok:
            message = f"{finding.check}: {finding.message} → {finding.remedy}"
            out.print(message, markup=False, soft_wrap=True)
