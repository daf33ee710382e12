"""Overlap: request the next pages while one is landed, and parse those that landed meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future
from contextvars import copy_context
from queue import Queue
from typing import Generic, TypeVar

from transforms.parsing.parsed_feed import Page, ParsedFeed

T = TypeVar("T")

PAGES_AHEAD = 2
"""Pages that wait for the next step: enough that none waits for the other, and few in memory."""


class _Failed(Generic[T]):
    """An error of the thread that makes the items."""

    def __init__(self, error: BaseException) -> None:
        self.error = error


class _Ended:
    """What comes after the last item."""


def read_ahead(items: Iterator[T]) -> Generator[T, None, None]:
    """Yield items in order, while a thread makes up to PAGES_AHEAD more.

    An error of the items is raised after those before it. Closing the iterator waits for the item
    that is being made.
    """
    made: Queue[T | _Failed[T] | _Ended] = Queue(PAGES_AHEAD)
    stopped = threading.Event()

    def make() -> None:
        try:
            for item in items:
                made.put(item)
                if stopped.is_set():
                    return
            made.put(_Ended())
        except BaseException as error:  # noqa: BLE001 (raised by the reader)
            made.put(_Failed(error))

    thread = _started(make)
    try:
        while not isinstance(item := made.get(), _Ended):
            if isinstance(item, _Failed):
                raise item.error
            yield item
    finally:
        stopped.set()
        while thread.is_alive():  # it may wait for room
            while not made.empty():
                made.get()
            thread.join(0.01)


class ParseAhead:
    """Parse a feed in a thread, page by page as they land; no more bytes are kept than PAGES_AHEAD.

    `finish` or `cancel` must be called.
    """

    def __init__(self, parse: Callable[[Iterator[Page]], ParsedFeed]) -> None:
        self._pages: Queue[Page | _Ended] = Queue(PAGES_AHEAD)
        self._cancelled = False
        self._ended = False
        self._parsed: Future[ParsedFeed] = Future()
        self._parse = parse
        _started(self._run)

    def add(self, page: Page) -> None:
        """Add a landed page."""
        self._pages.put(page)

    def finish(self) -> None:
        """State that the last page was added."""
        self._pages.put(_Ended())

    def cancel(self) -> None:
        """Give up: the feed is not whole."""
        self._cancelled = True
        self._pages.put(_Ended())

    def result(self) -> ParsedFeed:
        """Return what the parser returns, or raise what it raises, after the last page."""
        return self._parsed.result()

    def _run(self) -> None:
        try:
            self._parsed.set_result(self._parse(self._taken()))
        except BaseException as error:  # noqa: BLE001 (raised by `result`)
            self._parsed.set_exception(error)
        while not self._ended:  # a parser that gave up must not block who adds pages
            self._ended = isinstance(self._pages.get(), _Ended)

    def _taken(self) -> Iterator[Page]:
        while not isinstance(page := self._pages.get(), _Ended):
            yield page
        self._ended = True
        if self._cancelled:
            raise RuntimeError("the feed is not whole")


def _started(run: Callable[[], object]) -> threading.Thread:
    # in a context of its own, which names the run to whoever takes the log
    thread = threading.Thread(target=copy_context().run, args=(run,), daemon=True)
    thread.start()
    return thread
