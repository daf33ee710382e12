"""Cut a connection whose exchange outlives its deadline, whatever it waits for.

Kept by hand: httpx's timeouts bound each wait for bytes and not their sum.
"""

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
    """Keep the connections of one client, and shut them down when time is up.

    Header lines that come a byte at a time, or interim responses without an end, would block a run
    for days. A client has one exchange at a time, so all its other connections are idle, and httpx
    opens them again when it needs them.
    """

    def __init__(self) -> None:
        self._streams: WeakSet[Any] = WeakSet()

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Collect each opened connection; this is httpx's `trace` extension."""
        if event.endswith(_OPENED):
            self._streams.add(info["return_value"])

    @contextmanager
    def guarding(self, seconds: float) -> Iterator[None]:
        """Break off the exchange inside the block after `seconds`."""
        timer = threading.Timer(max(seconds, 0) + GRACE_S, self.cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def cut(self) -> None:
        """Shut every connection down; an exchange that is under way fails."""
        for stream in list(self._streams):
            with suppress(OSError):  # it is closed already
                stream.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
