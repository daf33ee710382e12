"""`pricehouse serve` on a machine that only reads: what its follower reports and survives."""

from __future__ import annotations

from pathlib import Path
from queue import Queue

import pytest

from samples.hub import serve
from tests.support.hours import Clock, ingest, small_catalog
from tests.support.stores import folder_place
from warehouse.publication.publish import published_id
from warehouse.storage.home import Home
from warehouse.store.follower import following
from warehouse.store.objects import Store

WAIT_S = 120.0


def test_the_follower_survives_unknown_errors(tmp_path: Path) -> None:
    place, home, reader = folder_place(tmp_path), tmp_path / "home", Home(tmp_path / "reader")
    published = Path(place.environment["PRICEHOUSE_STORE"]) / "published"
    damaged = published / "marketplace-29990101T000000000000Z-000000.json"
    reported: Queue[str] = Queue()
    failures = [ValueError("a canary of a key"), ValueError("again"), SystemExit(3)]

    def find() -> Store:
        if damaged.exists() and failures:
            raise failures.pop()
        return place.open()

    def report(line: str) -> None:
        reported.put(line)
        raise OSError("standard error is full")

    with serve(small_catalog()) as hub:
        ingest(home, hub, clock=Clock(), store=place.open())
    with following(reader, find, report, poll_s=0.01):
        first = published_id(Home(home))
        assert reported.get(timeout=WAIT_S) == f"pulled publication {first}"
        damaged.write_text("no label")
        lines = []
        while failures:
            lines.append(reported.get(timeout=WAIT_S))
        damaged.unlink()
        while "the store answers again" not in lines:
            lines.append(reported.get(timeout=WAIT_S))
    text = "\n".join(lines)
    assert "the store cannot be followed: SystemExit (internal error); the last" in text
    assert text.count("the store cannot be followed: ValueError") == 1
    assert "canary" not in text


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_a_home_with_a_landing_is_reported_once_not_to_follow(tmp_path: Path, when: str) -> None:
    place, home = folder_place(tmp_path), Home(tmp_path / "home")
    reported: Queue[str] = Queue()
    looks = []

    def find() -> Store:
        looks.append(1)
        return place.open()

    if when == "before":
        home.landing.mkdir(parents=True)
    with following(home, find, reported.put, poll_s=0.01):
        home.landing.mkdir(parents=True, exist_ok=True)
        assert "does not follow PRICEHOUSE_STORE" in reported.get(timeout=WAIT_S)
    assert reported.empty()
    assert len(looks) == (0 if when == "before" else 1)
    with following(home, find, reported.put, is_set=False):
        pass
    assert reported.empty()
