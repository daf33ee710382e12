"""The sample's HTTP server: it serves a `Catalog` as the Hub and the router do, and price lists.

In a program: `with serve(load(1)) as hub: … hub.url …`, and `hub.show(load(2))` for the next step.
By hand: `python -m samples.hub --port 8400 --step 1`, or `--recording DIR` for what
`pricehouse record DIR` wrote. The base URLs of all feeds are this one server.
"""

from __future__ import annotations

import argparse
import gzip
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from threading import Event, Thread
from typing import Any, Literal, get_args

from samples.catalog import STEPS, ServedCatalog, load, load_recording
from samples.list_routes import PriceLists, load_price_lists
from samples.quota import Quota
from samples.routes import ServerReply, ServerRequest, error, respond

FEEDS = ("hub", "router")
"""The feeds of a `Catalog`, which `pricehouse record` records."""

SAMPLE_FEEDS = (*FEEDS, "deepinfra_list", "wavespeed_list")
"""The feeds of which the sample holds a capture."""

OK, NOT_MODIFIED = 200, 304
ETags = Literal["strong", "weak"]
OnRequest = Callable[[ServerRequest], ServerReply | None]


class Hub:
    """A running server. `url` is its base address, without a slash at the end."""

    def __init__(
        self,
        catalog: ServedCatalog,
        *,
        price_lists: PriceLists | None,
        quota: Quota,
        on_request: OnRequest | None,
        compress: bool,
        etags: ETags | None,
    ) -> None:
        self._catalog = catalog
        self._price_lists = price_lists
        self._quota = quota
        self._on_request = on_request
        self._compress = compress
        self._etags = etags
        self.url = ""

    def show(self, catalog: ServedCatalog) -> None:
        """Serve this catalog from the next request on."""
        self._catalog = catalog

    def reply(self, request: ServerRequest) -> ServerReply:
        """Reply to one request: by the hook, else from a price list, else from the catalog."""
        if self._on_request and (reply := self._on_request(request)) is not None:
            return reply
        if self._price_lists and (reply := self._price_lists.reply(request)) is not None:
            return reply
        allowed, headers = self._quota.take()
        if not allowed:
            return error(429, "We had to rate limit your IP address.", headers)
        # The link names the host by which the caller knows this server.
        host = request.headers.get("host")
        reply = respond(
            request, self._catalog, base_url=f"http://{host}" if host is not None else self.url
        )
        if self._etags and reply.status == OK:
            reply = _with_etag(reply, request.headers.get("if-none-match"), self._etags)
        if self._compress and "gzip" in request.headers.get("accept-encoding", ""):
            headers["content-encoding"] = "gzip"
            reply = replace(reply, body=gzip.compress(reply.body, 1, mtime=0))
        return replace(reply, headers={**reply.headers, **headers})


# Seven parameters: what is served, and how; each caller chooses some.
@contextmanager
def serve(
    catalog: ServedCatalog,
    *,
    price_lists: PriceLists | None = None,
    port: int = 0,
    quota: Quota | None = None,
    on_request: OnRequest | None = None,
    compress: bool = False,
    etags: ETags | None = None,
) -> Iterator[Hub]:
    """Serve the catalog on loopback until the block ends; port 0 takes a free one.

    `on_request` gets every request first, from several threads, and may return a reply of its own,
    which is sent as it is, not counted and without rate headers; so are replies of `price_lists`.
    `compress` sends gzip to callers that accept it; `etags` sends an ETag of that kind, and 304 to
    callers that have the body. Leaving the block cuts open connections, so that nothing answers
    afterwards.
    """
    hub = Hub(
        catalog,
        price_lists=price_lists,
        quota=quota or Quota(),
        on_request=on_request,
        compress=compress,
        etags=etags,
    )
    with _HubServer(hub, port) as server:
        hub.url = f"http://127.0.0.1:{server.server_port}"
        # The poll only bounds how long leaving takes; requests are accepted at once.
        thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield hub
        finally:
            server.shutdown()
            thread.join()
            server.cut_connections()


class _HubServer(ThreadingHTTPServer):
    daemon_threads = True  # a hook that still sleeps must not delay the end
    request_queue_size = 128  # callers that connect all at once are not refused

    def __init__(self, hub: Hub, port: int) -> None:
        self.hub = hub
        self._connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)

    def server_bind(self) -> None:
        """Bind without a DNS lookup of this machine's name, which can take seconds offline."""
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
        """Close kept-alive connections, whose threads would still reply when nothing listens."""
        for connection in list(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: Any
    ) -> None:
        """Ignore callers that disconnected; report anything else, which is an internal error."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keep-alive
    wbufsize = 65536  # head and small body leave in one write
    disable_nagle_algorithm = True
    server: _HubServer

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.server.hub.reply(ServerRequest(self.command, self.path, headers, body))
        self.send_response(reply.status)
        for name, value in {"content-length": str(len(reply.body)), **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body[: reply.cut_at])
        if reply.cut_at is not None:
            self.close_connection = True

    do_POST = do_GET  # the routes decide; a hook may want to see what was posted

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: a test that needs the requests passes `on_request`."""


def _with_etag(reply: ServerReply, known: str | None, kind: ETags) -> ServerReply:
    """Return a reply with the ETag of its body, without the body if the caller knows it."""
    etag = f'{"W/" if kind == "weak" else ""}"{sha256(reply.body).hexdigest()[:32]}"'
    headers = {**reply.headers, "etag": etag}
    if known == etag:
        headers.pop("content-type", None)
        return ServerReply(NOT_MODIFIED, b"", headers)
    return replace(reply, headers=headers)


def run(
    catalog: ServedCatalog,
    *,
    port: int,
    requests: int,
    title: str,
    price_lists: PriceLists | None = None,
    etags: ETags | None = None,
) -> None:
    """Serve as a program: print the address, then serve until interrupted."""
    quota = Quota(requests)
    with serve(catalog, price_lists=price_lists, port=port, quota=quota, etags=etags) as hub:
        sys.stdout.write(f"{title} at {hub.url}\n")
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
    parser.add_argument(
        "--etags",
        choices=get_args(ETags),
        help="send ETags of this kind and answer 304; default: none, as the recordings hold none",
    )
    return parser


def main() -> None:
    """Serve a step of the sample, or a recording."""
    parser = arguments(
        "python -m samples.hub", "Serve the sample as the Hub, the router and two price lists do."
    )
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--step", type=int, choices=STEPS, default=1)
    chosen.add_argument("--recording", type=Path, metavar="DIR", help="what was recorded there")
    given = parser.parse_args()
    catalog, title = load(given.step), f"step {given.step}"
    price_lists: PriceLists | None = load_price_lists()
    if given.recording is not None:
        try:
            catalog, title, price_lists = load_recording(given.recording), "the recording", None
        except (OSError, ValueError) as error:
            parser.error(str(error))
    run(
        catalog,
        port=given.port,
        requests=given.requests,
        title=title,
        price_lists=price_lists,
        etags=given.etags,
    )


if __name__ == "__main__":
    main()
