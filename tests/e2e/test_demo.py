"""`make run` from outside: Prefect's embedded engine, offline, into a home of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command import answered, pricehouse


@pytest.mark.slow
def test_the_demo_shows_what_a_buyer_and_an_operator_want_to_see(tmp_path: Path) -> None:
    home = tmp_path / "demo"
    first = pricehouse("demo", home=home)
    assert first.returncode == 0, first.stderr
    for said in (
        "published",
        "This is a sample",
        "2026-02-26",
        "2026-09-21",
        "cheapest rankable offers",
        "widest spreads",
        "what changed",
        "marketplace.duckdb",
        "pricehouse sql",
        "pricehouse ingest",
        "held",
    ):
        assert said in first.stdout
    assert "RuntimeWarning" not in first.stderr
    again = answered(pricehouse("demo", "--json", home=home))
    assert [report["outcome"] for report in again] == ["unchanged", "unchanged"]
    runs = answered(
        pricehouse(
            "sql",
            "--json",
            "SELECT flow, origin, prefect_run_id IS NOT NULL AS by_prefect FROM runs",
            home=home,
        )
    )
    assert runs == [{"flow": "hourly", "origin": "sample", "by_prefect": True}] * 4
    assert pricehouse("ingest", home=home).returncode == 2


def test_the_demo_does_not_enter_a_live_home(tmp_path: Path) -> None:
    (tmp_path / "home.json").write_text('{"origin": "live", "format": 1}')
    done = pricehouse("demo", home=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
