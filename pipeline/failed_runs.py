"""The runs without a commit before a run: the next run that commits records them too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from schemas.load import Failure
from warehouse.storage.run_folder import RunFolder


def failed_since_commit(newest_first: Iterable[RunFolder]) -> list[RunFolder]:
    """Return the ended runs after the newest committed one, by time; it reads no run before."""
    found: list[RunFolder] = []
    for run in newest_first:
        if run.is_committed:
            break
        if run.mark is not None:
            found.append(run)
    return found[::-1]


def failed_before_each(runs: Iterable[RunFolder]) -> dict[str, list[RunFolder]]:
    """Return for each committed run the ended runs between the commit before it and it.

    `runs` are all runs by time; each is read once.
    """
    found: dict[str, list[RunFolder]] = {}
    failed: list[RunFolder] = []
    for run in runs:
        mark = run.mark
        if mark is not None and mark.outcome == "committed":
            found[run.run_id], failed = failed, []
        elif mark is not None:
            failed.append(run)
    return found


def failure_rows(failed: Sequence[RunFolder]) -> list[Failure]:
    """Return what is recorded of runs without a commit."""
    found: list[Failure] = []
    for run in failed:
        mark = run.mark
        if mark is not None:
            outcome = "dry_run" if mark.outcome == "dry_run" else "failed"
            found.append(
                Failure(
                    run.record, mark.finished_at, outcome, mark.error, run.fetches(), mark.outcome
                )
            )
    return found
