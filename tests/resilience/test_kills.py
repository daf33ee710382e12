"""Killed at any moment: the publication is whole, and the next hours end where they would have."""

from __future__ import annotations

from pathlib import Path

import pytest

from samples.hub import serve
from samples.routes import error
from tests.support.command import answered, pricehouse
from tests.support.homes import whole
from tests.support.hours import small_catalog
from tests.support.killing import STAGES, kill_hours

KILLS = 20


@pytest.mark.slow
def test_hours_killed_at_random_moments_of_every_stage_lose_nothing(tmp_path: Path) -> None:
    done = kill_hours(tmp_path, kills=KILLS, seed=7)
    assert done.kills.total() == KILLS
    assert set(done.kills) == set(STAGES)
    assert done.committed >= 2


def test_an_hour_killed_between_commit_and_publication_is_published_by_the_next(
    tmp_path: Path,
) -> None:
    with serve(small_catalog()) as hub:
        first = answered(pricehouse("ingest", "--json", home=tmp_path, url=hub.url))
        hub.show(small_catalog(input_price="0.9"))
        second = answered(pricehouse("ingest", "--json", home=tmp_path, url=hub.url))
    # The state that a kill right after the commit leaves: no end mark, the link not moved yet.
    link = tmp_path / "marketplace.duckdb"
    link.unlink()
    link.symlink_to(f"published/marketplace-{first['run_id']}.duckdb")
    (tmp_path / "published" / f"marketplace-{second['run_id']}.duckdb").unlink()
    (tmp_path / "landing" / "runs" / second["run_id"] / "end.json").unlink()
    with serve(small_catalog(), on_request=lambda _: error(403, "not today")) as refusing:
        assert pricehouse("ingest", home=tmp_path, url=refusing.url).returncode == 1
    assert link.resolve().name == f"marketplace-{second['run_id']}.duckdb"
    assert whole(tmp_path)
