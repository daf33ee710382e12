"""Replay: the same bytes in, the same warehouse out, to the last byte of an export."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.maintenance import Upkeep
from pipeline.report import Report
from samples.hub import serve
from samples.routes import ServerReply, ServerRequest, error
from schemas.errors import HomeKindError, LandingError, UsageError
from tests.support.backends import FILE, Backend, maintain, replay
from tests.support.hours import Clock, ingest, small_catalog
from tests.support.published import copy_landing, exported

pytestmark = pytest.mark.usefixtures("backend")


def eventful_home(root: Path) -> Path:
    """Prices up and to zero, an absence, a failed feed, a failed hour, a gap, an unchanged hour."""
    clock, broken = Clock(), {"paths": set[str]()}

    def fail(request: ServerRequest) -> ServerReply | None:
        return error(403, "not now") if request.path in broken["paths"] else None

    with serve(small_catalog(), on_request=fail) as hub:
        for price, paths, hours in [
            ("0.2", set(), 1),
            ("0.3", set(), 1),
            ("0.3", {"/v1/models"}, 1),
            ("0.4", {"/api/models"}, 1),
            ("0.5", {"/v1/models", "/api/models"}, 1),
            ("0", set(), 5),
            ("0", set(), 1),
            ("0.25", set(), 26),
        ]:
            hub.show(small_catalog(input_price=price, output_price=price))
            broken["paths"] = paths
            ingest(root, hub, clock=clock)
            clock.advance(timedelta(hours=hours))
    return root


@pytest.fixture(scope="module")
def eventful(tmp_path_factory: pytest.TempPathFactory, backend: Backend) -> Path:
    """The eventful home, to copy or to export."""
    return eventful_home(tmp_path_factory.mktemp("eventful") / "home")


def require_same_export(home: Path, again: Path) -> None:
    assert replay(copy_landing(home, again))
    original, replayed = exported(home), exported(again)
    assert original.keys() == replayed.keys()
    assert [name for name in original if original[name] != replayed[name]] == []


@pytest.mark.slow
def test_the_export_of_a_replayed_home_is_byte_identical(eventful: Path, tmp_path: Path) -> None:
    require_same_export(eventful, tmp_path / "again")


def test_the_export_of_the_replayed_sample_is_byte_identical(
    ingested_sample: tuple[Path, list[Report]], tmp_path: Path
) -> None:
    home = shutil.copytree(ingested_sample[0], tmp_path / "home", symlinks=True)
    require_same_export(Path(home), tmp_path / "again")


@pytest.mark.slow
def test_replay_loads_only_what_the_warehouse_does_not_hold(
    eventful: Path, tmp_path: Path, backend: Backend
) -> None:
    home = tmp_path / "home"
    shutil.copytree(eventful, home, symlinks=True)
    before = exported(home)
    assert replay(home) == []
    home.joinpath("warehouse.duckdb").unlink()
    # of a shared warehouse the file is a copy, which is pulled
    assert len(replay(home)) == (7 if backend.name == FILE else 0)
    assert exported(home) == before


def test_packed_runs_that_keep_their_bytes_are_replayed(tmp_path: Path) -> None:
    """Of a home with one run a day, no run loses bytes, so no checkpoint replaces one."""
    home, clock = tmp_path / "home", Clock()
    with serve(small_catalog()) as hub:
        for price in ("0.2", "0.3", "0.4"):
            hub.show(small_catalog(input_price=price))
            ingest(home, hub, clock=clock)
            clock.advance(timedelta(days=1))
    done = maintain(home, Upkeep(keep_hourly_days=1), clock=clock)
    assert (done.runs_packed, done.checkpoint) == (2, None)
    require_same_export(home, tmp_path / "again")


def test_a_changed_byte_in_landing_stops_replay_and_names_the_object(
    eventful: Path, tmp_path: Path
) -> None:
    again = copy_landing(eventful, tmp_path / "again")
    largest = max((again / "landing" / "objects").rglob("*.zst"), key=lambda p: p.stat().st_size)
    damaged = bytearray(largest.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    largest.write_bytes(damaged)
    with pytest.raises(LandingError, match=largest.stem):
        replay(again)


def test_replay_without_landing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nothing to replay|no committed run"):
        replay(tmp_path)


def test_live_landing_does_not_enter_a_home_of_the_sample(eventful: Path, tmp_path: Path) -> None:
    again = copy_landing(eventful, tmp_path / "again")
    (again / "home.json").write_text('{"origin": "sample", "format": 1}')
    with pytest.raises(HomeKindError):
        replay(again)
