"""`pricehouse status`: data age and the last failure."""

from __future__ import annotations

import click

from cli.options import current_home, home_option, json_option, print_json
from pipeline.status import read_status
from schemas.clock import utc_now
from warehouse.storage.home import Home


@click.command()
@home_option
@json_option
def status(*, as_json: bool) -> None:
    """Show data age and the last failure."""
    found = read_status(Home.at(current_home()), now=utc_now())
    if as_json:
        print_json(found)
        return
    from cli.render import print_status  # JSON is for programs, which rich would only slow down

    print_status(found)
