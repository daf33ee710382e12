"""Full disks, limits, read-only homes: a clear error, the last publication, recovery with room.

Real ones: a small tmpfs where this process may mount one, a limit on file sizes everywhere, and a
user who is not root, whom the system lets ignore no mode.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from samples.hub import serve
from tests.support.command import answered, environment, pricehouse
from tests.support.health import failed_checks
from tests.support.home_files import publication_is_consistent
from tests.support.hours import START, Clock, ingest
from tests.support.killing import catalog
from tests.support.published import exported_by_link

CHECKOUT = Path(__file__).parents[2]
FREE_KB = (0, 16, 200, 800, 1600, 3000, 7000, 12_000, 20_000)
LIMITS = (0, 2_000, 20_000, 100_000, 900_000, 1_500_000, 2_500_000)
SIZE_MB = 80

LIMITED = """
import resource, sys
limit = int(sys.argv.pop(1))
from cli.main import main
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
main()
"""

UNPRIVILEGED = """
import os, sys
scratch, arguments = sys.argv[1], sys.argv[2:]
home = os.environ.pop("PRICEHOUSE_HOME")
from cli.main import main
os.environ["PRICEHOUSE_HOME"] = scratch
# Once with every right, so that all is imported that this user may not read.
for warm_up in (["ingest"], ["sql", "SELECT 1"], ["status"], ["doctor"]):
    try:
        main(warm_up)
    except SystemExit:
        pass
os.environ["PRICEHOUSE_HOME"] = home
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
sys.stdout.write("NOBODY\\n"); sys.stdout.flush()
sys.stderr.write("NOBODY\\n"); sys.stderr.flush()
main(arguments)
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of one hour, large enough that each part of the next takes its room."""
    home = tmp_path_factory.mktemp("made") / "home"
    with serve(catalog(1)) as hub:
        ingest(home, hub, clock=Clock(START))
    return home


@pytest.fixture(scope="module")
def small_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    place = tmp_path_factory.mktemp("disk")
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this process may mount no tmpfs; the limit on file sizes is tried instead")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def require_refused(done: subprocess.CompletedProcess[str]) -> None:
    """A refusal is one clear message of ours, and no traceback."""
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert "error:" in done.stderr


@pytest.mark.slow
def test_on_a_nearly_full_disk_an_hour_completes_or_fails_with_a_clear_error(
    made: Path, small_disk: Path, tmp_path: Path
) -> None:
    refused = completed = 0
    for free_kb in FREE_KB:
        home = small_disk / "home"
        shutil.copytree(made, home, symlinks=True)
        before = exported_by_link(home, tmp_path / f"before-{free_kb}")
        ballast = small_disk / "ballast"
        room = shutil.disk_usage(small_disk).free - free_kb * 1024
        with ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, room)
        with serve(catalog(2)) as hub:
            done = pricehouse("ingest", "--json", home=home, url=hub.url)
            assert publication_is_consistent(home)
            if done.returncode:
                refused += 1
                require_refused(done)
                assert "disk" in done.stderr or "space" in done.stderr, done.stderr
                assert exported_by_link(home, tmp_path / f"after-{free_kb}") == before
                assert "disk" in failed_checks(home)
            else:
                completed += 1
            ballast.unlink()
            answered(pricehouse("ingest", "--json", home=home, url=hub.url))
        assert publication_is_consistent(home)
        assert failed_checks(home) <= {"disk"}  # the disk is small, and every other check passes
        shutil.rmtree(home)
    assert refused >= 4
    assert completed >= 1


@pytest.mark.slow
def test_under_a_file_size_limit_an_hour_completes_or_fails_with_a_clear_error(
    made: Path, tmp_path: Path
) -> None:
    refused = 0
    for limit in LIMITS:
        home = tmp_path / str(limit)
        shutil.copytree(made, home, symlinks=True)
        with serve(catalog(2)) as hub:
            done = subprocess.run(
                [sys.executable, "-c", LIMITED, str(limit), "ingest"],
                env=environment(home, hub.url),
                cwd=CHECKOUT,
                capture_output=True,
                text=True,
                check=False,
                timeout=300,
            )
            assert publication_is_consistent(home)
            if done.returncode:
                refused += 1
                require_refused(done)
            answered(pricehouse("ingest", "--json", home=home, url=hub.url))
        assert publication_is_consistent(home)
        assert failed_checks(home) == set()
    assert refused >= 4


def as_other_user(*arguments: str, home: Path, scratch: Path) -> subprocess.CompletedProcess[str]:
    with serve(catalog(2)) as hub:
        return subprocess.run(
            [sys.executable, "-c", UNPRIVILEGED, str(scratch), *arguments],
            env=environment(home, hub.url),
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
@pytest.mark.parametrize(
    ("command", "locked", "expected"),
    [
        ("ingest", ".", "PRICEHOUSE_HOME"),
        ("ingest", "landing", "let this user read and write there"),
        ("ingest", "published", "let this user read and write there"),
        ("ingest", "warehouse.duckdb", "cannot be"),
        ("ingest", "home.json", "PRICEHOUSE_HOME"),
        ("replay", ".lock", "let this user read and write there"),
    ],
)
def test_a_user_without_permission_gets_what_to_allow(
    made: Path, command: str, locked: str, expected: str
) -> None:
    # Not under pytest's own folder, which other users may not enter.
    root = Path("/var/tmp") / f"pricehouse-{os.getpid()}"  # noqa: S108 - it is removed below
    home, scratch = root / "home", root / "scratch"
    try:
        shutil.copytree(made, home, symlinks=True)
        for path in (root, home, *home.rglob("*")):
            if not path.is_symlink():
                os.chown(path, 65534, 65534)
        target = home if locked == "." else home / locked
        for path in (target, *target.rglob("*")) if target.is_dir() else (target,):
            if not path.is_symlink():
                os.chown(path, 0, 0)
                path.chmod(0o755 if path.is_dir() else 0o644 if target.is_dir() else 0o600)
        done = as_other_user(command, home=home, scratch=scratch)
        message = done.stderr.split("NOBODY\n")[1]
        assert done.returncode in (1, 2), done.stderr
        assert expected in message
        assert "Traceback" not in message
        assert publication_is_consistent(home)
        doctor = as_other_user("doctor", home=home, scratch=scratch)
        assert doctor.returncode == 1, doctor.stdout
        assert "failed" in doctor.stdout.split("NOBODY\n")[1]
        assert "Traceback" not in doctor.stderr.split("NOBODY\n")[1]
    finally:
        shutil.rmtree(root)


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
def test_a_user_who_may_only_read_can_run_queries(made: Path) -> None:
    root = Path("/var/tmp") / f"pricehouse-read-{os.getpid()}"  # noqa: S108 - it is removed below
    home, scratch = root / "home", root / "scratch"
    try:
        shutil.copytree(made, home, symlinks=True)
        root.chmod(0o755)
        for path in (home, *home.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() else 0o644)
        done = as_other_user("sql", "SELECT count(*) FROM cards", home=home, scratch=scratch)
        assert done.returncode == 0, done.stderr
        assert as_other_user("status", home=home, scratch=scratch).returncode == 0
    finally:
        shutil.rmtree(root)
