"""`pricehouse up`: from nothing to scheduled in one command."""

from __future__ import annotations

import os

import click
from rich.markup import escape

from cli.console import err
from cli.options import home_option, read_environment
from flows.server.up import run_until_stopped


@click.command()
@click.option("--host", help="Where the server listens (default 127.0.0.1).")
@click.option("--port", type=click.IntRange(1, 65535), help="Its port (default 4200).")
@home_option
def up(*, host: str | None, port: int | None) -> None:
    """Schedule the hourly run with Prefect, until stopped.

    Creates the deployments and runs a worker. Uses the Prefect server at PREFECT_API_URL, or one
    that answers at host and port already; otherwise starts one, which keeps its database under
    prefect/ in the home. Ctrl-C or SIGTERM stops what was started here.
    """
    os.environ.update(read_environment())  # Prefect and what it starts read it from there
    run_until_stopped(os.environ, host=host, port=port, report=_print_progress)


def _print_progress(text: str) -> None:
    err.print(f"[bold]pricehouse[/]: {escape(text)}")
