"""`make run` from outside: Prefect's embedded engine, offline, into a home of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command import answered, pricehouse


@pytest.mark.slow
def test_the_demo_prints_prices_changes_and_runs_and_can_run_twice(tmp_path: Path) -> None:
    home = tmp_path / "demo"
    first = pricehouse("demo", home=home)
    assert first.returncode == 0, first.stderr
    parts = (
        "This is a sample",
        "hub 2026-02-26, deepinfra_list 2026-09-08, wavespeed_list 2026-09-17, "
        "router on or after 2026-09-21",
        "wavespeed_list is off by default for live homes",
        "the demo switches it on",
        "cost per token: the cheapest ranked offers",
        "No ranked offer in: audio, embedding, image, other, video",
        "cost per image, second of video, minute of audio and 1M characters",
        "No offer in the sample has a price per minute of audio or per 1M characters.",
        "deepinfra_list prices no offer here",
        "widest price spreads",
        "most expensive",
        "what changed",
        "the runs",
        "published",
        "deepinfra_list: complete, 1 pages; 83 entries",
        "wavespeed_list: complete, 1 pages; 37 entries",
        "held",
        "marketplace.duckdb",
        "pricehouse sql",
        "pricehouse ingest",
    )
    place = 0
    for part in parts:  # in this order: prices first
        assert part in first.stdout[place:]
        place = first.stdout.index(part, place)
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in first.stdout.splitlines()]
    flux = ["black-forest-labs/FLUX.1-dev", "text-to-image", "wavespeed", "0.012"]
    assert ["image", *flux, "2026-09-17", "no"] in cells
    wan = ["Wan-AI/Wan2.2-I2V-A14B", "image-to-video", "wavespeed", "0.06"]
    assert ["second of video", *wan, "2026-09-17", "no"] in cells
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


def test_the_demo_refuses_a_live_home(tmp_path: Path) -> None:
    (tmp_path / "home.json").write_text('{"origin": "live", "format": 1}')
    done = pricehouse("demo", home=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
