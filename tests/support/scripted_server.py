"""A loopback HTTP server that says what its script says, also what no proper server would."""

from __future__ import annotations

import gzip
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class FakeClock:
    """Both clocks in one; sleeping only moves them on, and is remembered."""

    seconds: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return datetime(2026, 11, 23, tzinfo=UTC) + timedelta(seconds=self.seconds)


@dataclass(frozen=True)
class Request:
    """What the client asked; `target` is path and query as they came over the wire."""

    target: str
    headers: dict[str, str]


@dataclass(frozen=True)
class Reply:
    """A proper answer, unless `misbehave` takes the connection over after the headers."""

    status: int = 200
    body: bytes = b"[]"
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    misbehave: Callable[[socket.socket], None] | None = None


Script = Callable[[Request], Reply]


class Server:
    """Runs the script; the last reply of a list goes on for ever."""

    def __init__(self, script: Script | Sequence[Reply]) -> None:
        self.requests: list[Request] = []
        self.open_connections = 0
        self._script = script if callable(script) else _in_turn(script)
        self._http = _quiet_server(self)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def reply(self, request: Request) -> Reply:
        self.requests.append(request)
        return self._script(request)

    def all_closed(self, *, within_s: float = 5.0) -> bool:
        give_up = time.monotonic() + within_s
        while self.open_connections and time.monotonic() < give_up:
            time.sleep(0.005)
        return self.open_connections == 0

    @contextmanager
    def running(self) -> Iterator[Server]:
        thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._http.shutdown()
            self._http.server_close()
            thread.join()


def _in_turn(replies: Sequence[Reply]) -> Script:
    rest = list(replies)
    return lambda _request: rest.pop(0) if len(rest) > 1 else rest[0]


def _quiet_server(server: Server) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            server.open_connections += 1

        def finish(self) -> None:
            try:
                super().finish()
            finally:
                server.open_connections -= 1

        def do_GET(self) -> None:
            headers = {key.lower(): value for key, value in self.headers.items()}
            reply = server.reply(Request(self.path, headers))
            self.send_response_only(reply.status)
            if "Date" not in reply.headers:
                self.send_header("Date", self.date_time_string())
            for key, value in reply.headers.items():
                self.send_header(key, value)
            length = len(reply.body) if reply.length is None else reply.length
            self.send_header("Content-Length", str(length))
            self.end_headers()
            self.wfile.write(reply.body)
            if reply.misbehave is not None:
                self.close_connection = True
                reply.misbehave(self.connection)

        def log_message(self, format: str, *args: object) -> None:
            """Keep the test's output clean."""

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that hangs up early is what several tests want."""

    return Quiet(("127.0.0.1", 0), Handler)


def reset(connection: socket.socket) -> None:
    """Close with RST instead of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    socket.close(connection.detach())  # close() alone waits for the handler's own files


def hang_up(connection: socket.socket) -> None:
    """End the answer here, in good order."""


def trickle(connection: socket.socket) -> None:
    """Send a byte now and then, without an end."""
    for _ in range(1000):
        connection.sendall(b" ")
        time.sleep(0.02)


def as_json(value: object, **kw: object) -> Reply:
    return Reply(body=json.dumps(value).encode(), **kw)  # type: ignore[arg-type]


def gzipped(body: bytes, *, level: int = 6) -> Reply:
    return Reply(body=gzip.compress(body, level), headers={"Content-Encoding": "gzip"})


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
