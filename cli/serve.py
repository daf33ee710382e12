"""`pricehouse serve`: the marketplace, until it is stopped."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import partial

import click

from cli.console import err, err_print
from cli.options import current_home, home_option, read_environment
from marketplace.root_path import SETTING as ROOT_PATH_SETTING
from marketplace.root_path import checked_root_path
from marketplace.server import WebAccess, run_server
from pipeline.settings import read_alert_rules
from pipeline.store import find_store
from schemas.errors import SettingsError
from warehouse.storage.home import Home
from warehouse.store.follower import following
from warehouse.store.store_settings import SETTING as STORE_SETTING

HOST, PORT = "127.0.0.1", 8400
CORS_SETTING = "PRICEHOUSE_CORS_ORIGINS"
GRACE_S = 10
MCP_HOSTS_SETTING = "PRICEHOUSE_MCP_HOSTS"
_HOST = re.compile(r"[A-Za-z0-9.-]+|\[?[0-9A-Fa-f:.]+\]?")
_ORIGIN = re.compile(r"\*|https?://[A-Za-z0-9.-]+(:\d{1,5})?")


@click.command()
@click.option("--host", default=HOST, show_default=True, help="The address to listen at.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=PORT,
    show_default=True,
    help="The port; 0 takes a free one.",
)
@click.option(
    "--root-path",
    metavar="PATH",
    help=f"The path under which a proxy serves this, like /prices [env: {ROOT_PATH_SETTING}].",
)
@home_option
def serve(*, host: str, port: int, root_path: str | None) -> None:
    """Serve the marketplace: pages, the API, feeds and exports.

    The API is under /v1, the MCP server at /mcp. The server reads marketplace.duckdb alone, and
    switches to each new publication. It can be started before the first; /readyz reports when
    there is something to read. A home without a landing follows the store that is set. Ctrl-C or
    SIGTERM stops it, once running requests are answered. Put a proxy with TLS before it to serve
    others.
    """
    stated = os.environ.get(ROOT_PATH_SETTING, "") if root_path is None else root_path
    access = WebAccess(
        cors_origins(os.environ),
        mcp_hosts(os.environ),
        checked_root_path(stated),
        read_alert_rules(os.environ).stale_after,
    )
    home = Home(current_home())
    environment = read_environment()
    stored = bool(environment.get(STORE_SETTING, "").strip())
    with following(home, partial(find_store, environment), err_print, is_set=stored):
        run_server(home, host=host, port=port, access=access, print_line=err.print, grace_s=GRACE_S)


def cors_origins(environment: Mapping[str, str]) -> list[str]:
    """Return the origins whose pages may read the API; SettingsError names what is no origin."""
    origins = environment.get(CORS_SETTING, "").replace(",", " ").split()
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise SettingsError(
                f"{CORS_SETTING} has {origin!r}; each must be like https://shop.example, or *"
            )
    return origins


def mcp_hosts(environment: Mapping[str, str]) -> list[str]:
    """Return the further names by which /mcp is called; SettingsError names what is no host."""
    hosts = environment.get(MCP_HOSTS_SETTING, "").replace(",", " ").split()
    for host in hosts:
        if not _HOST.fullmatch(host):
            raise SettingsError(
                f"{MCP_HOSTS_SETTING} has {host!r}; each must be a name like prices.example, "
                "without scheme or port"
            )
    return [host.strip("[]") for host in hosts]
