"""`pricehouse maintain`: keep the home small."""

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
from pipeline.maintenance import KEEP_HOURLY_DAYS, MOST_DAYS, Upkeep
from pipeline.maintenance import maintain as maintain_home
from pipeline.maintenance_report import lines


@click.command()
@click.option(
    "--keep-hourly-days",
    type=click.IntRange(1, MOST_DAYS),
    default=KEEP_HOURLY_DAYS,
    show_default=True,
    metavar="N",
    help="Days for which the raw answers of every run are kept.",
)
@click.option("--compact", is_flag=True, help="Rewrite the warehouse even if it is not due.")
@click.option("--dry-run", is_flag=True, help="Remove and rewrite nothing; report what would go.")
@home_option
@json_option
def maintain(*, keep_hourly_days: int, compact: bool, dry_run: bool, as_json: bool) -> None:
    """Thin out landing/, compact the warehouse and remove leftovers.

    Of the runs older than N days, one a day keeps its raw answers, the last that was committed;
    history and evidence stay in the warehouse. A checkpoint is written first, so that `replay`
    still rebuilds everything. Run it once a day; a second run on a day changes nothing.
    """
    upkeep = Upkeep(keep_hourly_days=keep_hourly_days, compact=compact, dry_run=dry_run)
    home = current_home()
    with err.status("reading the home") as spinner:
        done = maintain_home(
            home, upkeep, on_step=spinner.update, store=current_store(), lake=current_lake()
        )
    if as_json:
        print_json(done)
    else:
        for line in lines(done):
            out.print(line, markup=False)
