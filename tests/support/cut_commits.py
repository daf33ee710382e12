"""A relay in front of PostgreSQL that loses the answer to a COMMIT: the client cannot know.

with commit_cutter(port) as cutter:
    … connect to cutter.port …
    cutter.armed.set()     # the next COMMIT arrives, and its answer does not
    cutter.away.set()      # from then on it also takes no new connection, until this is cleared
    cutter.before_next = f # called once, before the first connection after a cut is relayed
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class CommitCutter:
    """A relay that listens on `port`; `cut` counts the answers that it lost."""

    target: int
    port: int = 0
    armed: threading.Event = field(default_factory=threading.Event)
    away: threading.Event = field(default_factory=threading.Event)
    cut: int = 0
    before_next: Callable[[], object] | None = None
    _open: list[socket.socket] = field(default_factory=list)

    def accept(self, listener: socket.socket) -> None:
        """Relay every connection until the listener is closed."""
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            if self.cut and self.away.is_set():
                client.close()
                continue
            if self.cut and self.before_next is not None:
                act, self.before_next = self.before_next, None
                act()
            server = socket.create_connection(("127.0.0.1", self.target))
            self._open += [client, server]
            lost = threading.Event()
            for relay in (self._to_server, self._to_client):
                threading.Thread(target=relay, args=(client, server, lost), daemon=True).start()

    def close(self) -> None:
        """Break off what is open."""
        for sock in self._open:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def _to_server(
        self, client: socket.socket, server: socket.socket, lost: threading.Event
    ) -> None:
        with suppress(OSError):
            while data := client.recv(65536):
                if b"COMMIT" in data and self.armed.is_set():
                    self.armed.clear()
                    self.cut += 1
                    lost.set()
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)

    def _to_client(
        self, client: socket.socket, server: socket.socket, lost: threading.Event
    ) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                if lost.is_set():
                    break
                client.sendall(data)
            client.shutdown(socket.SHUT_RDWR)


@contextmanager
def commit_cutter(target: int) -> Iterator[CommitCutter]:
    """Relay to a port of this machine until the block ends."""
    cutter = CommitCutter(target)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        cutter.port = listener.getsockname()[1]
        accepting = threading.Thread(target=cutter.accept, args=(listener,), daemon=True)
        accepting.start()
        try:
            yield cutter
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            accepting.join()
            cutter.close()
