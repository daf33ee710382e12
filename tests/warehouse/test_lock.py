"""One process writes at a time, whatever happens to it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from schemas.errors import HomeBusy, HomeError
from warehouse.storage.lock import hold

CHECKOUT = Path(__file__).parents[2]

HOLD = """
import sys
from pathlib import Path
from warehouse.storage.lock import hold
with hold(Path(sys.argv[1]), wait_s=0):
    print("held", flush=True)
    sys.stdin.readline()
"""

COUNT = """
import sys
from pathlib import Path
from warehouse.storage.lock import hold
counter = Path(sys.argv[2])
for _ in range(25):
    with hold(Path(sys.argv[1]), wait_s=60, sleep=lambda _seconds: None):
        counter.write_text(str(int(counter.read_text()) + 1))
"""

HOLD_ON_A_FULL_DISK = """
import resource, sys
from pathlib import Path
from warehouse.storage.lock import hold
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
with hold(Path(sys.argv[1]), wait_s=0):
    pass
"""


class WaitingClock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 0.0
        self.sleeps: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds


@contextmanager
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", HOLD, str(path), "--token=private"]
    with subprocess.Popen(
        command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_held_lock_is_waited_for_and_then_named(tmp_path: Path) -> None:
    clock = WaitingClock()
    with holder(tmp_path / ".lock") as process:
        with (
            pytest.raises(HomeBusy) as caught,
            hold(tmp_path / ".lock", wait_s=5, sleep=clock.sleep, monotonic=clock.monotonic),
        ):
            pytest.fail("two processes held the lock")
        assert f"process {process.pid}" in str(caught.value)
    assert "waited 5.0 s" in str(caught.value)
    assert "nothing was changed" in str(caught.value)
    assert sum(clock.sleeps) == pytest.approx(5)


def test_without_a_wait_it_is_tried_once(tmp_path: Path) -> None:
    clock = WaitingClock()
    with (
        holder(tmp_path / ".lock"),
        pytest.raises(HomeBusy),
        hold(tmp_path / ".lock", wait_s=0, sleep=clock.sleep, monotonic=clock.monotonic),
    ):
        pytest.fail("two processes held the lock")
    assert clock.sleeps == []


def test_a_lock_that_is_released_meanwhile_is_taken(tmp_path: Path) -> None:
    clock = WaitingClock()
    first = ExitStack()
    first.enter_context(hold(tmp_path / ".lock", wait_s=0))

    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        if clock.now > 1:
            first.close()

    with hold(tmp_path / ".lock", wait_s=5, sleep=sleep, monotonic=clock.monotonic):
        assert 1 < clock.now < 1.5


def test_a_killed_holder_releases_the_lock(tmp_path: Path) -> None:
    with holder(tmp_path / ".lock") as process:
        process.kill()
        process.wait()
        assert f"process {process.pid}" in (tmp_path / ".lock").read_text()
        with hold(tmp_path / ".lock", wait_s=0):
            assert f"process {process.pid}" not in (tmp_path / ".lock").read_text()


def test_the_lock_is_released_when_the_work_inside_fails(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), hold(tmp_path / ".lock", wait_s=0):
        raise ZeroDivisionError
    with hold(tmp_path / ".lock", wait_s=0):
        pass
    assert (tmp_path / ".lock").read_text() == ""


def test_the_lock_file_names_its_holder_without_further_arguments(tmp_path: Path) -> None:
    with holder(tmp_path / ".lock") as process:
        content = (tmp_path / ".lock").read_text()
        assert str(process.pid) in content
        assert "private" not in content


def test_four_processes_that_count_together_lose_no_count(tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    counter.write_text("0")
    command = [sys.executable, "-c", COUNT, str(tmp_path / ".lock"), str(counter)]
    processes = [subprocess.Popen(command, cwd=CHECKOUT) for _ in range(4)]
    assert [process.wait(timeout=300) for process in processes] == [0, 0, 0, 0]
    assert counter.read_text() == "100"


def test_a_full_disk_does_not_cost_the_lock(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD_ON_A_FULL_DISK, str(tmp_path / ".lock")]
    assert subprocess.run(command, cwd=CHECKOUT, check=False).returncode == 0


def test_a_lock_that_cannot_be_created_is_a_home_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(HomeError, match="PRICEHOUSE_HOME"), hold(tmp_path / "file/.lock", wait_s=0):
        pass
