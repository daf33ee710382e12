"""`pricehouse status`: data age and the last failure."""

from __future__ import annotations

import sys

import click

from cli.options import current_home, home_option, json_option, print_json
from pipeline.status import read_status
from schemas.clock import utc_now
from warehouse.storage.home import Home


@click.command()
@home_option
@json_option
def status(*, as_json: bool) -> None:
    """Show data age and the last failure.

    Exit status 1 when no run can begin, because runs of this home lie in the future.
    """
    found = read_status(Home.at(current_home()), now=utc_now())
    if as_json:
        print_json(found)
    else:
        from cli.render import print_status  # JSON is for programs, which rich would only slow down

        print_status(found)
    if found.problem:
        sys.exit(1)
