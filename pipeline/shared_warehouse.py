"""Move a home into a shared warehouse or out of it: `pricehouse warehouse push` and `pull`."""

from __future__ import annotations

from pathlib import Path

import msgspec

from pipeline.context import LOCK_WAIT_S
from pipeline.home_metrics import refresh_metrics
from pipeline.progress import OnStep, ignore_step
from schemas.clock import Clock, utc_now
from schemas.errors import UsageError, WarehouseError
from warehouse.lake.lake_settings import LakeSettings
from warehouse.lake.shared_home import Lake, hold_home, last_run, read_origin
from warehouse.publication.publish import publish, published_id
from warehouse.storage.home import Home


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """What a push or a pull did; `--json` prints this."""

    home: str
    warehouse: str
    """Where the shared one is, without a password."""
    how: str
    """pushed, pulled, refreshed, or equal: nothing had to be moved."""
    run_id: str
    sequence: int
    """The newest run, which both end with; all their tables were compared row for row."""


def push_home(
    root: Path,
    lake: LakeSettings,
    *,
    rewrite: bool = False,
    clock: Clock = utc_now,
    on_step: OnStep = ignore_step,
    lock_wait_s: float = LOCK_WAIT_S,
) -> Moved:
    """Write a home into an empty shared warehouse; with `rewrite` also over one whose newest run
    the home has, whatever is wrong with its files.

    WarehouseError, with nothing written, when the shared warehouse holds other runs.
    """
    home = Home.at(root)
    with hold_home(home, lake, wait_s=lock_wait_s) as shared:
        shared = _required(shared)
        last = last_run(home, now=clock())
        if last is None:
            raise UsageError(f"{root} has no committed run; there is nothing to push")
        head = shared.head()
        how = "pushed"
        if head is not None and not head.is_empty:
            if head.run_id != last.run_id:
                raise WarehouseError(
                    f"the shared warehouse ({lake.place}) ends with run {head.run_id} and {root} "
                    f"with {last.run_id}; nothing was pushed. `pricehouse warehouse pull` makes "
                    "the home its copy; another schema= in PRICEHOUSE_WAREHOUSE is another "
                    "warehouse"
                )
            how = "rewritten" if rewrite else "equal"
        if how != "equal":
            on_step("write the tables")
            shared.push(home)
        on_step("compare row for row")
        _require_copy(shared, home)
        return _moved(home, lake, how, clock)


def pull_home(
    root: Path,
    lake: LakeSettings,
    *,
    clock: Clock = utc_now,
    on_step: OnStep = ignore_step,
    lock_wait_s: float = LOCK_WAIT_S,
) -> Moved:
    """Make a home, which may be empty, the copy of the shared warehouse, and publish it.

    UsageError when the shared warehouse is empty.
    """
    origin = read_origin(lake)
    if origin is None:
        raise UsageError(
            f"the shared warehouse ({lake.place}, schema {lake.schema}) is empty; "
            "`pricehouse ingest` begins it, `pricehouse warehouse push` moves a home into it"
        )
    home = Home.open(root, origin=origin)
    with hold_home(home, lake, wait_s=lock_wait_s) as shared:
        shared = _required(shared)
        on_step("copy the tables")
        how = shared.follow(home, now=clock())
        on_step("compare row for row")
        _require_copy(shared, home)
        on_step("publish")
        _publish(home, clock)
        return _moved(home, lake, how, clock)


def catch_up(
    home: Home, lake: LakeSettings | None, *, clock: Clock = utc_now, lock_wait_s: float
) -> None:
    """Let readers of the home see what the shared warehouse has, before a command reads them."""
    if lake is None:
        return
    with hold_home(home, lake, wait_s=lock_wait_s) as shared:
        if _required(shared).follow(home, now=clock()) in {"refreshed", "pulled"}:
            _publish(home, clock)


def _publish(home: Home, clock: Clock) -> None:
    last = last_run(home, now=clock())
    if last is not None and published_id(home) != last.run_id:
        publish(home, last.run_id)
        refresh_metrics(home, now=clock())


def _required(shared: Lake | None) -> Lake:
    if shared is None:
        raise UsageError("PRICEHOUSE_WAREHOUSE is not set; there is no shared warehouse")
    return shared


def _require_copy(shared: Lake, home: Home) -> None:
    if unlike := shared.unlike_tables(home):
        raise WarehouseError(
            f"{home.root} and the shared warehouse ({shared.settings.place}) have other rows in "
            f"{', '.join(unlike)}. Move warehouse.duckdb away and pull again"
        )


def _moved(home: Home, lake: LakeSettings, how: str, clock: Clock) -> Moved:
    last = last_run(home, now=clock())
    if last is None:
        raise WarehouseError(f"{home.warehouse} has no run (internal error)")
    return Moved(
        home=str(home.root),
        warehouse=f"{lake.place}, schema {lake.schema}",
        how=how,
        run_id=last.run_id,
        sequence=last.sequence,
    )
