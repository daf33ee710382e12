"""A home that only reads follows the store: its link leads to the newest publication there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

from schemas.errors import HomeBusy, PricehouseError
from warehouse.publication.publish import published_id
from warehouse.storage.home import Home
from warehouse.storage.lock import hold
from warehouse.store.objects import Store
from warehouse.store.stored_home import STAMP, stored_origin
from warehouse.store.stored_publications import pull_newest, stored_publications

POLL_S = 5.0
FindStore = Callable[[], Store | None]


@contextmanager
def following(
    home: Home, find_store: FindStore, report: Callable[[str], None], *, poll_s: float = POLL_S
) -> Iterator[None]:
    """Follow the store in a thread while the block runs; nothing where no store is set.

    The store is found once before, so that settings that cannot be used are an error here, and
    again after each failure: keys may have been replaced. `report` gets a line where the store
    stops answering, and where it answers again. A home with a landing writes, and does not follow.
    """
    store = None if home.landing.exists() else find_store()
    if store is None:
        yield
        return
    follower = _Follower(home, store, find_store, report)
    thread = Thread(target=follower.run, args=(poll_s,), name="follower", daemon=True)
    thread.start()
    try:
        yield
    finally:
        follower.stopped.set()
        thread.join()


def pull_publication(home: Home, store: Store) -> str | None:
    """Let the link lead to the store's newest publication; return its id where it moved.

    Nothing happens where the home has a landing, or another process of it is pulling.
    """
    if home.landing.exists():
        return None
    found = stored_publications(store)
    if not found or found[-1].publication_id == published_id(home):
        return None
    origin = stored_origin(store, store.read(STAMP))
    Home.open(home.root, origin=origin)
    try:
        with hold(home.lock, wait_s=0):
            return pull_newest(home, store)
    except HomeBusy:
        return None


class _Follower:
    def __init__(
        self, home: Home, store: Store, find_store: FindStore, report: Callable[[str], None]
    ) -> None:
        self.stopped = Event()
        self._home = home
        self._store: Store | None = store
        self._find_store = find_store
        self._report = report
        self._problem: str | None = None

    def run(self, poll_s: float) -> None:
        """Pull again and again until `stopped` is set."""
        while not self.stopped.is_set():
            self._look()
            self.stopped.wait(poll_s)

    def _look(self) -> None:
        try:
            store = self._store = self._store or self._find_store()
            pulled = pull_publication(self._home, store) if store else None
        except PricehouseError as error:
            self._store = None
            if str(error) != self._problem:
                self._report(f"{error}; the last publication stays readable")
            self._problem = str(error)
            return
        if self._problem is not None:
            self._problem = None
            self._report("the store answers again")
        if pulled is not None:
            self._report(f"pulled publication {pulled}")
