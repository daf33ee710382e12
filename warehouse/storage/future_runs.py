"""Find the runs that lie in the future, and set them aside: moved within landing, never deleted.

set-aside/<run_id>.json  SetAside: when and why
          <run_id>/      the folder of the run, as it was under runs/
          checkpoints/   the checkpoints of such runs

warehouse/store/unlike_runs.py keeps more there.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import chain, count
from pathlib import Path

import msgspec

from schemas.clock import is_ahead
from schemas.errors import HomeError, LandingError
from schemas.records import LandedPage
from warehouse.storage.files import make_folder, os_errors_as_home_error, sync_folder, write_atomic
from warehouse.storage.landing import Landing
from warehouse.storage.run_folder import RunFolder

REPAIR = "pricehouse doctor --repair"
_NEAR = timedelta(hours=1)


class SetAside(msgspec.Struct, frozen=True, kw_only=True):
    """Why a run is no longer part of its home."""

    run_id: str
    started_at: datetime
    set_aside_at: datetime
    reason: str


def future_runs(landing: Landing, now: datetime) -> list[RunFolder]:
    """Return the runs that began or ended in the future of this clock, by id."""
    return [run for run in landing.runs() if is_ahead(_last_time(run), now)]


def future_problem(landing: Landing, now: datetime) -> str | None:
    """Return one sentence about the runs in the future and what to do; None without such a run."""
    newest = next(landing.newest_first(), None)
    if newest is None or not is_ahead(_last_time(newest), now):
        return None  # ids are by time, so no earlier run is ahead of the last one
    future = future_runs(landing, now)
    last = _last_time(newest)
    number = "1 run" if len(future) == 1 else f"{len(future)} runs"
    return (
        f"{number} of this home, the last {newest.run_id} of {last:%Y-%m-%d %H:%M} UTC, "
        f"{'is' if len(future) == 1 else 'are'} yet to come by this machine's clock; set the "
        f"clock right, or if it is right, run `{REPAIR}`, which sets the runs of the wrong clock "
        "aside"
    )


def require_no_future_run(landing: Landing, now: datetime) -> None:
    """Raise HomeError when a run of this home lies in the future."""
    if (problem := future_problem(landing, now)) is not None:
        raise HomeError(f"{problem}. Nothing was changed.")


def require_wrong_clock(runs: list[RunFolder]) -> None:
    """Raise HomeError when the servers dated the answers of such a run as the home did.

    Then the run has its right time, and the clock of this machine is behind. So it has when a run
    is packed: it was old once.
    """
    for run in runs:
        if run.packed is not None:
            raise HomeError(
                f"run {run.run_id} is packed with the runs of its day, so it was old once and this "
                "machine's clock is behind; set it right. Nothing was changed."
            )
        for page in (page for fetch in run.fetches() for page in fetch.pages):
            if page.fetched_at < run.record.started_at:
                continue  # an earlier run fetched it
            dated = _server_time(page)
            if dated is not None and abs(dated - page.fetched_at) < _NEAR:
                raise HomeError(
                    f"run {run.run_id} is not of a wrong clock: its source dated an answer "
                    f"{dated:%Y-%m-%d %H:%M} UTC, as the run did, so this machine's clock is "
                    "behind; set it right. Nothing was changed."
                )


WRONG_CLOCK = f"its time was yet to come when `{REPAIR}` ran: it was written by a wrong clock"


def set_aside(run: RunFolder, *, now: datetime, reason: str = WRONG_CLOCK) -> None:
    """Move a run out of what replay reads; the reason is on disk before."""
    folder = run.landing.set_aside
    make_folder(folder)
    why = SetAside(
        run_id=run.run_id,
        started_at=run.record.started_at,
        set_aside_at=now,
        reason=reason,
    )
    data = msgspec.json.format(msgspec.json.encode(why), indent=2) + b"\n"
    write_atomic(folder / f"{run.run_id}.json", data)
    move(run.path, folder / run.run_id)


def unmark(run: RunFolder) -> None:
    """Set the end mark of an interrupted run aside, so that the next run marks it again."""
    keep(run.path / "end.json", run.landing.set_aside / f"{run.run_id}.end.json")


def has_future_mark(run: RunFolder, now: datetime) -> bool:
    """Return whether a run that was interrupted was marked so by a clock ahead of the time."""
    mark = run.mark
    return mark is not None and mark.outcome == "interrupted" and is_ahead(mark.finished_at, now)


def move(path: Path, target: Path) -> None:
    """Rename a file or folder durably; HomeError where the disk refuses."""
    make_folder(target.parent)
    with os_errors_as_home_error(path):
        path.rename(target)
        sync_folder(target.parent)
        sync_folder(path.parent)


def keep(path: Path, target: Path) -> None:
    """Move a file or folder to a name that is free: what was set aside before stays."""
    move(path, free_name(target))


def free_name(target: Path) -> Path:
    """Return a path, or where it is taken the first of `<name>.2`, `<name>.3`, … that is not."""
    names = (target.with_name(f"{target.name}.{number}") for number in count(2))
    return next(path for path in chain([target], names) if not path.exists())


def _last_time(run: RunFolder) -> datetime:
    started_at = run.record.started_at
    try:
        mark = run.mark
    except LandingError:  # what has to read it reports it
        return started_at
    # A killed run has no end; the next one marks it at its own time, which may be far later.
    if mark is None or mark.outcome == "interrupted":
        return started_at
    return max(started_at, mark.finished_at)


def _server_time(page: LandedPage) -> datetime | None:
    if page.captured_at is not None:
        return None  # of an archive, which dates what it serves itself
    try:
        return parsedate_to_datetime(page.answered.get("date", ""))
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
