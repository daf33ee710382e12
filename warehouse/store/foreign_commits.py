"""Find a committed run of another home in a store, where no shared warehouse tells whose it is.

A home that never published there, or whose publication did not arrive, shows by nothing else.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path, PurePosixPath

import msgspec

from schemas.errors import LandingError
from schemas.records import EndMark
from warehouse.storage.files import temporary_folder
from warehouse.storage.landing import Landing
from warehouse.storage.run_days import read_heads
from warehouse.store.objects import Store, StoredObject

_END = "end.json"


def foreign_commit(store: Store, landing: Landing) -> str | None:
    """Return the newest committed run of a store that this landing neither has nor set aside.

    Runs that failed or that were killed do not count: a machine that never committed begins on
    whatever home comes first. A record that cannot be read counts as a commit.
    """
    own = {run.run_id for run in (*landing.runs(), *landing.set_aside_runs())}
    for each in reversed(store.list("landing/runs")):
        path = PurePosixPath(each.name)
        if path.name == _END and path.parent.name not in own and _is_commit(store, each):
            return path.parent.name
    for each in reversed(store.list("landing/days")):
        if found := _commit_of_day(store, each, landing, own):
            return found
    return None


def _is_commit(store: Store, end: StoredObject) -> bool:
    try:
        return msgspec.json.decode(store.read(end.name), type=EndMark).outcome == "committed"
    except msgspec.DecodeError:
        return True


def _commit_of_day(
    store: Store, day: StoredObject, landing: Landing, own: Collection[str]
) -> str | None:
    """Return such a run of a packed day; one that is as long here is not read."""
    path = landing.root.parent / day.name
    if path.is_file() and path.stat().st_size == day.size:
        return None
    with temporary_folder() as folder:
        copy = Path(folder) / path.name
        store.fetch(day.name, copy, size=day.size)
        try:
            heads = read_heads(copy)
        except LandingError:
            return f"of {day.name}"
    foreign = (
        head.record.run_id
        for head in heads
        if head.mark.outcome == "committed" and head.record.run_id not in own
    )
    return max(foreign, default=None)
