"""Which landed bytes are kept: every run's of the last days, before that one run's a day."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from warehouse.storage.landing import Landing
from warehouse.storage.run_days import day_of
from warehouse.storage.run_folder import RunFolder


@dataclass(frozen=True)
class Thinning:
    """What may go from landing. `objects` is sha256 → bytes on disk, `runs` those that lose them.

    `newest_lossy` is the sequence of the newest committed run that afterwards lacks bytes, 0 when
    there is none: only a checkpoint of it or of a later run replaces them.
    """

    objects: dict[str, int]
    runs: list[str]
    newest_lossy: int


def plan_thinning(landing: Landing, *, before: datetime) -> Thinning:
    """Choose what to drop of the runs that started before a moment (UTC).

    The last committed run of each UTC day keeps its bytes, and so does whatever a kept run names
    too. Only what a run names is chosen: what an object without a run is for is not known.
    """
    runs, committed, stored = landing.runs(), landing.committed(), landing.objects()
    daily = {last.run_id for last in _last_of_each_day(committed).values()}
    thinned = {
        run.run_id: run
        for run in runs
        if run.record.started_at < before and run.run_id not in daily
    }
    present = stored.keys()
    # each run is read once, day after day; of most old ones nothing is stored any more
    pages = {run.run_id: _pages(run) & present for run in runs}
    needed = set().union(
        *(_settings(run) | _pages(run) for run in landing.set_aside_runs()),
        *(_settings(run) for run in runs),
        *(hashes for run_id, hashes in pages.items() if run_id not in thinned),
    )
    lost = {run_id: pages[run_id] - needed for run_id in thinned}
    objects = {h: stored[h] for hashes in lost.values() for h in hashes}
    left = present - objects.keys()
    lossy = (sequence_of(run) for run in reversed(committed) if replay_inputs(run) - left)
    return Thinning(
        objects=objects,
        runs=[run_id for run_id, hashes in lost.items() if hashes],
        newest_lossy=next(lossy, 0),
    )


def days_to_pack(landing: Landing, *, before: datetime) -> dict[str, list[RunFolder]]:
    """Return by day the ended runs that started before a moment (UTC) and have a folder."""
    found: dict[str, list[RunFolder]] = {}
    for run in landing.runs():
        if run.packed is None and run.mark is not None and run.record.started_at < before:
            found.setdefault(day_of(run.run_id), []).append(run)
    return found


def runs_lacking_bytes(landing: Landing, runs: Iterable[RunFolder]) -> list[tuple[RunFolder, str]]:
    """Return the runs that replay cannot process, each with a hash that landing lacks."""
    stored = landing.objects().keys()
    return [(run, min(missing)) for run in runs if (missing := replay_inputs(run) - stored)]


def named_objects(run: RunFolder) -> set[str]:
    """Return the hashes of all landed bytes that a run names, whole feeds or not."""
    return _settings(run) | _pages(run)


def replay_inputs(run: RunFolder) -> set[str]:
    """Return the hashes of all that replay reads of a run."""
    whole = (fetch for fetch in run.fetches() if fetch.is_whole)
    return _settings(run) | {page.payload_hash for fetch in whole for page in fetch.pages}


def sequence_of(run: RunFolder) -> int:
    """Return a committed run's place in the order of replay, 0 for another run."""
    mark = run.mark
    return mark.sequence or 0 if mark else 0


def _last_of_each_day(committed: list[RunFolder]) -> dict[date, RunFolder]:
    # a run that only applied a decision landed nothing that could represent its day
    read = [run for run in committed if run.record.decisions_hash is None]
    return {run.record.started_at.date(): run for run in read}


def _settings(run: RunFolder) -> set[str]:
    named = (run.record.registry_hash, run.record.claims_hash, run.record.decisions_hash)
    return {payload_hash for payload_hash in named if payload_hash is not None}


def _pages(run: RunFolder) -> set[str]:
    """Return what a run landed, of whole feeds and of those that broke off."""
    closed = (page.payload_hash for fetch in run.fetches() for page in fetch.pages)
    broken = (page.payload_hash for pages in run.traces().values() for page in pages)
    return {*closed, *broken}
