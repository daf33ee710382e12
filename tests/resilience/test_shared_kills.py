"""Kill hours of a shared warehouse at random moments; the other machine goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.lakes import lake_in_folder
from tests.support.postgres import Postgres
from tests.support.shared_killing import kill_shared_hours


@pytest.mark.slow
def test_no_moment_to_kill_a_machine_loses_or_doubles_an_hour(
    tmp_path: Path, shared_postgres: Postgres
) -> None:
    """20 of them; `python -m tests.support.shared_killing 200` is the longer one."""
    place = lake_in_folder(shared_postgres, tmp_path / "shared")
    done = kill_shared_hours(tmp_path, place, kills=20, seed=1)
    assert done.kills.total() == 20
    assert done.committed > 1
