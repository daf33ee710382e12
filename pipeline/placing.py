"""Fill an empty folder with a home: checked as a whole before it becomes one.

.restore.tmp/     the copy, until it is checked; then its entries move into the folder, the
                  stamp `home.json` last. A kill before that leaves no home, and the same
                  command begins again.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipeline.progress import OnStep
from schemas.clock import Clock
from schemas.errors import BackupError, HomeKindError, UsageError
from schemas.records import Origin
from warehouse.health.findings import Finding
from warehouse.health.home_checks import check_home
from warehouse.storage.files import make_named_folder, os_errors_as_home_error, sync_folder
from warehouse.storage.home import Home
from warehouse.storage.lock import hold

STAGING = ".restore.tmp"
_UNRELATED = {"lost+found", ".lock"}
_OF_THIS_MACHINE = {"clock", "disk"}
"""Checks that a copy cannot fail: they are about the machine."""


@dataclass(frozen=True)
class HomeSource:
    """What a home is filled from: `name` in messages, like `the backup`; `copy` fills a folder;
    `is_of_it` is whether a home is the one of this source, without a later run."""

    name: str
    origin: Origin
    copy: Callable[[Home], None]
    is_of_it: Callable[[Home], bool]
    completed_later: Collection[str] = ()
    """Checks that the home passes when what follows is done."""


def place_home(root: Path, source: HomeSource, *, clock: Clock, on_step: OnStep) -> list[Finding]:
    """Make `root` the home of a source, and return what the checks of it found; UsageError unless
    it is empty. A command that was killed is run again.
    """
    make_named_folder(root)
    _require_empty(root, source)
    with hold(root / ".lock", wait_s=0):
        staged = Home(root / STAGING)
        if not _is_in_place(root):
            with _staging(staged.root):
                on_step("copy files")
                source.copy(staged)
                on_step("check the copy")
                _check(staged, source, clock=clock)
                _put_in_place(staged, root, on_step)
    on_step("check the home")
    findings = list(check_home(Home(root), now=clock()))
    # last: until then, the same command completes a restore that was killed
    shutil.rmtree(staged.root, ignore_errors=True)
    sync_folder(root)
    return findings


def _require_empty(root: Path, source: HomeSource) -> None:
    """Raise unless the folder is empty, or what a killed restore left of it."""
    with os_errors_as_home_error(root):
        found = {path.name for path in root.iterdir()} - _UNRELATED
    if not found:
        return
    if STAGING in found and ("home.json" not in found or source.is_of_it(Home(root))):
        return
    if "home.json" in found and (origin := Home(root).origin) != source.origin:
        raise HomeKindError(
            f"{root} is a home of {origin} data and {source.name} is of {source.origin} data; "
            "set PRICEHOUSE_HOME to a new folder"
        )
    raise UsageError(
        f"{root} is not empty (it has {min(found)}); name a new folder, or move this one away first"
    )


def _is_in_place(root: Path) -> bool:
    """Return whether a killed restore had moved everything: then only its folder is left."""
    return (root / STAGING).is_dir() and (root / "home.json").exists()


@contextmanager
def _staging(staging: Path) -> Iterator[None]:
    """Make the folder of the copy, without what a killed restore left; remove it after an error."""
    root = staging.parent
    with os_errors_as_home_error(staging):
        if staging.exists():
            for name in _entries(Home(root)):
                _remove(name)
            shutil.rmtree(staging)
        make_named_folder(staging)
    try:
        yield
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise


def _check(staged: Home, source: HomeSource, *, clock: Clock) -> None:
    failed = [
        finding
        for finding in check_home(staged, now=clock())
        if not finding.ok and finding.check not in {*_OF_THIS_MACHINE, *source.completed_later}
    ]
    if failed:
        why = "; ".join(f"{finding.check}: {finding.message}" for finding in failed)
        raise BackupError(f"{source.name} is no whole home, and nothing was restored: {why}")


def _put_in_place(staged: Home, root: Path, on_step: OnStep) -> None:
    for path in _entries(staged):
        if path.is_symlink() or path.exists():
            on_step(f"put {path.name} in place")
            with os_errors_as_home_error(root):
                path.replace(root / path.name)
                sync_folder(root)


def _entries(home: Home) -> list[Path]:
    """Return what a restored home consists of, in the order in which it is put in place."""
    stamp = home.root / "home.json"
    return [home.landing, home.published, home.warehouse, home.link, stamp]


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
