"""Backup and restore killed at each step and at random moments; the next try completes."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.backup import back_up
from pipeline.restore import restore
from samples.hub import serve
from samples.scale import scaled
from tests.support.command import environment, pricehouse
from tests.support.hours import Clock, ingest
from tests.support.published import exported

pytestmark = pytest.mark.slow
RANDOM_KILLS = 2
BACKUP_STEPS = ("copy files", "write the manifest", "remove files of earlier backups")
RESTORE_STEPS = (
    "check the copy",
    "put landing in place",
    "put home.json in place",
    "check the home",
)
DIE_AT = """
import os, signal, sys
from pathlib import Path
from pipeline.backup import back_up
from pipeline.restore import restore

def on_step(step):
    if step == sys.argv[4]:
        os.kill(os.getpid(), signal.SIGKILL)

first, second = Path(sys.argv[2]), Path(sys.argv[3])
{"backup": back_up, "restore": restore}[sys.argv[1]](first, second, on_step=on_step)
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A home of two hours, and a backup of its first."""
    folder, clock = tmp_path_factory.mktemp("made"), Clock()
    home = folder / "home"
    with serve(scaled(60)) as hub:
        ingest(home, hub, clock=clock)
        back_up(home, folder / "backup")
        clock.advance(timedelta(hours=1))
        hub.show(scaled(65))
        ingest(home, hub, clock=clock)
    return home, folder / "backup"


def die_at(step: str, command: str, first: Path, second: Path) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", DIE_AT, command, str(first), str(second), step],
        env=environment(first),
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL


def require_same(backup: Path, home: Path, at: Path) -> None:
    """Restore a backup, and compare the home with that which it is of."""
    done = restore(backup, at)
    assert [finding for finding in done.findings if not finding.ok] == []
    assert exported(at) == exported(home)
    assert [path for path in at.rglob("*.tmp") if "exported" not in path.parts] == []


def test_a_backup_that_is_killed_keeps_the_one_of_before(
    made: tuple[Path, Path], tmp_path: Path
) -> None:
    home, first = made
    old = tmp_path / "old"
    restore(first, old)
    before = exported(old)
    for number, step in enumerate(BACKUP_STEPS):
        backup = tmp_path / f"backup-{number}"
        shutil.copytree(first, backup)
        die_at(step, "backup", home, backup)
        at = tmp_path / f"at-{number}"
        restore(backup, at)
        assert (exported(at) == before) == (step != BACKUP_STEPS[-1])
        back_up(home, backup)
        require_same(backup, home, tmp_path / f"again-{number}")


def test_a_restore_that_is_killed_is_completed_by_the_next(
    made: tuple[Path, Path], tmp_path: Path
) -> None:
    home, first = made
    backup = tmp_path / "backup"
    shutil.copytree(first, backup)
    back_up(home, backup)
    for number, step in enumerate(RESTORE_STEPS):
        at = tmp_path / f"at-{number}"
        die_at(step, "restore", backup, at)
        require_same(backup, home, at)


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_killed_at_any_moment_the_next_one_is_whole(
    made: tuple[Path, Path], tmp_path: Path, command: str
) -> None:
    chance = random.Random(7)  # noqa: S311 - moments to kill at, not secrets
    home, first = made
    started = time.monotonic()
    whole = tmp_path / "whole"
    assert pricehouse("backup", str(whole), home=home).returncode == 0
    usual_s, killed = time.monotonic() - started, 0
    for number in range(6 * RANDOM_KILLS):
        backup, at = tmp_path / f"backup-{number}", tmp_path / f"at-{number}"
        shutil.copytree(first if command == "backup" else whole, backup)
        process = subprocess.Popen(
            [sys.executable, "-m", "cli.main", command, str(backup)],
            env=environment(home if command == "backup" else at),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(chance.uniform(0.4, 1) * usual_s)
        process.send_signal(signal.SIGKILL)
        if process.wait() != -signal.SIGKILL:
            usual_s *= 0.8  # it is done sooner than the first was
            continue
        killed += 1
        if command == "backup":
            old = tmp_path / f"old-{number}"
            restore(backup, old)
            back_up(home, backup)
        require_same(backup, home, at)
        if killed == RANDOM_KILLS:
            return
    pytest.fail(f"only {killed} tries were killed before their end")
