"""A run takes its place in the order of replay in the store before it commits.

    landing/commits/<sequence>   the id of the run that took it

Two homes that write one store would take the same place, or one after a place that they do not
know; either is noticed before anything is committed.
"""

from __future__ import annotations

from pathlib import Path

from schemas.errors import StoreConflict
from warehouse.storage.landing import Landing
from warehouse.storage.run_days import day_file, day_of
from warehouse.store.foreign_commits import foreign_commit
from warehouse.store.objects import Store
from warehouse.store.stored_publications import stored_publications

FOLDER = "landing/commits"
KEEP = 100
"""Reservations of so many places stay; an older home meets a newer one that it does not know."""


def reserve(store: Store, landing: Landing, run_id: str, *, sequence: int, after: int) -> None:
    """Take a place for a run, the home's last commit being `after`; StoreConflict when another
    home has taken one since. Then the place is free again.
    """
    name = _name(sequence)
    if not store.put_new(name, run_id.encode()) and _run_id(store, name) != run_id:
        raise _conflict(store, landing, _run_id(store, name))
    try:
        require_own(store, landing, after=after)
    except StoreConflict:
        store.delete([name])
        raise


def require_own(store: Store, landing: Landing, *, after: int) -> None:
    """Raise StoreConflict when a run that this home lacks has a place after its last commit."""
    if foreign := foreign_reservations(store, landing, after=after):
        raise _conflict(store, landing, max(foreign.values()))


def require_own_publication(store: Store, landing: Landing) -> None:
    """Raise StoreConflict when readers of the store follow a home that takes no places, as those of
    a shared warehouse do.

    Where that home's publication did not arrive, its runs tell: they are looked at as long as this
    one has no commit.
    """
    _require_own_newest(store, landing)
    if landing.newest_committed() is None:
        _require_own_commits(store, landing)


def require_same_history(store: Store, landing: Landing, head: str | None) -> None:
    """Raise StoreConflict where the store is that of another warehouse; nothing is pulled then.

    `head` is the newest run of the shared warehouse, which landed in its store before its commit.
    Of an empty one nobody can tell, so the store's committed runs must be those of this home.
    """
    if head is None:
        _require_own_newest(store, landing)
        _require_own_commits(store, landing)
        return
    names = (
        f"landing/runs/{head}/run.json",
        day_file(Path("landing/days"), day_of(head)).as_posix(),
    )
    if all(store.head(name) is None for name in names):
        raise StoreConflict(
            f"the store {store.address} lacks run {head}, with which the shared warehouse ends: "
            "it is the store of another one. Nothing was changed; set PRICEHOUSE_STORE as the "
            "machine that ran it has it, or if that run was lost there, run `pricehouse warehouse "
            "push` on that machine"
        )


def _require_own_newest(store: Store, landing: Landing) -> None:
    own = {run.run_id for run in landing.set_aside_runs()}
    for newest in stored_publications(store)[-1:]:
        run_id = newest.publication_id
        if run_id not in own and landing.run_of(run_id) is None:
            raise _other_home(store, landing, f"publication {run_id}, which is of no run of")


def _require_own_commits(store: Store, landing: Landing) -> None:
    if (run_id := foreign_commit(store, landing)) is not None:
        raise _other_home(store, landing, f"the committed run {run_id}, which is none of")


def foreign_reservations(store: Store, landing: Landing, *, after: int) -> dict[str, str]:
    """Return object → run of the places after a commit that runs of other homes have taken."""
    aside = {run.run_id for run in landing.set_aside_runs()}
    names = _names(store, after=_name(after))
    taken = {name: _run_id(store, name) for name in names}
    return {
        name: run_id
        for name, run_id in taken.items()
        if run_id not in aside and landing.run_of(run_id) is None
    }


def release(store: Store, landing: Landing, *, after: int) -> None:
    """Take back the places of other homes' runs that never ended; StoreConflict where one did."""
    for name, run_id in foreign_reservations(store, landing, after=after).items():
        if store.head(f"landing/runs/{run_id}/end.json") is not None:
            raise _conflict(store, landing, run_id)
        store.delete([name])


def old_reservations(store: Store, *, last: int) -> list[str]:
    """Return the objects of places that are long past."""
    return [each for each in _names(store) if each < _name(max(last - KEEP, 0))]


def reservations_of(store: Store, run_id: str) -> list[str]:
    """Return the objects of the places that a run has taken."""
    return [name for name in _names(store) if _run_id(store, name) == run_id]


def _names(store: Store, *, after: str | None = None) -> list[str]:
    return [each.name for each in store.list(FOLDER, after=after)]


def _name(sequence: int) -> str:
    return f"{FOLDER}/{sequence:08}"


def _run_id(store: Store, name: str) -> str:
    return store.read(name).decode(errors="replace")


def _other_home(store: Store, landing: Landing, what: str) -> StoreConflict:
    return StoreConflict(
        f"the store {store.address} has {what} {landing.root.parent}: another home writes there. "
        "Nothing was changed; set PRICEHOUSE_STORE to another prefix, or PRICEHOUSE_WAREHOUSE as "
        "that home has it. If that was a shared warehouse that is lost, pull the store into a new "
        "folder without PRICEHOUSE_WAREHOUSE, and push that home with it"
    )


def _conflict(store: Store, landing: Landing, run_id: str) -> StoreConflict:
    return StoreConflict(
        f"the store {store.address} has run {run_id} of another machine, which this home lacks; "
        "nothing was committed. One home writes a store: pull it into an empty home with "
        "`pricehouse warehouse pull` and go on there; or, if that run was killed before it "
        f"committed, run `pricehouse warehouse push` on {landing.root.parent}"
    )
