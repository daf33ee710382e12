"""A home that only reads follows the store: its link leads to the newest publication there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

from schemas.errors import HomeBusy, PricehouseError
from warehouse.publication.publish import published_id
from warehouse.storage.home import Home
from warehouse.storage.lock import hold
from warehouse.store.objects import Store
from warehouse.store.store_settings import SETTING
from warehouse.store.stored_home import STAMP, stored_origin
from warehouse.store.stored_publications import pull_newest, stored_publications

POLL_S = 5.0
FindStore = Callable[[], Store | None]
_LANDS = (
    "this home has a landing of its own, so `serve` shows what is published here, by `pricehouse "
    f"ingest`, `up` or `warehouse pull`, and does not follow {SETTING} by itself; for that set "
    "PRICEHOUSE_HOME to an empty folder"
)


@contextmanager
def following(
    home: Home,
    find_store: FindStore,
    report: Callable[[str], None],
    *,
    is_set: bool = True,
    poll_s: float = POLL_S,
) -> Iterator[None]:
    """Follow the store in a thread while the block runs; nothing where none `is_set`.

    The store is found once before, so that settings that cannot be used are an error here, and
    again after each failure: keys may have been replaced. `report` gets a line where the store
    stops answering, and where it answers again. A home with a landing writes, and does not follow:
    that is a line too, and its store, whose keys this process may lack, is not looked for.
    """
    lands = home.landing.exists()
    store = find_store() if is_set and not lands else None
    if store is None:
        if is_set and lands:
            report(_LANDS)
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
        self._lands = False

    def run(self, poll_s: float) -> None:
        """Pull again and again until `stopped` is set, whatever fails."""
        while not self.stopped.is_set():
            try:
                self._look()
            except BaseException as error:  # noqa: BLE001 (a thread that ended would follow no more)
                # no text: that of an unknown error may have addresses and keys in it
                problem = getattr(error, "strerror", None) or type(error).__name__
                self._fail(f"the store cannot be followed: {problem} (internal error)")
            self.stopped.wait(poll_s)

    def _look(self) -> None:
        if self._home.landing.exists():  # somebody wrote here meanwhile
            if not self._lands:
                self._print(_LANDS)
            self._lands = True
            return
        try:
            store = self._store = self._store or self._find_store()
            pulled = pull_publication(self._home, store) if store else None
        except PricehouseError as error:
            self._fail(str(error))
            return
        if self._problem is not None:
            self._problem = None
            self._print("the store answers again")
        if pulled is not None:
            self._print(f"pulled publication {pulled}")

    def _fail(self, problem: str) -> None:
        self._store = None
        if problem != self._problem:
            self._print(f"{problem}; the last publication stays readable")
        self._problem = problem

    def _print(self, line: str) -> None:
        with suppress(Exception):  # where it goes may be full or gone
            self._report(line)
