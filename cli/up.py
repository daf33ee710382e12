"""`pricehouse up`: from nothing to scheduled in one command."""

from __future__ import annotations

import os

import click
from click.core import ParameterSource
from rich.markup import escape

from cli.console import err
from cli.options import home_option, read_environment
from cli.serve import cors_origins, mcp_hosts
from flows.server import marketplace
from flows.server.settings import Part
from flows.server.up import run_until_stopped
from schemas.errors import UsageError


@click.command()
@click.option(
    "--server-only",
    is_flag=True,
    help="Run Prefect's server and what it has, for workers of other machines.",
)
@click.option(
    "--worker-only",
    is_flag=True,
    help="Run a worker and the marketplace, for the server at PREFECT_API_URL.",
)
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
@click.pass_context
def up(
    context: click.Context,
    *,
    server_only: bool,
    worker_only: bool,
    host: str | None,
    port: int | None,
    serve_host: str,
    serve_port: int,
    no_serve: bool,
) -> None:
    """Schedule the hourly run with Prefect and serve the marketplace.

    Creates the deployments and runs a worker. Uses the Prefect server at PREFECT_API_URL, or one
    that answers at host and port already; otherwise starts one, which keeps its database under
    prefect/ in the home. Where nothing is published yet, or an hour was missed, an hour runs at
    once. Ctrl-C or SIGTERM stops what was started here.

    On several machines: --server-only on one of them, --worker-only where the home is.
    """
    part = _part(context, server_only=server_only, worker_only=worker_only)
    os.environ.update(read_environment())  # Prefect and what it starts read it from there
    serve = None
    if not no_serve and part is not Part.SERVER:
        serve = marketplace.MarketplaceAddress(serve_host, serve_port)
        cors_origins(os.environ)  # SettingsError now, and not in each start of the marketplace
        mcp_hosts(os.environ)
    run_until_stopped(
        os.environ, host=host, port=port, serve=serve, report=_print_progress, part=part
    )


def _part(context: click.Context, *, server_only: bool, worker_only: bool) -> Part:
    """Return what is to run here; UsageError where an option belongs to what does not."""
    if server_only and worker_only:
        raise UsageError(
            "--server-only and --worker-only exclude each other; `pricehouse up` alone runs both"
        )
    for is_on, option, others, what in (
        (server_only, "--server-only", ("serve_host", "serve_port"), "the marketplace"),
        (worker_only, "--worker-only", ("host", "port"), "Prefect's server"),
    ):
        for name in others:
            given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
            if is_on and given:
                raise UsageError(
                    f"--{name.replace('_', '-')} is about {what}, which {option} leaves out"
                )
    if server_only:
        return Part.SERVER
    return Part.WORKER if worker_only else Part.ALL


def _print_progress(text: str) -> None:
    err.print(f"[bold]pricehouse[/]: {escape(text)}")
