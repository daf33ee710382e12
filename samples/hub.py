"""The sample's Hub: a real HTTP server that gives out a `Catalog` as the Hub and the router do.

In a program: `with serve(load(1)) as hub: … hub.url …`, and `hub.show(load(2))` for the next step.
By hand: `python -m samples.hub --port 8400 --step 1`, or `--recording DIR` for what
`pricehouse record DIR` wrote. Both base URLs are this one server.
"""

from __future__ import annotations

import argparse
import gzip
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from threading import Event, Thread
from typing import Any

from samples.catalog import STEPS, Catalog, load, load_recording
from samples.quota import Quota
from samples.routes import Reply, Request, answer, error

FEEDS = ("hub", "router")
"""The feeds that this server gives out; a run against it asks no other."""

OnRequest = Callable[[Request], Reply | None]


class Hub:
    """A running server. `url` is its base address, without a slash at the end."""

    def __init__(
        self, catalog: Catalog, *, quota: Quota, on_request: OnRequest | None, compress: bool
    ) -> None:
        self._catalog = catalog
        self._quota = quota
        self._on_request = on_request
        self._compress = compress
        self.url = ""

    def show(self, catalog: Catalog) -> None:
        """Give out this catalog from the next request on."""
        self._catalog = catalog

    def reply(self, request: Request) -> Reply:
        """Answer one request: as `on_request` says, else as the catalog and the quota do."""
        if self._on_request and (told := self._on_request(request)) is not None:
            return told
        allowed, headers = self._quota.take()
        if not allowed:
            return error(429, "We had to rate limit your IP address.", headers)
        # The link goes back to the name by which the caller knows this server.
        host = request.headers.get("host")
        reply = answer(
            request, self._catalog, base_url=f"http://{host}" if host is not None else self.url
        )
        if self._compress and "gzip" in request.headers.get("accept-encoding", ""):
            headers["content-encoding"] = "gzip"
            reply = replace(reply, body=gzip.compress(reply.body, 1, mtime=0))
        return replace(reply, headers={**reply.headers, **headers})


@contextmanager
def serve(
    catalog: Catalog,
    *,
    port: int = 0,
    quota: Quota | None = None,
    on_request: OnRequest | None = None,
    compress: bool = False,
) -> Iterator[Hub]:
    """Serve the catalog on loopback until the block ends; port 0 takes a free one.

    `on_request` sees every request first, from several threads, and may answer it itself: its
    reply goes out as it is, not counted and without rate headers. `compress` answers in gzip
    whoever accepts it. Leaving the block cuts open connections, so that then nothing answers.
    """
    hub = Hub(catalog, quota=quota or Quota(), on_request=on_request, compress=compress)
    with _Server(hub, port) as server:
        hub.url = f"http://127.0.0.1:{server.server_port}"
        # The poll only bounds how long leaving takes; requests are taken up at once.
        thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield hub
        finally:
            server.shutdown()
            thread.join()
            server.cut_connections()


class _Server(ThreadingHTTPServer):
    daemon_threads = True  # a hook that still sleeps must not hold up the end
    request_queue_size = 128  # callers that come all at once are not turned away

    def __init__(self, hub: Hub, port: int) -> None:
        self.hub = hub
        self._connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)

    def server_bind(self) -> None:
        """Bind without asking DNS for this machine's name, which can take seconds offline."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def get_request(self) -> tuple[socket.socket, object]:
        connection, address = super().get_request()
        self._connections.add(connection)
        return connection, address

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        if isinstance(request, socket.socket):
            self._connections.discard(request)
        super().shutdown_request(request)

    def cut_connections(self) -> None:
        """End kept-alive connections, which would be answered even when nothing listens."""
        for connection in list(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: Any
    ) -> None:
        """Pass over callers that went away; anything else is a fault of ours and is shown."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keep-alive
    wbufsize = 65536  # head and small body leave in one write
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.server.hub.reply(Request(self.command, self.path, headers, body))
        self.send_response(reply.status)
        for name, value in {"content-length": str(len(reply.body)), **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body[: reply.cut_at])
        if reply.cut_at is not None:
            self.close_connection = True

    do_POST = do_GET  # the routes decide; a hook may want to see what was posted

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent: whoever wants to see requests passes `on_request`."""


def run(catalog: Catalog, *, port: int, requests: int, what: str) -> None:
    """Serve as a program: print the address, then serve until interrupted."""
    with serve(catalog, port=port, quota=Quota(requests)) as hub:
        sys.stdout.write(f"{what} at {hub.url}\n")
        sys.stdout.flush()
        with suppress(KeyboardInterrupt):
            Event().wait()


def arguments(prog: str, about: str | None) -> argparse.ArgumentParser:
    """Return a parser with the options that every serving program has."""
    parser = argparse.ArgumentParser(prog=prog, description=about)
    parser.add_argument("--port", type=int, default=0, help="0, the default, takes a free one")
    parser.add_argument(
        "--requests",
        type=int,
        default=500,
        help="quota per 300 s; default: the Hub's without a token",
    )
    return parser


def main() -> None:
    """Serve a step of the sample, or a recording."""
    parser = arguments("python -m samples.hub", "Serve the sample as the Hub does.")
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--step", type=int, choices=STEPS, default=1)
    chosen.add_argument("--recording", type=Path, metavar="DIR", help="what was recorded there")
    given = parser.parse_args()
    catalog, what = load(given.step), f"step {given.step}"
    if given.recording is not None:
        try:
            catalog, what = load_recording(given.recording), "the recording"
        except (OSError, ValueError) as error:
            parser.error(str(error))
    run(catalog, port=given.port, requests=given.requests, what=what)


if __name__ == "__main__":
    main()
