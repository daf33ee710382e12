"""A server on raw sockets, with TLS or without, that may break every rule of HTTP.

Its behaviour is a function of one `Connection`, from before the first byte. `scripted` makes one of
replies or of a function from request to reply, which keeps the connection alive:

    with serving([RawReply(503), RawReply(body=b"[]")]) as server: …

`samples.hub` is the server that behaves.
"""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from functools import cache, reduce
from pathlib import Path

from samples.catalog import Catalog
from samples.routes import ServerRequest, respond


@dataclass(frozen=True)
class RawReply:
    """A proper response, unless `length` is not the body's, or a fault takes over after it.

    The server waits `wait_s` before it sends anything; `then` gets the connection after the body,
    and the connection ends when it returns.
    """

    status: int = 200
    body: bytes = b"[]"
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    wait_s: float = 0.0
    then: Callable[[Connection], None] | None = None


@dataclass
class Connection:
    """One connection of the server; `number` counts them from 1."""

    sock: socket.socket
    number: int
    server: RawServer
    request: ServerRequest | None = None

    def read_request(self) -> ServerRequest:
        """Read one request with its body and remember it; ConnectionError when none comes."""
        received = b""
        while b"\r\n\r\n" not in received:
            if received and not received[:1].isalpha():  # TLS, as servers without it answer that
                self.send(b"HTTP/1.1 400 Bad ServerRequest\r\nConnection: close\r\n\r\n")
                raise ConnectionError("the client does not use HTTP")
            received += self._receive()
        head, _, body = received.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        pairs = (line.partition(":")[::2] for line in lines)
        headers = {name.lower(): value.strip() for name, value in pairs}
        while len(body) < int(headers.get("content-length", "0")):
            body += self._receive()
        self.request = ServerRequest(method, target, headers, body)
        self.server.requests.append(self.request)
        return self.request

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.sock.sendall(data)

    def send_head(self, status: int = 200, headers: dict[str, str] | None = None) -> None:
        """Send a status line and headers, without a length, for the last response."""
        self.send(_head(status, {"Connection": "close", **(headers or {})}))

    def send_reply(self, reply: RawReply, *, keep_alive: bool = False) -> None:
        """Send a response with its length, and run what comes `then`."""
        if reply.wait_s:
            self.server.over.wait(reply.wait_s)
        length = len(reply.body) if reply.length is None else reply.length
        headers = {} if keep_alive else {"Connection": "close"}
        headers |= {"Content-Length": str(length), **reply.headers}
        self.send(_head(reply.status, headers) + reply.body)
        if reply.then is not None:
            reply.then(self)

    def good_reply(self) -> RawReply:
        """Return what the server that behaves would send from the catalog."""
        assert self.request is not None
        assert self.server.catalog is not None
        good = respond(self.request, self.server.catalog, base_url=self.server.url)
        return RawReply(good.status, good.body, good.headers)

    def send_good_reply(self, headers: dict[str, str] | None = None) -> None:
        """Send what the server that behaves would send, with further headers."""
        good = self.good_reply()
        self.send_reply(replace(good, headers={**good.headers, **(headers or {})}))

    def reset(self) -> None:
        """Close with RST instead of FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def is_open_after(self, seconds: float = 0.02) -> bool:
        """Wait a moment; False when the test is over."""
        return not self.server.over.wait(seconds)

    def _receive(self) -> bytes:
        received = self.sock.recv(65536)
        if not received:
            raise ConnectionError("the client closed the connection")
        return received


Behaviour = Callable[[Connection], None]
Script = Callable[[ServerRequest], RawReply]


@dataclass
class RawServer:
    """Listens on a port that the system chose; every connection has a thread.

    `catalog` is what good replies are made of, `elsewhere` the origin of another server to lead to.
    """

    behaviour: Behaviour
    catalog: Catalog | None = None
    tls: ssl.SSLContext | None = None
    elsewhere: str = ""
    first_page: bytes = b""
    requests: list[ServerRequest] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    port: int = 0
    _open: set[socket.socket] = field(default_factory=set)

    @property
    def url(self) -> str:
        """The origin."""
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def open_connections(self) -> int:
        """How many connections neither side has ended."""
        return len(self._open)

    def all_closed(self, *, within_s: float = 60.0) -> bool:
        """Wait until every connection has ended."""
        give_up = time.monotonic() + within_s
        while self._open and time.monotonic() < give_up:
            time.sleep(0.005)
        return not self._open

    @contextmanager
    def running(self) -> Iterator[RawServer]:
        """Serve until the block ends, then break off every connection."""
        with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
            self.port = listener.getsockname()[1]
            accepting = threading.Thread(target=self._accept, args=(listener,), daemon=True)
            accepting.start()
            try:
                yield self
            finally:
                self.over.set()
                for sock in [listener, *self._open]:
                    with suppress(OSError):
                        sock.shutdown(socket.SHUT_RDWR)
                accepting.join()

    def _accept(self, listener: socket.socket) -> None:
        number = 0
        while not self.over.is_set():
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            number += 1
            self._open.add(sock)
            threading.Thread(target=self._serve, args=(sock, number), daemon=True).start()

    def _serve(self, accepted: socket.socket, number: int) -> None:
        sock = accepted
        # Several cases want the client to do whatever raises here.
        with suppress(OSError, ssl.SSLError, ConnectionError), accepted:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.tls is not None:
                sock = self.tls.wrap_socket(sock, server_side=True)
            self.behaviour(Connection(sock, number, self))
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        self._open.discard(accepted)


def scripted(script: Script | Sequence[RawReply]) -> Behaviour:
    """Return a behaviour that answers requests by a script; a list's last reply is repeated."""
    answer = script if callable(script) else _in_turn(script)

    def serve(connection: Connection) -> None:
        while True:
            reply = answer(connection.read_request())
            dated = {"Date": formatdate(usegmt=True), **reply.headers}
            keep_alive = reply.then is None
            connection.send_reply(replace(reply, headers=dated), keep_alive=keep_alive)
            if not keep_alive:
                return

    return serve


