"""Maintenance killed at any moment: the home is whole, and the next commands find everything."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.maintenance import Upkeep, maintain
from pipeline.replay import replay
from samples.hub import serve
from samples.scale import scaled
from tests.support.command import answered, environment, pricehouse, start
from tests.support.hours import Clock, ingest, small_catalog
from tests.support.published import exported

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 12, 1, tzinfo=UTC)
RANDOM_KILLS = 3
STEPS = [
    "remove what killed processes left",
    "rewrite the warehouse",
    "look at the checkpoints",
    "write a checkpoint",
    "thin out landing",
    "forget old checkpoints",
    "forget old publications",
]
DIE_AT = """
import os, signal, sys
from pathlib import Path
from pipeline.maintenance import Upkeep, maintain

def told(step):
    if step == sys.argv[2]:
        os.kill(os.getpid(), signal.SIGKILL)

maintain(Path(sys.argv[1]), Upkeep(keep_hourly_days=1, compact=True), on_step=told)
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two days of two hours each, large enough that each step takes its time."""
    home, clock = tmp_path_factory.mktemp("made"), Clock(START)
    with serve(scaled(300)) as hub:
        for hour in range(4):
            hub.show(scaled(270 + 10 * hour))
            ingest(home, hub, clock=clock)
            clock.advance(timedelta(hours=12))
    return home


def require_unharmed(home: Path, before: dict[str, bytes]) -> None:
    """Hold a home against what it said before: read it, rebuild it, go on with it, tidy it."""
    assert answered(pricehouse("status", "--json", home=home))["last_run"]["outcome"] == "committed"
    assert exported(home) == before
    again = home / "again"
    shutil.copytree(home / "landing", again / "landing")
    replay(again)
    assert exported(again) == before
    clock = Clock(LATER)
    with serve(small_catalog()) as hub:
        assert ingest(home, hub, clock=clock).outcome == "published"
    done = maintain(home, Upkeep(keep_hourly_days=1, compact=True), clock=clock)
    assert done.compacted
    after = exported(home)
    assert after != before
    shutil.rmtree(again)
    shutil.copytree(home / "landing", again / "landing")
    replay(again)
    assert exported(again) == after
    left = [path for path in home.rglob(".*.tmp") if "again" not in path.parts]
    assert left == []


@pytest.mark.slow
@pytest.mark.sampled
@pytest.mark.parametrize("step", STEPS)
def test_killed_before_a_step_nothing_is_lost(made: Path, tmp_path: Path, step: str) -> None:
    home = tmp_path / "home"
    shutil.copytree(made, home, symlinks=True)
    before = exported(home)
    killed = subprocess.run(
        [sys.executable, "-c", DIE_AT, str(home), step], env=environment(home), check=False
    )
    assert killed.returncode == -signal.SIGKILL
    require_unharmed(home, before)


@pytest.mark.slow
def test_killed_at_any_moment_nothing_is_lost(made: Path, tmp_path: Path) -> None:
    chance = random.Random(11)  # noqa: S311 - moments to kill at, not secrets
    arguments = ("maintain", "--keep-hourly-days", "1", "--compact")
    before = exported(made)
    shutil.copytree(made, tmp_path / "undisturbed", symlinks=True)
    started = time.monotonic()
    assert pricehouse(*arguments, home=tmp_path / "undisturbed").returncode == 0
    usual_s = time.monotonic() - started
    killed = 0
    # The machine's pace drifts, so a moment may come after the end: such a try shows nothing.
    for number in range(4 * RANDOM_KILLS):
        home = tmp_path / str(number)
        shutil.copytree(made, home, symlinks=True)
        process = start(*arguments, home=home, url="http://127.0.0.1:9")
        time.sleep(chance.uniform(0.2, 0.9) * usual_s)
        process.send_signal(signal.SIGKILL)
        if process.wait() == -signal.SIGKILL:
            killed += 1
            require_unharmed(home, before)
        else:
            usual_s *= 0.8  # it is done sooner than the first was
        shutil.rmtree(home)
        if killed == RANDOM_KILLS:
            return
    pytest.fail(f"only {killed} of {4 * RANDOM_KILLS} tries killed maintenance before its end")
