"""Run the marketplace in this process."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Sequence

import uvicorn

from marketplace.app import create_app
from schemas.errors import SettingsError
from warehouse.publication.reader_pool import PublicationPool
from warehouse.storage.home import Home


def run_server(
    home: Home,
    *,
    host: str,
    port: int,
    cors_origins: Sequence[str],
    say: Callable[[str], None],
    grace_s: int,
) -> None:
    """Serve until SIGINT or SIGTERM, and return when running requests are answered.

    Says the address when it listens; SettingsError when it cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=512)
    except OSError as error:
        raise SettingsError(f"cannot listen at {host} port {port}: {error.strerror}") from error
    app = create_app(PublicationPool(home), cors_origins=cors_origins)
    config = uvicorn.Config(
        app, log_level="warning", timeout_graceful_shutdown=grace_s, server_header=False
    )
    shown = f"[{host}]" if ":" in host else host
    with listening:
        say(f"serving {home.root} at http://{shown}:{listening.getsockname()[1]} (Ctrl-C stops it)")
        # When it has ended, uvicorn raises the signal again that ended it: it was heard already.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: None)
        uvicorn.Server(config).run(sockets=[listening])
    say("stopped")
