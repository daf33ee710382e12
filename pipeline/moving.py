"""Move a home to its store, or from a store into an empty folder: `pricehouse warehouse push|pull`.

What arrives is compared by its hash: what was pushed is read back; what was pulled is checked as a
home before it becomes one.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from hashlib import file_digest
from pathlib import Path, PurePosixPath
from typing import Literal

import msgspec

from pipeline.context import LOCK_WAIT_S
from pipeline.maintenance import recover_home
from pipeline.placing import HomeSource, place_home
from pipeline.progress import OnStep, ignore_step
from pipeline.replay import replay
from schemas.clock import Clock, utc_now
from schemas.errors import LandingError, ObjectMissing, StoreError, UsageError
from schemas.records import Origin
from warehouse.health.findings import Finding
from warehouse.publication.publish import published_id
from warehouse.storage.files import copy_file, make_folder, os_errors_as_home_error, write_atomic
from warehouse.storage.home import Home
from warehouse.storage.lock import hold
from warehouse.store.objects import Store, StoredObject
from warehouse.store.reservations import FOLDER as RESERVATIONS
from warehouse.store.reservations import release
from warehouse.store.store_checks import lacking_files
from warehouse.store.stored_home import STAMP, StoredHome, stored_origin
from warehouse.store.stored_publications import (
    fetch_publication,
    push_publication,
    read_label,
    stored_publications,
)
from warehouse.writer.state import LastRun

CONNECTIONS = 8


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """What was moved and which way; `--json` prints this. `bytes` are those of the files."""

    home: str
    store: str
    direction: Literal["push", "pull"]
    origin: Origin
    publication_id: str | None
    files: int
    bytes: int
    replayed: list[str] = []
    """Runs that were in the landing and not in the newest publication."""
    findings: list[Finding] = []
    """What the checks of a pulled home found, as `pricehouse doctor`."""


def push_home(
    root: Path,
    store: Store,
    *,
    clock: Clock = utc_now,
    on_step: OnStep = ignore_step,
    lock_wait_s: float = LOCK_WAIT_S,
) -> Moved:
    """Bring all of a home that the store lacks to the store, and read it back.

    StoreConflict when the store has a run of another home. The place of one that never committed
    is taken back.
    """
    home = Home.at(root)
    with hold(home.lock, wait_s=lock_wait_s):
        on_step("read the home")
        last, _ = recover_home(home, clock())
        return push_held(home, store, last, on_step=on_step)


def push_held(
    home: Home,
    store: Store,
    last: LastRun | None,
    *,
    is_shared: bool = False,
    on_step: OnStep = ignore_step,
) -> Moved:
    """Push a recovered home that ends with `last`, for who holds its lock.

    `is_shared`: a shared warehouse has all its runs, so that the store's are its own.
    """
    sequence, stored = last.sequence if last else 0, StoredHome(home, store, is_shared=is_shared)
    if not is_shared:
        release(store, stored.landing, after=sequence)
    before = {each.name for each in store.list("")}
    on_step("push what the store lacks")
    stored.begin(sequence)
    damaged = []
    for path in lacking_files(home, store):
        try:
            stored.put_again(path)
        except LandingError as error:
            damaged.append(str(error))
    push_publication(home, store, again=True)
    stored.finish()
    on_step("read it back")
    new = [each for each in store.list("") if each.name not in before]
    for each in new:
        _require_same(home, store, each)
    if damaged:
        more = f" (and {len(damaged) - 1} more)" if len(damaged) > 1 else ""
        raise LandingError(f"{damaged[0]}{more}. All else is in the store")
    return Moved(
        home=str(home.root),
        store=store.address,
        direction="push",
        origin=home.origin,
        publication_id=published_id(home),
        files=len(new),
        bytes=sum(each.size for each in new),
    )


def pull_home(
    root: Path, store: Store, *, clock: Clock = utc_now, on_step: OnStep = ignore_step
) -> Moved:
    """Make an empty folder the home that the store holds: its landing, its newest publication, and
    a warehouse that is a copy of it, with the runs since then replayed.

    UsageError unless the folder is empty, and where the store holds no home.
    """
    on_step("read the store")
    try:
        stamp = store.read(STAMP)
    except ObjectMissing:
        raise UsageError(
            f"the store {store.address} holds no home; run `pricehouse warehouse push` where "
            "there is one"
        ) from None
    origin = stored_origin(store, stamp)
    # the publications first: then the landing has every run that they hold
    published = stored_publications(store)
    newest = published[-1].publication_id if published else None
    files = [each for each in store.list("landing") if not each.name.startswith(f"{RESERVATIONS}/")]
    size = sum(each.size for each in files)
    if newest is not None:
        size += read_label(store, newest).bytes
    source = HomeSource(
        name=f"the store {store.address}",
        origin=origin,
        copy=partial(_copy, store, stamp, files, newest),
        is_of_it=lambda home: home.origin == origin,
        completed_later=("told", "link"),
    )
    findings = place_home(root, source, clock=clock, on_step=on_step)
    replayed = []
    if any(not finding.ok for finding in findings if finding.check in source.completed_later):
        on_step("replay the runs since the newest publication")
        replayed = replay(root, clock=clock)
        findings = [each for each in findings if each.check not in source.completed_later]
    return Moved(
        home=str(root),
        store=store.address,
        direction="pull",
        origin=origin,
        publication_id=published_id(Home(root)),
        files=len(files) + bool(newest),
        bytes=size,
        replayed=replayed,
        findings=findings,
    )


def _copy(
    store: Store, stamp: bytes, files: list[StoredObject], newest: str | None, staged: Home
) -> None:
    write_atomic(staged.root / STAMP, stamp)
    for folder in {_path_in(staged, each).parent for each in files}:
        make_folder(folder)
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        for _ in pool.map(
            lambda each: store.fetch(each.name, _path_in(staged, each), size=each.size), files
        ):
            pass
    if newest is not None:
        path = staged.published / f"marketplace-{newest}.duckdb"
        make_folder(path.parent)
        fetch_publication(store, newest, path)
        with os_errors_as_home_error(staged.root):
            staged.link.symlink_to(Path(staged.published.name) / path.name)
            copy_file(path, staged.warehouse)


def _path_in(home: Home, stored: StoredObject) -> Path:
    path = PurePosixPath(stored.name)
    if path.is_absolute() or ".." in path.parts or "\0" in stored.name:
        raise StoreError(f"the store has an object {stored.name!r}, which is in no home")
    return home.root / path


def _require_same(home: Home, store: Store, stored: StoredObject) -> None:
    """Raise StoreError unless an object has the bytes of its file in the home."""
    path = home.root / stored.name
    if not path.is_file():
        return  # a reservation, or the label of a publication
    with path.open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
    if store.digest(stored.name, size=stored.size) != digest:
        raise StoreError(
            f"{stored.name} of the store {store.address} has other bytes than {path}; run the "
            "command again, and look after the store when it stays so"
        )
