"""Serve MCP over standard input and output, until the input ends or a signal comes."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncIterable, AsyncIterator
from threading import Thread
from typing import Any, cast

import anyio
from anyio.abc import ObjectSendStream
from mcp.server.stdio import stdio_server
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCError, JSONRPCNotification, JSONRPCRequest, JSONRPCResponse

from marketplace.mcp.protocol_server import make_server
from warehouse.publication.reader_pool import LIMIT_S, PublicationPool
from warehouse.storage.home import Home

_WAITING_LINES = 16
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_LAST_ANSWERS_S = 2 * LIMIT_S
"""The most seconds that open calls have after the end of the input; one call has LIMIT_S."""


def serve_stdio(home: Home) -> None:
    """Answer the client that started this process; standard output carries the protocol alone.

    Returns when the client closes the input and its calls are answered, or at SIGINT or SIGTERM.
    What is logged goes to standard error.
    """
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    pool = PublicationPool(home)
    try:
        anyio.run(_serve_until_stopped, pool)
    finally:
        pool.close()


async def _serve_until_stopped(pool: PublicationPool) -> None:
    with anyio.open_signal_receiver(*_SIGNALS) as signals:
        async with anyio.create_task_group() as tasks:

            async def stop_at_signal() -> None:
                async for _ in signals:
                    tasks.cancel_scope.cancel()

            tasks.start_soon(stop_at_signal)
            await _serve(pool)
            tasks.cancel_scope.cancel()


async def _serve(pool: PublicationPool) -> None:
    server, calls = make_server(pool), _OpenCalls()
    stdin = cast("anyio.AsyncFile[str]", _InputLines())
    async with stdio_server(stdin=stdin) as (incoming, outgoing):
        to_server, received = anyio.create_memory_object_stream[SessionMessage | Exception](0)
        answered, from_server = anyio.create_memory_object_stream[SessionMessage](0)
        async with anyio.create_task_group() as relays, outgoing:
            relays.start_soon(calls.relay_requests, incoming, to_server)
            relays.start_soon(calls.relay_answers, from_server, outgoing)
            await server.run(received, answered, server.create_initialization_options())


class _OpenCalls:
    """The requests without an answer.

    The SDK cancels them when the input ends. A client that sends its requests and closes the input,
    like a shell's pipe, shall have the answers: the server sees the end only after them.
    """

    def __init__(self) -> None:
        self._open: set[str | int] = set()
        self._none = anyio.Event()

    async def relay_requests(
        self,
        incoming: AsyncIterable[SessionMessage | Exception],
        to_server: ObjectSendStream[SessionMessage | Exception],
    ) -> None:
        """Pass on what the client sends, and its end when everything is answered."""
        async with to_server:
            async for item in incoming:
                self._note(item.message if isinstance(item, SessionMessage) else item)
                await to_server.send(item)
            with anyio.move_on_after(_LAST_ANSWERS_S):
                while self._open:
                    self._none = anyio.Event()
                    await self._none.wait()

    async def relay_answers(
        self, from_server: AsyncIterable[SessionMessage], outgoing: Any
    ) -> None:
        """Pass on what the server sends."""
        async for item in from_server:
            await outgoing.send(item)
            self._note(item.message)

    def _note(self, message: object) -> None:
        match message:
            case JSONRPCRequest(id=number):
                self._open.add(number)
            case JSONRPCResponse(id=number) | JSONRPCError(id=number):
                self._open.discard(cast("str | int", number))
            case JSONRPCNotification(method="notifications/cancelled", params=params):
                self._open.discard((params or {}).get("requestId", ""))
            case _:
                pass
        if not self._open:
            self._none.set()


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
