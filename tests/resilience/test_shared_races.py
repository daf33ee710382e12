"""Two workers of a shared warehouse that start together."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from samples.hub import serve
from tests.support.command import answered, environment, pricehouse
from tests.support.hours import small_catalog
from tests.support.lakes import SharedPlace, lake_in_folder
from tests.support.postgres import Postgres
from tests.support.published import exported
from tests.support.shared_killing import require_single_ids
from tests.support.shared_racing import HELD, LOST, race
from warehouse.storage.landing import Landing
from warehouse.storage.retention import sequence_of

pytestmark = pytest.mark.slow


def test_of_two_that_start_together_one_commits_and_the_other_leaves(
    tmp_path: Path, shared_postgres: Postgres
) -> None:
    """Four times; `python -m tests.support.shared_racing 50` is the longer one."""
    place = lake_in_folder(shared_postgres, tmp_path / "shared")
    done = race(tmp_path, place, shared_postgres, rounds=4, seed=1)
    assert done == {HELD: 2, LOST: 2}


def test_of_two_ingests_on_two_machines_the_second_waits_and_both_commit(
    tmp_path: Path, shared_postgres: Postgres
) -> None:
    place = lake_in_folder(shared_postgres, tmp_path / "shared")
    homes = [tmp_path / "first", tmp_path / "second"]
    with serve(small_catalog()) as hub:
        both = [_start(home, hub.url, place) for home in homes]
        outputs = [process.communicate(timeout=600) for process in both]
    # the second waits for a minute, as for one on its machine, and on a busy one it may give up
    codes = [process.returncode for process in both]
    committed = codes.count(0)
    assert committed >= 1, outputs
    for (_, error), code in zip(outputs, codes, strict=True):
        assert code == 0 or (code == 1 and "is being written by" in error), outputs
    for home in homes:
        pulled = pricehouse("warehouse", "pull", "--json", home=home, **place.environment)
        assert answered(pulled)["sequence"] == committed
        runs = Landing(home / "landing").committed()
        assert list(map(sequence_of, runs)) == list(range(1, committed + 1))
    assert exported(homes[0]) == exported(homes[1])
    require_single_ids(place)


def _start(home: Path, url: str, place: SharedPlace) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "cli.main", "ingest", "--json"],
        env=environment(home, url, **place.environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
