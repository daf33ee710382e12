"""What a machine of a shared warehouse is refused, before anything is changed anywhere."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.maintenance import Upkeep, maintain
from samples.hub import serve
from schemas.errors import HomeError
from tests.support.command import pricehouse
from tests.support.hours import small_catalog
from tests.support.lakes import SharedPlace
from tests.support.moved_clock import COMPILER, MovedClock
from tests.support.two_homes import DAY, HOUR, TwoHomes
from warehouse.lake.attach import open_lake
from warehouse.storage.landing import Landing

pytestmark = pytest.mark.slow


def snapshots(machines: TwoHomes) -> list[object]:
    """Return the snapshots of the shared warehouse."""
    with open_lake(machines.lake, read_only=True) as con:
        return con.execute("SELECT snapshot_id FROM lake.snapshots() ORDER BY 1").fetchall()


def test_maintenance_by_a_clock_that_is_ahead_is_refused(machines: TwoHomes) -> None:
    first, ahead = machines.first, datetime.now(UTC) + 10 * DAY
    landed, before = outcomes(first), snapshots(machines)
    for upkeep in (Upkeep(), Upkeep(dry_run=True)):
        with pytest.raises(HomeError, match=f"clock says {ahead:%Y-%m-%d %H:%M} UTC, and that of"):
            maintain(first, upkeep, clock=lambda: ahead, store=machines.store, lake=machines.lake)
    assert outcomes(first) == landed  # the run of the other machine is not even pulled
    assert snapshots(machines) == before
    machines.keep(first)
    machines.require_one_history(first, machines.second)


@pytest.mark.skipif(COMPILER is None, reason="no C compiler here; apt-get install gcc")
def test_ages_in_a_shared_warehouse_count_by_the_clock_of_postgres(
    tmp_path: Path, shared_place: SharedPlace
) -> None:
    now = datetime.now(UTC)
    clock = MovedClock(tmp_path, at=now - 10 * DAY)
    with serve(small_catalog()) as hub:
        machines = TwoHomes(tmp_path, hub, shared_place)
        machines.hour(machines.first, "0.2")
    data = Path(machines.lake.data) / "internal"
    data.mkdir(parents=True, exist_ok=True)
    old, new = data / "old.parquet", data / "new.parquet"
    for path, age in ((old, 3 * DAY), (new, HOUR)):
        path.write_bytes(b"of a killed writer")
        os.utime(path, ((now - age).timestamp(),) * 2)
    environment = {**shared_place.environment, **clock.environment}
    checked = pricehouse("doctor", "--json", home=machines.first, **environment)
    (orphans,) = (
        each for each in json.loads(checked.stdout)["findings"] if each["check"] == "lake_orphans"
    )
    assert not orphans["well"], checked.stdout
    kept = pricehouse("maintain", "--json", home=machines.first, **environment)
    assert kept.returncode == 0, kept.stderr
    assert json.loads(kept.stdout)["lake"]["snapshots_expired"] == 0
    assert not old.exists()
    assert new.exists()


def outcomes(home: Path) -> dict[str, str | None]:
    """Return run → how it ended."""
    return {run.run_id: run.mark and run.mark.outcome for run in Landing(home / "landing").runs()}
