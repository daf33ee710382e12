"""`pricehouse replay`: the warehouse again, from landing/ alone."""

from __future__ import annotations

import click

from cli.console import out
from cli.options import (
    current_home,
    current_lake,
    current_store,
    home_option,
    json_option,
    print_json,
)
from cli.render import print_and_exit
from pipeline.replay import replay as replay_home
from pipeline.revise import revise as revise_home


@click.command()
@click.option(
    "--revise",
    is_flag=True,
    help="Then append what today's rules read differently in the landed answers.",
)
@home_option
@json_option
def replay(*, revise: bool, as_json: bool) -> None:
    """Rebuild the warehouse from landing/ alone.

    Loads every committed run that the warehouse lacks, with its original ids and times. To rebuild
    from nothing, move warehouse.duckdb away first; the result exports byte for byte the same.

    After a parser was fixed, --revise reads every landed answer again and appends what differs,
    recorded now. The earlier values stay readable (`price_as_of(…, known_at)`).
    """
    home = current_home()
    if revise:
        print_and_exit(
            revise_home(home, store=current_store(), lake=current_lake()), as_json=as_json
        )
        return
    run_ids = replay_home(home, store=current_store(), lake=current_lake())
    if as_json:
        print_json({"replayed": run_ids})
    elif run_ids:
        out.print(f"replayed {len(run_ids)} runs")
    else:
        out.print("the warehouse holds every run already")
