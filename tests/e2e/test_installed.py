"""The wheel has every file that the command needs, and the command works without a checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from samples.hub import serve
from tests.support.documents import CHECKOUT, PACKAGES
from tests.support.hours import small_catalog
from tests.support.running_server import up

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of a copy of the checkout: the build leaves its folders in the copy."""
    source = tmp_path_factory.mktemp("source") / "copy"
    source.mkdir()
    for path in CHECKOUT.iterdir():
        if path.name in PACKAGES:
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(path, source / path.name, symlinks=True, ignore=ignore)
        elif path.is_file():
            shutil.copy(path, source / path.name)
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    build = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), "."]
    subprocess.run([*pip, *build], cwd=source, check=True, capture_output=True)
    (file,) = folder.glob("pricehouse-*.whl")
    return file


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of commands of a venv that has the wheel, and sees the locked packages.

    A folder that a .pth file names is put on the path, and its own .pth files are not read: the
    editable install of the checkout stays invisible.
    """
    root = tmp_path_factory.mktemp("venv") / "venv"
    venv.create(root, with_pip=False, symlinks=True)
    python = root / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(python)]
    subprocess.run([*pip, "install", "--no-deps", str(wheel)], check=True, capture_output=True)
    names = {"base": str(root), "platbase": str(root)}
    packages = [path for path in sys.path if Path(path).name == "site-packages"]
    assert packages
    pth = Path(sysconfig.get_path("purelib", "venv", names)) / "locked.pth"
    pth.write_text("".join(f"{path}\n" for path in packages), "utf-8")
    return root / "bin"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder, with no checkout above it."""
    return tmp_path_factory.mktemp("elsewhere")


def environment() -> dict[str, str]:
    ours = ("PRICEHOUSE_", "PREFECT_", "PYTHON", "VAULT_", "HF_TOKEN", "FAL_KEY")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def run(installed: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [installed / "pricehouse", *arguments],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def demo(installed: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """The demo, run once in the empty folder."""
    return run(installed, folder, "demo")


@pytest.fixture
def site(installed: Path, folder: Path, demo: subprocess.CompletedProcess[str]) -> Iterator[str]:
    """The address of `pricehouse serve` on the demo's home; stopped by its process id."""
    assert demo.returncode == 0, demo.stderr
    with subprocess.Popen(
        [installed / "pricehouse", "--home", "data/demo", "serve", "--port", "0"],
        cwd=folder,
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stderr is not None
            line = process.stderr.readline()
            yield next(part for part in line.split() if part.startswith("http://")).rstrip("/")
        finally:
            process.terminate()


def test_wheel_has_every_file_of_the_packages(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        deployments = archive.read("flows/server/prefect.yaml")
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    files = {
        path.relative_to(CHECKOUT).as_posix()
        for package in PACKAGES
        for path in (CHECKOUT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {Path(name).suffix for name in files} >= {".py", ".sql", ".json", ".html", ".woff2"}
    assert packed == files
    assert deployments == (CHECKOUT / "prefect.yaml").read_bytes(), "a link in the checkout"


def test_installed_command_prints_help(installed: Path, folder: Path) -> None:
    done = run(installed, folder, "--help")
    assert done.returncode == 0, done.stderr
    assert "PRICEHOUSE_HUB_URL" in done.stdout


def test_installed_packages_are_those_of_the_wheel(installed: Path, folder: Path) -> None:
    where = "import cli.main, providers, warehouse; print(cli.__file__, warehouse.__file__)"
    done = subprocess.run(
        [installed / "python", "-c", where],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert all(path.startswith(str(installed.parent)) for path in done.stdout.split())


def test_installed_demo_publishes_the_sample(
    demo: subprocess.CompletedProcess[str], folder: Path
) -> None:
    assert demo.returncode == 0, demo.stderr
    assert "published" in demo.stdout
    assert (folder / "data" / "demo" / "marketplace.duckdb").is_symlink()


def test_installed_marketplace_answers(site: str) -> None:
    with httpx.Client(base_url=site, trust_env=False, timeout=120) as client:
        assert client.get("/readyz").status_code == 200
        page = client.get("/")
        assert page.status_code == 200
        assert "<html" in page.text
        assert client.get("/static/app.css").status_code == 200


@pytest.mark.server
def test_an_installed_worker_runs_what_a_checkout_elsewhere_deployed(
    installed: Path, tmp_path: Path
) -> None:
    command = (installed / "pricehouse",)
    with (
        serve(small_catalog()) as hub,
        up(tmp_path / "server", hub.url, only="server") as server,
        up(
            tmp_path / "home",
            hub.url,
            port=server.port,
            serve=False,
            only="worker",
            program=command,
        ) as worker,
    ):
        deployment = server.deployment("hourly")
        assert (deployment["entrypoint"], deployment["pull_steps"]) == ("flows.hourly.hourly", [])
        assert str(CHECKOUT) not in str(deployment)
        assert "the hour is done" in worker.wait_for_first_hour()
        programs = [line for line in worker.descendants().values() if "worker start" in line]
        assert all(line.startswith(str(installed)) for line in programs)
    assert (tmp_path / "home" / "marketplace.duckdb").is_symlink()
