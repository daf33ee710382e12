"""Readers of a shared warehouse through its hours and their maintenance."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.lakes import lake_in_folder
from tests.support.postgres import Postgres
from tests.support.shared_readers import EMBEDDED, FOLLOWED, TABLES, read_through


@pytest.mark.slow
def test_readers_see_whole_publications_and_tables_through_maintenance(
    tmp_path: Path, shared_postgres: Postgres
) -> None:
    """Of a few hours; `python -m tests.support.shared_readers 8 100` is the longer one."""
    place = lake_in_folder(shared_postgres, tmp_path / "shared")
    seen = read_through(tmp_path, place, shared_postgres, readers=2, hours=6, maintain_every=2)
    assert seen.failures == []
    assert set(seen.looks) == {EMBEDDED, FOLLOWED, TABLES}
    assert len(seen.files_after) == 3
    assert max(seen.files_after) <= 60
    assert seen.travelled == 6