def serving(script: Script | Sequence[RawReply]) -> AbstractContextManager[RawServer]:
    """Run a server that answers by a script."""
    return RawServer(scripted(script)).running()


def _in_turn(replies: Sequence[RawReply]) -> Script:
    rest = list(replies)
    return lambda _request: rest.pop(0) if len(rest) > 1 else rest[0]


def _head(status: int, headers: dict[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {text}" for name, text in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")


def end_here(connection: Connection) -> None:
    """End the connection in good order, whatever the response still lacks."""


def drip(connection: Connection) -> None:
    """Send a byte now and then until the test is over or the client closes."""
    while connection.is_open_after():
        connection.send(b" ")


def json_reply(value: object, headers: dict[str, str] | None = None) -> RawReply:
    """Return a value as JSON."""
    return RawReply(body=json.dumps(value).encode(), headers=headers or {})


def chunk(data: bytes) -> bytes:
    """Return one chunk of a chunked body."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


@cache
def bomb(spaces: int) -> bytes:
    """Return a gzip body of so many spaces, a thousandth of their size.

    Each million is the same block, packed once: a client waits for this.
    """
    piece, pieces = b" " * 1_000_000, spaces // 1_000_000
    packing = zlib.compressobj(9, wbits=-15)
    block = packing.compress(piece) + packing.flush(zlib.Z_FULL_FLUSH)
    checksum = reduce(lambda crc, _: zlib.crc32(piece, crc), range(pieces), 0)
    header, end = b"\x1f\x8b\x08\0\0\0\0\0\x02\xff", zlib.compressobj(wbits=-15).flush()
    size = pieces * len(piece) % 2**32
    return header + block * pieces + end + struct.pack("<II", checksum, size)


def tls_context(folder: Path) -> ssl.SSLContext:
    """Return a server's context with the certificate in a folder."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    return context


def unused_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
