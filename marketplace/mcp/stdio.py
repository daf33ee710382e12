"""Serve MCP over standard input and output, until the input ends or a signal comes."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator
from threading import Thread
from typing import cast

import anyio
from mcp.server.stdio import stdio_server

from marketplace.mcp.protocol_server import make_server
from warehouse.publication.reader_pool import PublicationPool
from warehouse.storage.home import Home

_WAITING_LINES = 16
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def serve_stdio(home: Home) -> None:
    """Answer the client that started this process; standard output carries the protocol alone.

    Returns when the client closes the input, or at SIGINT or SIGTERM. What is logged goes to
    standard error.
    """
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    pool = PublicationPool(home)
    try:
        anyio.run(_serve, pool)
    finally:
        pool.close()


async def _serve(pool: PublicationPool) -> None:
    server = make_server(pool)
    with anyio.open_signal_receiver(*_SIGNALS) as signals:
        async with anyio.create_task_group() as tasks:

            async def stop_at_signal() -> None:
                async for _ in signals:
                    tasks.cancel_scope.cancel()

            tasks.start_soon(stop_at_signal)
            stdin = cast("anyio.AsyncFile[str]", _InputLines())
            async with stdio_server(stdin=stdin) as (incoming, outgoing):
                await server.run(incoming, outgoing, server.create_initialization_options())
            tasks.cancel_scope.cancel()


class _InputLines:
    """The lines of the input, read by a thread of its own.

    The SDK's reader waits in a thread that nothing can interrupt: at a signal the process would
    stay until the next line. This thread is a daemon, which ends with the process. The file is its
    own: closing one in which a thread waits would wait for it.
    """

    def __init__(self) -> None:
        self._queue: asyncio.Queue[str | None] = asyncio.Queue(_WAITING_LINES)
        loop = asyncio.get_running_loop()
        Thread(target=self._read, args=(loop,), daemon=True).start()

    def _read(self, loop: asyncio.AbstractEventLoop) -> None:
        for line in os.fdopen(sys.stdin.fileno(), "rb", closefd=False):
            self._put(line.decode("utf-8", "replace"), loop)
        self._put(None, loop)

    def _put(self, line: str | None, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.run_coroutine_threadsafe(self._queue.put(line), loop).result()

    async def __aiter__(self) -> AsyncIterator[str]:
        while (line := await self._queue.get()) is not None:
            yield line
