"""`pricehouse maintain`: keep the home small, and say what went."""

from __future__ import annotations

import os

import click
import msgspec

from cli.console import err, out
from pipeline.maintenance import KEEP_HOURLY_DAYS, MOST_DAYS, Upkeep
from pipeline.maintenance import maintain as maintain_home
from pipeline.maintenance_report import lines
from pipeline.settings import read_settings
from providers.registry import load_registry


@click.command()
@click.option(
    "--keep-hourly-days",
    type=click.IntRange(1, MOST_DAYS),
    default=KEEP_HOURLY_DAYS,
    show_default=True,
    metavar="N",
    help="Keep the bytes of every run for so many days.",
)
@click.option("--compact", is_flag=True, help="Rewrite the warehouse though it is not due yet.")
@click.option("--dry-run", is_flag=True, help="Say what would go; drop and rewrite nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for a program to read.")
def maintain(*, keep_hourly_days: int, compact: bool, dry_run: bool, as_json: bool) -> None:
    """Thin out landing/, rewrite the warehouse in order, and remove what nobody needs.

    Of the runs older than N days one a day keeps its raw answers, the last that was committed;
    history and evidence stay in the warehouse. A checkpoint comes first, so that `replay` still
    rebuilds everything. Run it once a day; a second time it does nothing.
    """
    upkeep = Upkeep(keep_hourly_days=keep_hourly_days, compact=compact, dry_run=dry_run)
    home = read_settings(os.environ, load_registry()).home
    with err.status("look") as shown:
        done = maintain_home(home, upkeep, on_step=shown.update)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(done), indent=2).decode())
    else:
        for line in lines(done):
            out.print(line, markup=False)
