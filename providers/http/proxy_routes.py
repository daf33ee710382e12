"""Send each request through the proxy of its address, or straight to its host."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

import httpx

from providers.http.proxies import Proxies, ProxyServer


class ProxyRoutes(httpx.BaseTransport):
    """Hold a pool of connections per proxy, and one without a proxy.

    httpx chooses by patterns of its own, which know no networks, from variables that it reads
    itself; here `Proxies` chooses. SSL_CERT_FILE and SSL_CERT_DIR count as in httpx, also for the
    certificate of a proxy.
    """

    def __init__(self, proxies: Proxies) -> None:
        self._proxies = proxies
        self._context = httpx.create_ssl_context()
        self._pools: dict[ProxyServer | None, httpx.HTTPTransport] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; httpx.TransportError when no whole response comes."""
        server = self._proxies.proxy_of(str(request.url))
        pool = self._pool(server)
        if server is not None and server.is_socks:
            return _send_by_socks(pool, request)
        return pool.handle_request(request)

    def close(self) -> None:
        """Close every pool."""
        for pool in self._pools.values():
            pool.close()

    def _pool(self, server: ProxyServer | None) -> httpx.HTTPTransport:
        if server not in self._pools:
            self._pools[server] = httpx.HTTPTransport(
                verify=self._context, proxy=_proxy(server, self._context) if server else None
            )
        return self._pools[server]


def _send_by_socks(pool: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
    """Send a request; httpx.ProxyError also when the proxy breaks its protocol.

    A connection whose SOCKS exchange failed is in no pool: httpcore drops it without closing it.
    """
    from socksio.exceptions import SOCKSError  # only a SOCKS proxy needs the package

    observe = request.extensions.get("trace")
    with ExitStack() as opened:

        def trace(event: str, info: Mapping[str, Any]) -> None:
            if event.endswith("connect_tcp.complete"):
                opened.callback(info["return_value"].close)
            if observe is not None:
                observe(event, info)

        request.extensions["trace"] = trace
        try:
            response = pool.handle_request(request)
            opened.pop_all()  # the pool has them now
            return response
        except (SOCKSError, AssertionError):  # httpcore asserts the type of a reply
            pass  # raised out here: the chain would carry the login
    raise httpx.ProxyError("it does not answer as a SOCKS5 proxy does")


def _proxy(server: ProxyServer, context: ssl.SSLContext) -> httpx.Proxy:
    return httpx.Proxy(server.url(), ssl_context=context if server.scheme == "https" else None)


def _without_login(record: logging.LogRecord) -> bool:
    """Drop httpcore's debug lines about the login at a SOCKS proxy, which quote it."""
    return "setup_socks5_connection" not in record.getMessage()


logging.getLogger("httpcore.socks").addFilter(_without_login)
