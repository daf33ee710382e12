"""A server that speaks to raw sockets, with TLS or without, and does to a client what servers do.

What it does is a function of a `Line`: one accepted connection, from before the first byte.
"""

from __future__ import annotations

import socket
import ssl
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from samples.catalog import Catalog
from samples.routes import ServerReply, ServerRequest, respond


@dataclass
class Line:
    """One connection to the misbehaving server; `number` counts them from 1."""

    sock: socket.socket
    number: int
    server: FaultServer
    request: ServerRequest | None = None

    def ask(self) -> ServerRequest:
        """Read the head of a request and remember it."""
        head = b""
        while b"\r\n\r\n" not in head:
            got = self.sock.recv(65536)
            if not got:
                raise ConnectionError("the client went away")
            head += got
        first, *lines = head.split(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        pairs = (line.partition(":")[::2] for line in lines)
        self.request = ServerRequest(method, target, {k.lower(): v.strip() for k, v in pairs})
        self.server.requests.append(self.request)
        return self.request

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.sock.sendall(data)

    def head(self, status: int = 200, headers: dict[str, str] | None = None) -> None:
        """Send a status line and headers, without a length."""
        lines = [f"HTTP/1.1 {status} Whatever", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        self.send("\r\n".join([*lines, "", ""]).encode("latin-1", "replace"))

    def reply(
        self, status: int = 200, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> None:
        """Send a proper answer."""
        self.head(status, {"Content-Length": str(len(body)), **(headers or {})})
        self.send(body)

    def told(self) -> ServerReply:
        """Return what a well-behaved server would answer."""
        assert self.request is not None
        return respond(self.request, self.server.catalog, base_url=self.server.url)

    def well(self, headers: dict[str, str] | None = None) -> None:
        """Answer as a well-behaved server does, with further headers."""
        told = self.told()
        self.reply(told.status, told.body, {**told.headers, **(headers or {})})

    def reset(self) -> None:
        """Close with RST."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def until_over(self, seconds: float = 0.02) -> bool:
        """Wait a moment; False when the test is over."""
        return not self.server.over.wait(seconds)


Act = Callable[[Line], None]


@dataclass
class FaultServer:
    """Listens on a port that the system chose; every connection has a thread."""

    act: Act
    catalog: Catalog
    tls: ssl.SSLContext | None = None
    elsewhere: str = ""
    """Origin of another server, to be led to."""
    requests: list[ServerRequest] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    port: int = 0
    first_page: bytes = b""

    @property
    def url(self) -> str:
        """The origin."""
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    @contextmanager
    def running(self) -> Iterator[FaultServer]:
        """Serve until the block ends; nobody is waited for who does not want to end."""
        with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
            self.port = listener.getsockname()[1]
            accepting = threading.Thread(target=self._accept, args=(listener,), daemon=True)
            accepting.start()
            try:
                yield self
            finally:
                self.over.set()
                with suppress(OSError):
                    listener.shutdown(socket.SHUT_RDWR)
                accepting.join()

    def _accept(self, listener: socket.socket) -> None:
        number = 0
        while not self.over.is_set():
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            number += 1
            threading.Thread(target=self._serve, args=(sock, number), daemon=True).start()

    def _serve(self, sock: socket.socket, number: int) -> None:
        # Whatever the client does to us is what several cases want of it.
        with suppress(OSError, ssl.SSLError, ConnectionError), sock:
            if self.tls is not None:
                sock = self.tls.wrap_socket(sock, server_side=True)
            self.act(Line(sock, number, self))
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()


def chunk(data: bytes) -> bytes:
    """Return one chunk of a chunked body."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def bomb(zeros: int) -> bytes:
    """Return a gzip body of so many spaces, a thousandth of their size."""
    piece = b" " * 1_000_000
    packing = zlib.compressobj(9, wbits=31)
    parts = [packing.compress(piece) for _ in range(zeros // len(piece))]
    return b"".join([*parts, packing.flush()])


def tls_context(folder: Path) -> ssl.SSLContext:
    """Return a server's context with the certificate in a folder."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    return context
