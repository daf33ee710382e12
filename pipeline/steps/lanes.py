"""Fetch sources side by side: one thread per origin, so that each origin keeps its own pace."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, wait
from contextlib import contextmanager
from contextvars import copy_context

from providers.http.client import HttpClient
from providers.http.urls import origin
from schemas.records import FeedFetch
from schemas.registry import Source

_POLL_S = 0.1
"""Seconds between two looks at the threads; a request can begin after an attempt to stop it."""


class Lanes:
    """The sources of one run, each fetched once.

    A lane is a thread that fetches its sources one after the other. Two sources that ask one origin
    share a lane, because a pause that the origin asks for is known to one client alone.
    """

    def __init__(
        self, sources: Sequence[Source], settings: Mapping[str, str], *, first: Collection[str]
    ) -> None:
        """Divide sources into lanes; `first` are those that others may wait for."""
        ordered = sorted(sources, key=lambda source: source.source not in first)
        self._lanes = _by_origin(ordered, settings)
        self._fetched: dict[str, Future[list[FeedFetch]]] = {s.source: Future() for s in sources}
        self._clients: set[HttpClient] = set()
        self._lock = threading.Lock()

    def fetch(self, fetch_source: Callable[[Source], list[FeedFetch]]) -> list[FeedFetch]:
        """Fetch every source and return all feeds, in the order of the sources.

        The first error stops the other lanes, and is raised when they ended.
        """
        threads = [
            # each in a context of its own, which names the run to whoever takes the log
            threading.Thread(
                target=copy_context().run, args=(self._fetch_lane, lane, fetch_source), daemon=True
            )
            for lane in self._lanes
        ]
        for thread in threads:
            thread.start()
        try:
            pending = set(self._fetched.values())
            while pending:
                # not without end: an interruption can reach another thread than this one
                done, pending = wait(pending, _POLL_S, FIRST_EXCEPTION)
                for fetched in done:
                    fetched.result()
        except BaseException:
            self._stop(threads)
            raise
        for thread in threads:
            thread.join()
        return self.fetched(self._fetched)

    def fetched(self, sources: Collection[str]) -> list[FeedFetch]:
        """Return the feeds of these sources, after waiting for each of them."""
        results = [fetched for name, fetched in self._fetched.items() if name in sources]
        return [fetch for fetched in results for fetch in fetched.result()]

    @contextmanager
    def opened(self, client: HttpClient) -> Iterator[HttpClient]:
        """Use a client, which is stopped when another lane fails, and closed at the end."""
        with self._lock:
            self._clients.add(client)
        try:
            with client:
                yield client
        finally:
            with self._lock:
                self._clients.discard(client)

    def _fetch_lane(
        self, lane: Sequence[Source], fetch_source: Callable[[Source], list[FeedFetch]]
    ) -> None:
        failure: BaseException | None = None
        for source in lane:
            fetched = self._fetched[source.source]
            try:
                if failure is None:
                    fetched.set_result(fetch_source(source))
                    continue
            except BaseException as error:  # noqa: BLE001 (raised by `fetch`)
                failure = error
            fetched.set_exception(failure)

    def _stop(self, threads: Sequence[threading.Thread]) -> None:
        for thread in threads:
            while thread.is_alive():
                with self._lock:
                    for client in self._clients:
                        client.stop()
                thread.join(_POLL_S)


def _by_origin(sources: Sequence[Source], settings: Mapping[str, str]) -> list[list[Source]]:
    """Return the sources in lanes, so that no two lanes ask one origin."""
    lanes: list[tuple[set[tuple[str, str, int | None]], list[Source]]] = []
    for source in sources:
        origins = {origin(settings[feed.feed]) for feed in source.feeds}
        shared = [lane for lane in lanes if lane[0] & origins]
        lanes = [lane for lane in lanes if not lane[0] & origins]
        lanes.append(
            (
                origins.union(*(lane[0] for lane in shared)),
                [each for lane in shared for each in lane[1]] + [source],
            )
        )
    return [members for _, members in lanes]
