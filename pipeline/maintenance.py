"""Keep a home small: thin out landing, rewrite the writer's file, remove what is not needed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from pipeline.context import LOCK_WAIT_S
from pipeline.following import follow
from pipeline.home_metrics import refresh_metrics
from pipeline.progress import OnStep, ignore_step
from pipeline.recovery import read_committed, recover
from pipeline.store import stored_home
from pipeline.torn_warehouse import read_warehouse
from schemas.clock import Clock, utc_now
from schemas.errors import UsageError, WarehouseError
from schemas.records import EndMark
from warehouse.connect import Connection
from warehouse.lake.lake_settings import LakeSettings
from warehouse.lake.lake_upkeep import LakeUpkeep, keep_lake, require_right_clock
from warehouse.lake.shared_home import hold_home
from warehouse.migrate import migrate
from warehouse.publication.publish import superseded
from warehouse.storage.future_runs import require_no_future_run
from warehouse.storage.home import Home
from warehouse.storage.landing import Landing
from warehouse.storage.leftovers import bytes_of, find_leftovers, remove_path
from warehouse.storage.retention import Thinning, days_to_pack, plan_thinning, sequence_of
from warehouse.store.objects import Store
from warehouse.store.stored_home import StoredHome
from warehouse.writer.checkpoint import (
    checkpoint_of,
    checkpoints,
    is_whole,
    superseded_checkpoints,
    write_checkpoint,
)
from warehouse.writer.compact import EVERY_RUNS, compact, runs_since_compaction
from warehouse.writer.state import LastRun, read_last_run

KEEP_HOURLY_DAYS = 30
MOST_DAYS = 3650


@dataclass(frozen=True)
class Upkeep:
    """What to do: for how many whole days (UTC) before today every run keeps its bytes, 1 to 3650;
    whether to rewrite the warehouse although it is not due yet."""

    keep_hourly_days: int = KEEP_HOURLY_DAYS
    compact: bool = False
    dry_run: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.keep_hourly_days <= MOST_DAYS:
            raise UsageError(f"days must be from 1 to {MOST_DAYS}, not {self.keep_hourly_days}")


class Maintained(msgspec.Struct, frozen=True, kw_only=True):
    """What was done, or with `dry_run` what would be; `--json` prints this. Sizes are bytes."""

    home: str
    dry_run: bool
    hourly_since: datetime
    """Of the runs that started before, one a day keeps its bytes."""
    leftovers: list[str]
    """What killed processes had left half-written."""
    compacted: bool
    warehouse_bytes_before: int
    warehouse_bytes_after: int
    checkpoint: str | None
    """The checkpoint that was written, before anything was dropped."""
    runs_thinned: list[str]
    runs_packed: int
    """Runs whose records went into one file with those of their day."""
    objects_dropped: int
    checkpoints_dropped: list[str]
    publications_dropped: list[str]
    bytes_freed: int
    """By all of it; what a new checkpoint takes is not subtracted."""
    lake: LakeUpkeep | None = None
    """Of the shared warehouse, where there is one."""


# Seven parameters, and one step after the other: a list of what is done under the lock.
def maintain(
    root: Path,
    upkeep: Upkeep | None = None,
    *,
    clock: Clock = utc_now,
    on_step: OnStep = ignore_step,
    lock_wait_s: float = LOCK_WAIT_S,
    store: Store | None = None,
    lake: LakeSettings | None = None,
) -> Maintained:
    """Recover what a killed run left, then clean the home; call `on_step` before each step.

    After each step the home is whole, so a kill costs no more than the rest of the work, and
    doing it again does nothing. A dry run recovers, as every run does, and changes nothing else.
    WarehouseError, with nothing dropped, when the warehouse lacks a committed run of landing;
    HomeError when a run lies in the future, by whose time other runs would be dropped, and when
    this clock is ahead of that of a shared warehouse.
    """
    upkeep = upkeep or Upkeep()
    home = Home.at(root)
    with hold_home(home, lake, wait_s=lock_wait_s) as shared:
        now = clock()
        since = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        since -= timedelta(days=upkeep.keep_hourly_days)
        stored = stored_home(home, store, is_shared=shared is not None)
        if shared is not None:
            require_right_clock(shared, now)
            follow(shared, home, stored, now=now)
        require_no_future_run(Landing(home.landing), now)
        last, uncompacted = recover_home(home, now)
        stored = None if upkeep.dry_run else stored
        cleaner = _Cleaner(home, on_step, stored, dry_run=upkeep.dry_run)
        cleaner.begin(last)
        left = cleaner.drop("remove what killed processes left", find_leftovers(home))
        before = bytes_of(home.warehouse) if last else 0
        due = last is not None and uncompacted >= (1 if upkeep.compact else EVERY_RUNS)
        if due and last:
            cleaner.rewrite(last, now=now)
        after = bytes_of(home.warehouse) if last else 0
        thinning = plan_thinning(Landing(home.landing), before=since)
        checkpoint = cleaner.cover(thinning, last)
        cleaner.thin(thinning)
        packed = cleaner.pack(since)
        old = cleaner.drop("forget old checkpoints", superseded_checkpoints(home), in_store=True)
        superseded_publications = cleaner.drop("forget old publications", superseded(home))
        kept = None
        if shared is not None:
            on_step("keep the shared warehouse")
            kept = keep_lake(shared, dry_run=upkeep.dry_run)
        if not upkeep.dry_run:
            refresh_metrics(home, now=now)
        cleaner.finish(last)
        return Maintained(
            home=str(root),
            dry_run=upkeep.dry_run,
            hourly_since=since,
            leftovers=left,
            compacted=due,
            warehouse_bytes_before=before,
            warehouse_bytes_after=after,
            checkpoint=checkpoint,
            runs_thinned=thinning.runs,
            runs_packed=packed,
            objects_dropped=len(thinning.objects),
            checkpoints_dropped=old,
            publications_dropped=superseded_publications,
            bytes_freed=cleaner.freed + before - after,
            lake=kept,
        )


def recover_home(home: Home, now: datetime) -> tuple[LastRun | None, int]:
    """Recover as a run does; return the newest run and how many came since the last rewrite."""
    landing, last, uncompacted = Landing(home.landing), None, 0
    if home.warehouse.exists():

        def read(con: Connection) -> tuple[LastRun | None, int, dict[str, EndMark]]:
            migrate(con, now=now)
            return read_last_run(con), runs_since_compaction(con), read_committed(con, landing)

        last, uncompacted, found = read_warehouse(home, landing, read)
        recover(home, landing, last, found, now=now)
    committed = landing.committed()
    if committed and (last is None or last.sequence < sequence_of(committed[-1])):
        raise WarehouseError(
            f"{home.warehouse} does not hold run {committed[-1].run_id}, which landing marks as "
            "committed; run `pricehouse replay` first, nothing was dropped"
        )
    return last, uncompacted


class _Cleaner:
    """Do the steps, or with `dry_run` only count what they would free."""

    def __init__(
        self, home: Home, on_step: OnStep, stored: StoredHome | None, *, dry_run: bool
    ) -> None:
        self.freed = 0
        self._stored = stored
        self._home = home
        self._on_step = on_step
        self._dry_run = dry_run

    def begin(self, last: LastRun | None) -> None:
        """Push what a store lacks, so that it follows from here on."""
        if self._stored:
            self._on_step("push what the store lacks")
            self._stored.begin(last.sequence if last else 0)
            self._stored.push_lacking_days()  # before their folders go there

    def finish(self, last: LastRun | None) -> None:
        """Remove from a store what killed processes left there."""
        if self._stored:
            self._on_step("clean the store")
            self._stored.clean(last.sequence if last else 0)
            self._stored.finish()

    def drop(self, what: str, paths: list[Path], *, in_store: bool = False) -> list[str]:
        """Remove files and folders, first from a store that has them too; return their names in
        the home.
        """
        self._on_step(what)
        if in_store:
            self._delete_in_store(paths)
        for path in paths:
            self.freed += bytes_of(path)
            if not self._dry_run:
                remove_path(path)
        return [str(path.relative_to(self._home.root)) for path in paths]

    def rewrite(self, last: LastRun, *, now: datetime) -> None:
        """Rewrite the writer's file in the order of its keys."""
        self._on_step("rewrite the warehouse")
        if not self._dry_run:
            compact(self._home, last, now=now)

    def cover(self, thinning: Thinning, last: LastRun | None) -> str | None:
        """Write a checkpoint unless a whole one replaces all that landing will lack."""
        self._on_step("look at the checkpoints")
        covering = [c for c in checkpoints(self._home) if c.sequence >= thinning.newest_lossy]
        if last is None or not thinning.newest_lossy:
            return None
        if any(is_whole(self._home, checkpoint) for checkpoint in covering):
            return None
        self._on_step("write a checkpoint")
        if not self._dry_run:
            write_checkpoint(self._home, last)
            if self._stored:
                self._stored.push_checkpoints()
        return checkpoint_of(self._home, last).path.name

    def thin(self, thinning: Thinning) -> None:
        """Drop landed bytes."""
        self._on_step("thin out landing")
        self.freed += sum(thinning.objects.values())
        landing = Landing(self._home.landing)
        self._delete_in_store(map(landing.path_of, thinning.objects))
        for payload_hash in () if self._dry_run else thinning.objects:
            landing.drop(payload_hash)

    def _pack_in_store(self, file: Path, folders: list[Path]) -> None:
        if self._stored:
            self._stored.push_days([file])
        self._delete_in_store(folders)

    def _delete_in_store(self, paths: Iterable[Path]) -> None:
        if self._stored:
            self._stored.delete(paths)

    def pack(self, before: datetime) -> int:
        """Pack the records of old runs, day by day; return of how many."""
        self._on_step("pack the records of old runs")
        landing = Landing(self._home.landing)
        days = days_to_pack(landing, before=before)
        if self._dry_run:
            return sum(map(len, days.values()))
        for day, runs in days.items():
            landing.pack_day(day, runs, before_removal=self._pack_in_store)
        landing.remove_packed_folders(before_removal=self._delete_in_store)
        return sum(map(len, days.values()))
