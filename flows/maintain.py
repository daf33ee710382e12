"""`maintain` as a Prefect flow, for a deployment with a schedule of its own."""

from __future__ import annotations

import os
from typing import Annotated

from prefect import flow
from prefect.artifacts import acreate_markdown_artifact
from pydantic import Field

from flows.home_names import find_home_names
from flows.parameters import LOCK_WAIT, LockWait
from pipeline.lake_access import find_lake
from pipeline.maintenance import KEEP_HOURLY_DAYS, MOST_DAYS, Upkeep
from pipeline.maintenance import maintain as maintain_home
from pipeline.maintenance_report import lines
from pipeline.settings import read_settings
from pipeline.store import find_store
from providers.registry import load_registry

Days = Annotated[int, Field(ge=1, le=MOST_DAYS)]


@flow(name="maintain", flow_run_name="maintenance", persist_result=False, validate_parameters=True)
async def maintain(
    *,
    keep_hourly_days: Days = KEEP_HOURLY_DAYS,
    compact: bool = False,
    dry_run: bool = False,
    lock_wait_s: LockWait = LOCK_WAIT,
) -> None:
    """Thin out landing, rewrite the warehouse in order, and remove what is not needed.

    Args:
        keep_hourly_days: For so many days (1 to 3650) every run keeps its raw answers; before
            that, one run a day.
        compact: Rewrite the warehouse now, though it is not due yet.
        dry_run: Report what would be removed; drop and rewrite nothing.
        lock_wait_s: Seconds (0 to 900) to wait while another run writes; then this one fails and
            changes nothing.
    """
    upkeep = Upkeep(keep_hourly_days=keep_hourly_days, compact=compact, dry_run=dry_run)
    home = read_settings(os.environ, load_registry()).home
    done = maintain_home(
        home,
        upkeep,
        lock_wait_s=lock_wait_s,
        store=find_store(os.environ),
        lake=find_lake(os.environ),
    )
    await acreate_markdown_artifact(
        "\n".join(["```", *lines(done), "```"]),
        key=find_home_names(os.environ).of("maintained"),
        description="Files that would be removed" if dry_run else "Removed files",
    )
