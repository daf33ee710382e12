"""Run the marketplace in this process."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import uvicorn

from marketplace.app import create_app
from marketplace.mcp.http_endpoint import AllowedCallers
from schemas.errors import SettingsError
from warehouse.publication.reader_pool import PublicationPool
from warehouse.storage.home import Home

_KEEP_ALIVE_S = 75
"""Longer than clients and proxies keep an idle connection: a request that meets the server's own
end of one fails, and a POST is not sent again."""


@dataclass(frozen=True)
class WebAccess:
    """The origins whose pages may read the API, further names by which /mcp is called, and the
    path under which a proxy serves all."""

    cors_origins: Sequence[str] = ()
    mcp_hosts: Sequence[str] = ()
    root_path: str = ""


def run_server(
    home: Home,
    *,
    host: str,
    port: int,
    access: WebAccess,
    print_line: Callable[[str], None],
    grace_s: int,
) -> None:
    """Serve until SIGINT or SIGTERM, and return when running requests are finished.

    Prints the address when it listens; SettingsError when the address cannot be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=512)
    except OSError as error:
        raise SettingsError(f"cannot listen at {host} port {port}: {error.strerror}") from error
    callers = AllowedCallers.at(host, access.mcp_hosts, access.cors_origins)
    app = create_app(
        PublicationPool(home),
        cors_origins=access.cors_origins,
        callers=callers,
        root_path=access.root_path,
    )
    config = uvicorn.Config(
        app,
        log_level="warning",
        timeout_graceful_shutdown=grace_s,
        timeout_keep_alive=_KEEP_ALIVE_S,
        server_header=False,
    )
    url_host = f"[{host}]" if ":" in host else host
    with listening:
        address = f"http://{url_host}:{listening.getsockname()[1]}{access.root_path}"
        print_line(f"serving {home.root} at {address} (Ctrl-C stops it)")
        # After a shutdown uvicorn raises the signal again that caused it; it has been handled.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: None)
        uvicorn.Server(config).run(sockets=[listening])
    print_line("stopped")
