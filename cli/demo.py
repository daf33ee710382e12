"""`pricehouse demo`: the hourly flow on the built-in sample, offline."""

from __future__ import annotations

import click

from cli.demo_report import print_demo
from cli.options import current_settings, home_option, json_option, print_json
from flows.demo import run_demo
from pipeline.settings import DEMO_HOME
from warehouse.publication.newest import newest
from warehouse.storage.home import Home


@click.command()
@home_option
@json_option
def demo(*, as_json: bool) -> None:
    """Run the hourly flow on the built-in sample, offline.

    A real HTTP server on this machine serves two captures of real answers. They run through the
    same flow as a live hour, into a home of their own (./data/demo). Their origin is `sample`
    everywhere, and a sample never enters a live home.
    """
    settings = current_settings(default_home=DEMO_HOME)
    reports = run_demo(settings)
    if as_json:
        print_json(reports)
    else:
        print_demo(reports, newest(Home.at(settings.home)), home=settings.home)
