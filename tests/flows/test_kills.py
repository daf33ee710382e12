"""Killed at any moment: the publication is whole, and the next hours end where they would have."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

import duckdb
import pytest

from samples.answers import error
from samples.hub import serve
from samples.scale import scaled
from tests.command import answered, pricehouse, start
from tests.pipeline import small_catalog

KILLS = 12


def counts(home: Path) -> list[tuple[object, ...]]:
    with duckdb.connect(str((home / "marketplace.duckdb").resolve()), read_only=True) as con:
        return con.sql(
            "SELECT model_id, inference_provider, unit, amount, price_status "
            "FROM price_history WHERE valid_to IS NULL ORDER BY ALL"
        ).fetchall()


def whole(home: Path) -> bool:
    """Open what readers see and hold its parts against each other; False before there is any."""
    link = home / "marketplace.duckdb"
    if not link.is_symlink():
        return False
    with duckdb.connect(str(link.resolve()), read_only=True) as con:
        said = con.sql(
            "SELECT p.publication_id = r.run_id, r.offers + r.adapters = (SELECT count(*) FROM "
            "cards) FROM publication p, runs r ORDER BY r.started_at DESC LIMIT 1"
        ).fetchone()
    assert said == (True, True)
    return True


@pytest.mark.slow
def test_a_killed_hour_leaves_the_publication_whole_and_the_next_one_goes_on(
    tmp_path: Path,
) -> None:
    chance = random.Random(7)  # noqa: S311 - moments to kill at, not secrets
    with serve(scaled(1500)) as hub:
        undisturbed = tmp_path / "undisturbed"
        answered(pricehouse("ingest", "--json", home=undisturbed, url=hub.url))
        started = time.monotonic()
        answered(pricehouse("ingest", "--json", home=undisturbed, url=hub.url))
        usual_s = time.monotonic() - started
        home = tmp_path / "killed"
        for number in range(KILLS):
            published = number >= KILLS // 2
            if number == KILLS // 2:  # the second half is killed over a publication
                answered(pricehouse("ingest", "--json", home=home, url=hub.url))
            process = start("ingest", home=home, url=hub.url)
            time.sleep(chance.uniform(0.1, 1.1) * usual_s)
            process.send_signal(signal.SIGKILL)
            process.wait()
            assert whole(home) or not published
        report = answered(pricehouse("ingest", "--json", home=home, url=hub.url))
    assert report["outcome"] in {"published", "unchanged"}
    assert whole(home)
    assert counts(home) == counts(undisturbed)
    status = answered(pricehouse("status", "--json", home=home))
    assert status["last_run"]["outcome"] == "committed"


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
