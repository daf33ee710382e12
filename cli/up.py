"""`pricehouse up`: from nothing to scheduled in one command."""

from __future__ import annotations

import os

import click
from rich.markup import escape

from cli.console import err
from cli.options import home_option, read_environment
from cli.serve import cors_origins, mcp_hosts
from flows.server import marketplace
from flows.server.up import run_until_stopped


@click.command()
@click.option("--host", help="Where the server listens (default 127.0.0.1).")
@click.option("--port", type=click.IntRange(1, 65535), help="Its port (default 4200).")
@click.option(
    "--serve-host",
    default=marketplace.DEFAULT_HOST,
    show_default=True,
    help="Where the marketplace listens.",
)
@click.option(
    "--serve-port",
    type=click.IntRange(1, 65535),
    default=marketplace.DEFAULT_PORT,
    show_default=True,
    help="Its port.",
)
@click.option("--no-serve", is_flag=True, help="Leave the marketplace out.")
@home_option
def up(
    *, host: str | None, port: int | None, serve_host: str, serve_port: int, no_serve: bool
) -> None:
    """Schedule the hourly run with Prefect and serve the marketplace.

    Creates the deployments and runs a worker. Uses the Prefect server at PREFECT_API_URL, or one
    that answers at host and port already; otherwise starts one, which keeps its database under
    prefect/ in the home. Where nothing is published yet, or an hour was missed, an hour runs at
    once. Ctrl-C or SIGTERM stops what was started here.
    """
    os.environ.update(read_environment())  # Prefect and what it starts read it from there
    serve = None
    if not no_serve:
        serve = marketplace.MarketplaceAddress(serve_host, serve_port)
        cors_origins(os.environ)  # SettingsError now, and not in each start of the marketplace
        mcp_hosts(os.environ)
    run_until_stopped(os.environ, host=host, port=port, serve=serve, report=_print_progress)


def _print_progress(text: str) -> None:
    err.print(f"[bold]pricehouse[/]: {escape(text)}")
