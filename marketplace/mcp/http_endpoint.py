"""The address /mcp: the SDK's streamable HTTP transport behind a check of Host and Origin.

Each request is answered by itself, without a session, so that a restart or a second process loses
nothing. A page of a browser must not reach a server on this machine by a name of its own (DNS
rebinding): the specification wants Origin checked, and at a loopback address also Host. The SDK's
own check needs every name in advance and answers without saying what to set, so it is off.
"""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from marketplace import problems
from marketplace.mcp.protocol_server import make_server
from warehouse.publication.reader_pool import PublicationPool

PATH = "/mcp"
HOSTS_SETTING = "PRICEHOUSE_MCP_HOSTS"
MAX_BODY_BYTES = 1_000_000
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class AllowedCallers:
    """Which Host and Origin headers are accepted.

    `hosts` are the names by which the server may be called, besides loopback; None: any, because
    the server listens at an address that others reach. A page's own origin is that of its host;
    `origins` are further ones, `*` any.
    """

    hosts: frozenset[str] | None = frozenset()
    origins: frozenset[str] = frozenset()

    @classmethod
    def at(cls, host: str, hosts: Collection[str], origins: Sequence[str]) -> AllowedCallers:
        """Return the rules for a server that listens at `host`, known by the names `hosts`."""
        names = frozenset(name.lower() for name in hosts)
        if not names and not _is_loopback(host):
            return cls(None, frozenset(origins))
        return cls(names | {host.lower()}, frozenset(origins))

    def allows_host(self, header: str) -> bool:
        """Return whether a Host header names this server."""
        name = _host_name(header)
        return bool(name) and (self.hosts is None or name in self.hosts or _is_loopback(name))

    def allows_origin(self, header: str | None, host: str) -> bool:
        """Return whether a request comes from no page, from one of this server, or an allowed one.

        On loopback every port is this machine's own.
        """
        if header is None or header in self.origins or "*" in self.origins:
            return True
        parts = urlsplit(header)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            return False
        if _is_loopback(parts.hostname) and _is_loopback(_host_name(host)):
            return True
        return parts.netloc.lower() == host.lower()


class McpEndpoint:
    """The application at /mcp; its transport runs from the start of the server to its end."""

    def __init__(self, pool: PublicationPool, allowed: AllowedCallers) -> None:
        self._allowed = allowed
        self._transport = StreamableHTTPSessionManager(
            make_server(pool),
            json_response=True,
            stateless=True,
            max_request_body_size=MAX_BODY_BYTES,
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the transport; it runs once."""
        async with self._transport.run():
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        host, origin = request.headers.get("host", ""), request.headers.get("origin")
        if not self._allowed.allows_host(host):
            detail = f"the Host {host!r} is not a name of this server; {HOSTS_SETTING} allows it"
            await problems.problem(request, 421, "about:blank", detail)(scope, receive, send)
        elif not self._allowed.allows_origin(origin, host):
            detail = f"pages of {origin!r} may not call this; PRICEHOUSE_CORS_ORIGINS allows them"
            await problems.problem(request, 403, "about:blank", detail)(scope, receive, send)
        elif request.method != "POST":
            detail = "send JSON-RPC by POST; there are no sessions and no event streams here"
            response = problems.problem(
                request, 405, "about:blank", detail, headers={"Allow": "POST"}
            )
            await response(scope, receive, send)
        else:
            await self._transport.handle_request(scope, receive, send)


def _host_name(header: str) -> str:
    """Return the host of `host:port`, without brackets; empty for what is no host."""
    try:
        return urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return ""


def _is_loopback(host: str) -> bool:
    if host.lower() in _LOOPBACK:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
