"""Real proxies on this machine: an HTTP one (forwarding and CONNECT) and a SOCKS5 one.

A proxy resolves names by its own table, so that a name which no resolver knows is reached through
it alone:

    with http_proxy({"hub.test": port}) as proxy: … proxy.url, proxy.targets …
"""

from __future__ import annotations

import socket
import struct
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field

Handler = Callable[["RunningProxy", socket.socket], None]
PROXY_CANARY = "hunter2-hunter2"
"""A password of a proxy, which no output and no file may hold."""
_REFUSED = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"


@dataclass
class RunningProxy:
    """A proxy that listens; `names` is host → port of this machine, `login` is `user:password`."""

    scheme: str
    names: Mapping[str, int]
    login: str | None
    handle: Handler
    targets: list[str] = field(default_factory=list)
    """What it was asked for, `host:port`, each time."""
    port: int = 0
    _open: set[socket.socket] = field(default_factory=set)

    @property
    def url(self) -> str:
        """Its address, without the login."""
        return f"{self.scheme}://127.0.0.1:{self.port}"

    @property
    def url_with_login(self) -> str:
        """Its address with the login."""
        return f"{self.scheme}://{self.login}@127.0.0.1:{self.port}"

    def connect(self, host: str, port: int) -> socket.socket | None:
        """Connect to a name of the table; None for every other one."""
        self.targets.append(f"{host}:{port}")
        if host not in self.names:
            return None
        sock = socket.create_connection(("127.0.0.1", self.names[host]), timeout=30)
        self._open.add(sock)
        return sock

    @contextmanager
    def running(self) -> Iterator[RunningProxy]:
        """Listen until the block ends, then break off every connection."""
        with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
            self.port = listener.getsockname()[1]
            accepting = threading.Thread(target=self._accept, args=(listener,), daemon=True)
            accepting.start()
            try:
                yield self
            finally:
                for sock in [listener, *self._open]:
                    with suppress(OSError):
                        sock.shutdown(socket.SHUT_RDWR)
                accepting.join()
                for sock in list(self._open):
                    sock.close()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            self._open.add(sock)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        with suppress(OSError), sock:
            self.handle(self, sock)


def http_proxy(
    names: Mapping[str, int], *, login: str | None = None
) -> AbstractContextManager[RunningProxy]:
    """Run an HTTP proxy."""
    return RunningProxy("http", names, login, _serve_http).running()


def socks_proxy(
    names: Mapping[str, int], *, login: str | None = None
) -> AbstractContextManager[RunningProxy]:
    """Run a SOCKS5 proxy that resolves names."""
    return RunningProxy("socks5", names, login, _serve_socks).running()


def _serve_http(proxy: RunningProxy, client: socket.socket) -> None:
    head = b""
    while b"\r\n\r\n" not in head:
        if not (received := client.recv(65536)):
            return
        head += received
    head, _, body = head.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, version = first.split(" ")
    headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
    if proxy.login is not None:
        wanted = "Basic " + b64encode(proxy.login.encode()).decode()
        if headers.pop("proxy-authorization", None) != wanted:
            proxy.targets.append("refused")
            client.sendall(_REFUSED)
            return
    place = target if method == "CONNECT" else target.partition("://")[2].partition("/")[0]
    host, _, port = place.partition(":")
    server = proxy.connect(host, int(port or 80))
    if server is None:
        client.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
        return
    if method == "CONNECT":
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
    else:  # one exchange per connection: the server closes it, and so does the proxy
        path = target.partition("://")[2].partition("/")[2]
        sent = [f"{k}: {v}" for k, v in {**headers, "connection": "close"}.items()]
        lines = [f"{method} /{path} {version}", *sent, "", ""]
        server.sendall("\r\n".join(lines).encode("latin-1") + body)
    _relay(client, server)


def _serve_socks(proxy: RunningProxy, client: socket.socket) -> None:
    _, count = _read(client, 2)
    offered = _read(client, count)
    method = 0 if proxy.login is None else 2
    if method not in offered:
        proxy.targets.append("refused")
        client.sendall(b"\x05\xff")
        return
    client.sendall(bytes([5, method]))
    if method == 2:
        _, length = _read(client, 2)
        user = _read(client, length)
        password = _read(client, _read(client, 1)[0])
        good = b":".join([user, password]).decode() == proxy.login
        if not good:
            proxy.targets.append("refused")  # before the answer, which the test waits for
            client.sendall(b"\x01\x01")
            return
        client.sendall(b"\x01\x00")
    kind = _read(client, 4)[3]
    if kind == 3:
        host = _read(client, _read(client, 1)[0]).decode()
    else:  # an address: the client resolved the name itself, or there was none
        host = socket.inet_ntoa(_read(client, 4))
    (port,) = struct.unpack("!H", _read(client, 2))
    server = proxy.connect(host, port)
    client.sendall(bytes([5, 4 if server is None else 0, 0, 1]) + bytes(6))
    if server is not None:
        _relay(client, server)


def _read(sock: socket.socket, count: int) -> bytes:
    received = b""
    while len(received) < count:
        more = sock.recv(count - len(received))
        if not more:
            raise ConnectionError("the client closed the connection")
        received += more
    return received


def _relay(client: socket.socket, server: socket.socket) -> None:
    """Pass bytes both ways until each side has ended."""
    back = threading.Thread(target=_pass_on, args=(server, client), daemon=True)
    back.start()
    _pass_on(client, server)
    back.join()
    server.close()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while received := source.recv(65536):
            target.sendall(received)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
