"""Options of the whole suite."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.support.sampling import EVERY
from tests.support.skips import unexpected_skips

if TYPE_CHECKING:
    from pipeline.report import Report
    from tests.support.backends import Backend
    from tests.support.lakes import SharedPlace
    from tests.support.object_store import RunningObjectStore
    from tests.support.postgres import Postgres
    from tests.support.stores import StorePlace

# How long an example takes is the machine's business, whose pace is not ours. The same code gives
# the same result; the slow tests search anew each time. Making a failure smaller may take minutes:
# `--hypothesis-profile default` does it.
settings.register_profile(
    "repeatable",
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("repeatable")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--strict-skips",
        action="store_true",
        help="fail when a test is skipped that tests/support/skips.py does not list",
    )
    parser.addoption(
        "--every-case",
        action="store_true",
        help="run each test of tests/support/backends.py with a file and with each shared "
        "warehouse, and every case of the tests that are marked `sampled`: the time of CI suffices "
        "for some of them",
    )


@pytest.fixture(scope="session")
def ingested_sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Report]]:
    """A home with the Hub and the router of both steps of the sample, to read; the reports."""
    from tests.support.sample_home import ingest_sample

    home = tmp_path_factory.mktemp("sample") / "home"
    return home, ingest_sample(home)


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Report]]:
    """A folder whose `data` is a home with all that the demo ingests, to read; the reports."""
    from tests.support.sample_home import ingest_sample_with_lists

    root = tmp_path_factory.mktemp("docs")
    return root, ingest_sample_with_lists(root / "data")


@pytest.fixture(scope="session")
def object_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningObjectStore]:
    """A running SeaweedFS; a test that stops it starts it again."""
    from tests.support.object_store import running_object_store

    with running_object_store(tmp_path_factory.mktemp("object-store")) as running:
        yield running


@pytest.fixture(scope="session")
def shared_postgres() -> Iterator[Postgres]:
    """A running PostgreSQL; a test that stops it starts it again."""
    from tests.support.postgres import postgres

    with postgres() as running:
        yield running


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that uses `backend` with those that its mark or its module's names, else with a
    sample; with `--every-case` those without a mark have all.
    """
    if "backend" in metafunc.fixturenames:
        from tests.support.backends import BACKENDS, FILE, sample_of

        mark = metafunc.definition.get_closest_marker("backends")
        names = mark.args if mark else BACKENDS
        if not metafunc.config.getoption("--every-case"):
            names = sample_of(names, metafunc.module, metafunc.function.__name__)
            if mark and not mark.kwargs.get("sampled", True):
                names = [FILE]
        slow = {name: () if name == FILE else (pytest.mark.slow,) for name in BACKENDS}
        chosen = [pytest.param(name, marks=slow[name]) for name in names]
        metafunc.parametrize("backend", chosen, indirect=True)


@pytest.fixture(scope="module")
def backend(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Backend]:
    """What records the runs of a module's homes; tests/support/backends.py has how to use it."""
    from tests.support.backends import FILE, LAKE_ON_S3, Backend, using
    from tests.support.lakes import lake_in

    if request.param == FILE:
        with using(Backend(FILE)) as files:
            yield files
        return
    root, numbers = tmp_path_factory.mktemp("shared"), count(1)
    postgres = request.getfixturevalue("shared_postgres")
    store = request.getfixturevalue("object_store") if request.param == LAKE_ON_S3 else None

    def make_place() -> SharedPlace:
        return lake_in(postgres, store, root / f"{next(numbers)}")

    with pytest.MonkeyPatch.context() as patch, using(Backend(request.param, make_place)) as lakes:
        # which PostgreSQL's library reads in this process too; each place has the same password
        patch.setenv("PGPASSFILE", make_place().environment["PGPASSFILE"])
        yield lakes


@pytest.fixture(params=["folder", "s3"])
def store_place(request: pytest.FixtureRequest, tmp_path: Path) -> StorePlace:
    """An empty store, in a folder and on S3."""
    from tests.support.stores import folder_place, s3_place

    if request.param == "folder":
        return folder_place(tmp_path)
    return s3_place(request.getfixturevalue("object_store"))


class FailuresAtOnce:
    """Prints each failure when it happens: CI ends a run of too long, and its summary with it."""

    def __init__(self, terminal: pytest.TerminalReporter) -> None:
        self._terminal = terminal

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._terminal.write_line(f"\n{report.nodeid} ({report.when})\n{report.longreprtext}")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Print failures at once with `--strict-skips`, which CI asks for."""
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if terminal is not None and config.getoption("--strict-skips"):
        config.pluginmanager.register(FailuresAtOnce(terminal))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run every third case of a test that is marked `sampled`; with `--every-case` each."""
    if config.getoption("--every-case"):
        return
    seen, kept, left = Counter[str](), list[pytest.Item](), list[pytest.Item]()
    for item in items:
        chosen = kept
        if item.get_closest_marker("sampled"):
            test = item.nodeid.partition("[")[0]
            chosen = left if seen[test] % EVERY else kept
            seen[test] += 1
        chosen.append(item)
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = kept


def pytest_collection_finish() -> None:
    """Leave what was imported and collected out of every later search for unreachable objects."""
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    """Fail the session, and list the tests, if `--strict-skips` finds a skip that is not listed.

    The reports of xdist's workers arrive at the terminal reporter, which the workers lack.
    """
    yield
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if not session.config.getoption("--strict-skips") or reporter is None:
        return
    if found := sorted(set(unexpected_skips(reporter.stats.get("skipped", [])))):
        reporter.section("skips that tests/support/skips.py does not list", red=True)
        for line in found:
            reporter.write_line(line)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
