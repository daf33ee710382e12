"""Compare a home with its store: what `pricehouse doctor` reports of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from schemas.errors import ObjectMissing
from warehouse.health.findings import CheckFailed, Finding, run_check
from warehouse.health.remedies import REMEDIES
from warehouse.storage.home import Home
from warehouse.storage.landing import Landing
from warehouse.storage.retention import named_objects, plan_thinning, sequence_of
from warehouse.store.objects import Store
from warehouse.store.reservations import foreign_reservations
from warehouse.store.stored_home import STAMP, orphans_of, stored_origin
from warehouse.store.stored_publications import stored_publications, torn_publications


def check_store(home: Home, store: Store) -> Iterator[Finding]:
    """Check the store of a home; of one that does not answer, nothing more."""
    answers = run_check("store", lambda: _answers(home, store), remedy=REMEDIES["store"])
    yield answers
    if not answers.ok:
        return
    for check, inspect in (
        ("store_runs", _runs),
        ("store_objects", _objects),
        ("store_orphans", _orphans),
    ):
        yield run_check(check, lambda: inspect(home, store), remedy=REMEDIES[check])  # noqa: B023


def lacking_files(home: Home, store: Store) -> list[Path]:
    """Return the files of the landing that the store lacks, in the order in which to push them.

    Of a run that has not ended nothing counts; its end does after all that it names. Neither does
    what maintenance drops of the days that are packed: that of another machine, or one that was
    killed, has dropped it in the store and not here.
    """
    landing = Landing(home.landing)
    ended = [run for run in landing.runs() if run.mark is not None]
    packed = max((run.record.started_at for run in ended if run.packed is not None), default=None)
    named = {payload_hash for run in ended for payload_hash in named_objects(run)}
    if packed is not None:
        midnight = packed.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        named -= plan_thinning(landing, before=midnight).objects.keys()
    objects = [
        landing.path_of(payload_hash)
        for payload_hash in sorted(named)
        if landing.holds(payload_hash)
    ]
    folders = sorted({run.path for run in ended if run.packed is None})
    records = [path for folder in folders for path in sorted(folder.glob("[!.]*"))]
    files = [
        *objects,
        *sorted(home.landing.glob("checkpoints/[!.]*")),
        *sorted(home.landing.glob("days/[!.]*")),
        *(path for path in records if path.name != "end.json"),
        *(path for path in records if path.name == "end.json"),
    ]
    stored = {each.name: each.size for each in store.list("landing")}
    return [
        path
        for path in files
        if stored.get(path.relative_to(home.root).as_posix()) != path.stat().st_size
    ]


def _answers(home: Home, store: Store) -> str:
    try:
        origin = stored_origin(store, store.read(STAMP))
    except ObjectMissing:
        return f"{store.address} answers, and is empty"
    if origin != home.origin:
        raise CheckFailed(f"{store.address} has {origin} data, this home has {home.origin} data")
    return f"{store.address} answers"


def _runs(home: Home, store: Store) -> str:
    landing = Landing(home.landing)
    newest = landing.newest_committed()
    foreign = foreign_reservations(store, landing, after=sequence_of(newest) if newest else 0)
    if foreign and home.landing.exists():  # a home that only reads has no run
        raise CheckFailed(
            f"the store has {len(foreign)} runs of another machine, the last "
            f"{max(foreign.values())}"
        )
    return "every run of the store is of this home" if newest else "this home only reads"


def _objects(home: Home, store: Store) -> str:
    lacking = [path.relative_to(home.root).as_posix() for path in lacking_files(home, store)]
    lacking += torn_publications(store)[1]
    if lacking:
        raise CheckFailed(f"the store lacks {len(lacking)} files of this home, like {lacking[0]}")
    return f"nothing is missing; {len(stored_publications(store))} publications"


def _orphans(home: Home, store: Store) -> str:
    if orphans := orphans_of(home, store):
        raise CheckFailed(f"the store has {len(orphans)} leftovers, like {orphans[0]}")
    return "no leftovers of killed processes"
