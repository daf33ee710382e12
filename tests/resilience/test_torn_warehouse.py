"""A block of the writer's file that a kill tore: the next run restores it from the publication."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from msgspec import structs

from pipeline.maintenance import maintain
from samples.hub import Hub, serve
from schemas.errors import TornWarehouse
from tests.support.killing import HOUR, START, catalog, compare, require_whole, run_hour
from warehouse.storage.landing import Landing

FIRST_BLOCK, BLOCK_BYTES = 3 * 4096, 256 * 1024
"""Where blocks begin in a file of DuckDB, and how large one is."""


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    """One server for all homes: its address is in their rows."""
    with serve(catalog(0)) as running:
        yield running


@pytest.fixture
def home(tmp_path: Path, hub: Hub) -> Path:
    """A home with two hours."""
    root = tmp_path / "home"
    for number in range(2):
        hub.show(catalog(number))
        run_hour(root, hub.url, START + number * HOUR)
    return root


def tear(file: Path, block: int) -> None:
    """Write half of a block as a write does that a kill cuts: the other half is older."""
    with file.open("r+b") as open_file:
        open_file.seek(FIRST_BLOCK + block * BLOCK_BYTES + BLOCK_BYTES // 2)
        half = open_file.read(BLOCK_BYTES // 2)
        open_file.seek(-len(half), 1)
        open_file.write(bytes(byte ^ 0xFF for byte in half))


def blocks_of(file: Path) -> int:
    return (file.stat().st_size - FIRST_BLOCK) // BLOCK_BYTES


def opens(file: Path) -> bool:
    try:
        with duckdb.connect(str(file), read_only=True):
            return True
    except duckdb.Error:
        return False


def torn_copies(home: Path, folder: Path, *, opening: bool) -> list[Path]:
    """Return copies of a home with one torn block each, at which opening the file fails or not."""
    found = []
    for block in range(blocks_of(home / "warehouse.duckdb")):
        copy = folder / f"block-{block}"
        shutil.copytree(home, copy, symlinks=True)
        tear(copy / "warehouse.duckdb", block)
        if opens(copy / "warehouse.duckdb") is opening:
            found.append(copy)
    return found


def run_next(root: Path, hub: Hub) -> Path:
    """Run another hour in a home, and hold it against itself."""
    hub.show(catalog(2))
    run_hour(root, hub.url, START + 2 * HOUR)
    require_whole(root, set())
    return root


def kill_marks(root: Path) -> None:
    """Leave what a kill leaves of a run: its record, without an end mark."""
    landing = Landing(root / "landing")
    record = next(landing.newest_first()).record
    at = record.started_at + timedelta(minutes=30)
    landing.begin(structs.replace(record, run_id=f"{at:%Y%m%dT%H%M%S%f}Z-killed", started_at=at))


@pytest.mark.slow
def test_the_next_run_restores_a_file_that_does_not_open(
    home: Path, hub: Hub, tmp_path: Path
) -> None:
    whole = run_next(shutil.copytree(home, tmp_path / "whole", symlinks=True), hub)
    torn = torn_copies(home, tmp_path, opening=False)
    assert torn
    for copy in torn:
        compare(run_next(copy, hub), whole)


@pytest.mark.slow
def test_after_a_kill_every_block_is_read(home: Path, hub: Hub, tmp_path: Path) -> None:
    """Opening reads few blocks: a torn one among the others is found before the run uses it."""
    kill_marks(home)
    whole = run_next(shutil.copytree(home, tmp_path / "whole", symlinks=True), hub)
    torn = torn_copies(home, tmp_path, opening=True)
    assert torn
    for copy in torn:
        compare(run_next(copy, hub), whole)


def test_a_torn_file_with_a_run_that_was_not_published_needs_a_replay(
    home: Path, hub: Hub, tmp_path: Path
) -> None:
    (copy, *_) = torn_copies(home, tmp_path, opening=False)
    older = min((copy / "published").glob("*.duckdb"))
    (copy / "marketplace.duckdb").unlink()
    (copy / "marketplace.duckdb").symlink_to(older.relative_to(copy))
    before = (copy / "warehouse.duckdb").read_bytes()
    with pytest.raises(TornWarehouse, match="pricehouse replay"):
        run_next(copy, hub)
    assert (copy / "warehouse.duckdb").read_bytes() == before


def test_maintenance_restores_a_torn_file_too(home: Path, tmp_path: Path) -> None:
    (copy, *_) = torn_copies(home, tmp_path, opening=False)
    maintain(copy, clock=lambda: START + 2 * HOUR)
    assert opens(copy / "warehouse.duckdb")
