"""Follow a shared warehouse: pull what other machines landed, and make the home's file its copy."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from pipeline.context import Dependencies
from pipeline.home_metrics import refresh_metrics
from pipeline.store import stored_home
from schemas.errors import HomeBusy
from warehouse.lake.shared_home import Followed, Lake, hold_home, last_run
from warehouse.publication.publish import publish, published_id
from warehouse.storage.home import Home
from warehouse.store.landing_pull import pull_landing
from warehouse.store.stored_home import StoredHome
from warehouse.store.stored_publications import stored_publications


def follow(lake: Lake, home: Home, stored: StoredHome | None, *, now: datetime) -> Followed:
    """Bring the landing and the file of a home up to the shared warehouse, under its lock.

    HomeKindError for data of the other kind, before anything is pulled.
    """
    lake.require_kind(home)
    if stored is not None:
        pull_landing(stored, set(lake.runs().values()), now=now)
    return lake.follow(home, now=now)


def catch_up(home: Home, dependencies: Dependencies, *, lock_wait_s: float) -> None:
    """Let readers of the home see what the shared warehouse has, before a command reads them."""
    if dependencies.lake is None:
        return
    clock = dependencies.clock
    with hold_home(home, dependencies.lake, wait_s=lock_wait_s) as lake:
        if lake is not None:
            stored = stored_home(home, dependencies.store, is_shared=True)
            follow(lake, home, stored, now=clock())
            publish_copy(home, now=clock())


def follow_when_idle(home: Home, dependencies: Dependencies) -> bool:
    """Let readers of a machine whose workers are idle see what another one published.

    Return whether it did. One listing of the store decides; while somebody writes, a later call
    does it.
    """
    if dependencies.lake is None or dependencies.store is None:
        return False
    before, found = published_id(home), stored_publications(dependencies.store)
    if not found or found[-1].publication_id == before:
        return False
    with suppress(HomeBusy):
        catch_up(home, dependencies, lock_wait_s=0)
    return published_id(home) != before


def publish_copy(home: Home, *, now: datetime) -> str | None:
    """Publish the newest run of the home's file unless readers see it; return its id."""
    last = last_run(home, now=now)
    if last is None:
        return None
    if published_id(home) != last.run_id:
        publish(home, last.run_id)
        refresh_metrics(home, now=now)
    return last.run_id
