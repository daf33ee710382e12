"""Replay as a Prefect flow, for operators who have the UI and no shell on the machine."""

from __future__ import annotations

import os

from prefect import flow
from prefect.artifacts import acreate_markdown_artifact

from flows.home_names import find_home_names
from flows.parameters import LOCK_WAIT, LockWait
from pipeline.lake_access import find_lake
from pipeline.replay import replay as replay_home
from pipeline.settings import read_settings
from pipeline.store import find_store
from providers.registry import load_registry


@flow(name="replay", flow_run_name="replay of landing", persist_result=False)
async def replay(*, lock_wait_s: LockWait = LOCK_WAIT) -> None:
    """Load every committed run that the warehouse does not hold, from landing alone.

    Args:
        lock_wait_s: Seconds (0 to 900) to wait while another run writes; then this one fails and
            changes nothing.
    """
    # Its steps are no tasks: a year of hours would be 60,000 of them in Prefect's database.
    home = read_settings(os.environ, load_registry()).home
    replayed = replay_home(
        home, lock_wait_s=lock_wait_s, store=find_store(os.environ), lake=find_lake(os.environ)
    )
    lines = [f"- `{run_id}`" for run_id in replayed] or ["The warehouse held every run already."]
    await acreate_markdown_artifact(
        "\n".join([f"# replayed {len(replayed)} runs", "", *lines]),
        key=find_home_names(os.environ).of("replay"),
    )
