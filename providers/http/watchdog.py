"""Cut a connection whose exchange outlives its deadline, whatever it is waiting for."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any
from weakref import WeakSet

GRACE_S = 0.05  # the deadline has passed by its own clock too when the connection breaks
_OPENED = ("connect_tcp.complete", "start_tls.complete")


class Watchdog:
    """Know one client's connections, and shut them down when time is up.

    A timeout of httpx bounds each wait for bytes and not their sum: head lines that come a byte at
    a time, or interim answers without an end, would hold a run for days. One exchange at a time,
    so all other connections of the client are idle, and are opened again when they are needed.
    """

    def __init__(self) -> None:
        self._streams: WeakSet[Any] = WeakSet()

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Be httpx's `trace` extension: remember each connection when it is opened."""
        if event.endswith(_OPENED):
            self._streams.add(info["return_value"])

    @contextmanager
    def guarding(self, seconds: float) -> Iterator[None]:
        """Break what goes on inside the block off when it takes longer."""
        timer = threading.Timer(max(seconds, 0) + GRACE_S, self._cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _cut(self) -> None:
        for stream in list(self._streams):
            with suppress(OSError):  # one that is closed already
                stream.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
