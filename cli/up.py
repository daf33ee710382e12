"""`pricehouse up`: from nothing to scheduled in one command."""

from __future__ import annotations

import os

import click
from rich.markup import escape

from cli.console import err
from flows.server.up import run_until_stopped


@click.command()
@click.option("--host", help="Where the server listens (default 127.0.0.1).")
@click.option("--port", type=click.IntRange(1, 65535), help="Its port (default 4200).")
def up(*, host: str | None, port: int | None) -> None:
    """Schedule the hour: Prefect's server and UI, the deployments, a worker, until stopped.

    Uses the Prefect server at PREFECT_API_URL, or one that answers at host and port already; else
    starts one, which keeps its database under prefect/ in the home. Ctrl-C or SIGTERM ends what
    was started here.
    """
    run_until_stopped(os.environ, host=host, port=port, report=_print)


def _print(text: str) -> None:
    err.print(f"[bold]pricehouse[/]: {escape(text)}")
