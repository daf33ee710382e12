"""Every case of the matrix, through the real pipeline, against real sockets.

Whatever a server does: the hour ends in bounded time and memory, the feed fails with a code or its
bad rows are rejected, the last good data stays, the other feed's news is published, and the token
is written nowhere.
"""

from __future__ import annotations

import json
import logging
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import duckdb
import msgspec
import pytest

from cli.render import print_failure, print_report, print_status
from flows.artifacts import markdown
from pipeline.report import Report
from pipeline.status import read_status
from samples.hub import serve
from samples.routes import ServerRequest
from tests.support.bao import make_certificates
from tests.support.command import environment
from tests.support.fault_matrix_cases import CANARY, CASES, Case
from tests.support.fault_matrix_run import run_hour
from tests.support.home_files import contents, publication_is_consistent
from tests.support.hours import START, Clock, ingest, small_catalog
from tests.support.raw_server import RawServer, tls_context
from warehouse.storage.home import Home

BEFORE, NOW = small_catalog(), small_catalog(input_price="0.3")
AT = START + timedelta(hours=1)
MOST_S = 300
MOST_BYTES = 700_000_000
NOVITA = "model_id = 'acme/chat' AND inference_provider = 'novita'"
NEWS = {  # the other feed's change in this hour
    "hub": f"SELECT CAST(cost_per_input_token * 10000000 AS INT) FROM cards WHERE {NOVITA}",
    "router": "SELECT CAST(cost_per_input_token * 10000000 AS INT) FROM cards "
    "WHERE inference_provider = 'sambanova'",
}


class Outcome(NamedTuple):
    """The report of one hour, the output of its process, and what the faulty server received."""

    report: Report
    output: str
    requests: list[ServerRequest]


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after one good hour."""
    home = tmp_path_factory.mktemp("before")
    with serve(BEFORE) as hub:
        assert ingest(home, hub, clock=Clock()).outcome == "published"
    return home


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    make_certificates(folder)
    return folder


@pytest.fixture(autouse=True)
def given_up() -> Iterator[None]:
    """Fail an hour without an end by its name, so that it does not block the suite."""

    def give_up(_number: int, _frame: FrameType | None) -> None:
        raise AssertionError(f"not over after {MOST_S} s")

    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(MOST_S)
    yield
    signal.alarm(0)


def query(home: Path, sql: str) -> Any:
    path = str((home / "marketplace.duckdb").resolve())
    with duckdb.connect(path, read_only=True) as con:
        return con.sql(sql).fetchall()


def run_apart(
    home: Path, urls: dict[str, str], case: Case, settings: dict[str, str]
) -> tuple[Report, int, str]:
    """Run the hour in a process of its own; return its report, peak memory and output."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.support.fault_matrix_run",
            str(home),
            urls["hub"],
            urls["router"],
            AT.isoformat(),
            str(case.deadline_s),
            str(case.timeout_s),
        ],
        env=environment(home, **settings),
        capture_output=True,
        text=True,
        check=False,
        timeout=MOST_S,
    )
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    return (
        msgspec.convert(printed["report"], Report, strict=False),
        printed["peak"],
        done.stdout + done.stderr,
    )


def run_case(case: Case, home: Path, certificates: Path) -> Outcome:
    """Run one hour of a home against the faulty server of a case and a good one."""
    settings = {"HF_TOKEN": CANARY}
    if case.trusted:  # the HTTP library reads this one from the environment of its process
        settings["SSL_CERT_FILE"] = str(certificates / "ca.pem")
    output = ""
    with ExitStack() as stack:
        elsewhere = stack.enter_context(
            RawServer(lambda connection: connection.read_request() and None).running()
        )
        tls = tls_context(certificates) if case.kind in {"https", "http to https"} else None
        faulty = RawServer(case.behaviour, catalog=NOW, tls=tls, elsewhere=elsewhere.url)
        stack.enter_context(faulty.running())
        good = stack.enter_context(serve(NOW))
        scheme = "https" if case.kind.startswith("https") else "http"
        faulty_url = f"{scheme}://{case.host}:{faulty.port}"
        urls = {"hub": good.url, "router": good.url, case.feed: faulty_url}
        if case.apart or case.trusted:
            report, peak, output = run_apart(home, urls, case, settings)
            assert peak < MOST_BYTES, f"{peak / 1e6:.0f} MB"
        else:
            report, clock = run_hour(
                home,
                urls,
                AT,
                deadline_s=case.deadline_s,
                timeout_s=case.timeout_s,
                environment=settings,
            )
            assert clock.slept_s <= 2 * case.deadline_s
        assert elsewhere.requests == []
    return Outcome(report, output, faulty.requests)


def assert_feeds_ended_as_required(case: Case, report: Report) -> None:
    feeds = {feed.feed: feed for feed in report.feeds}
    faulty, other = feeds.pop(case.feed), next(iter(feeds.values()))
    assert faulty.error_code == case.code, faulty.error
    assert faulty.requests <= case.most_requests
    assert faulty.outcome in ({"failed", "partial"} if case.code else {"complete"})
    assert report.exit_status == (1 if case.code and case.feed == "hub" else 0)
    assert set(case.rejected) <= set(report.rejected)
    assert other.outcome == "complete"
    assert report.outcome == "published"
    assert report.events.get("gone", 0) == 0


def assert_publication_is_as_required(case: Case, home: Path, before: Path) -> None:
    assert query(home, NEWS[case.feed]) == [(3,)]  # the other feed's news of this hour
    assert publication_is_consistent(home)
    if case.code:
        kept = (
            "SELECT offer_id, unit, amount, price_status, raw_text FROM price_claims WHERE "
            f"feed = '{case.feed}' AND valid_to IS NULL ORDER BY ALL"
        )
        assert query(home, kept) == query(before, kept)
    if case.held:
        held = (
            f"SELECT held, hold_reason, cost_per_input_token * 10000000 FROM cards WHERE {NOVITA}"
        )
        assert [(h, r, int(c)) for h, r, c in query(home, held)] == [(True, case.held, 2)]
    if case.price_feed:
        new_price = (
            f"SELECT held, price_feed, cost_per_input_token * 10000000 FROM cards WHERE {NOVITA}"
        )
        assert [(h, f, int(c)) for h, f, c in query(home, new_price)] == [
            (False, case.price_feed, 3)
        ]
    if case.query:
        sql, value = case.query
        assert query(home, sql) == [(value,)]


def test_the_matrix_has_over_100_cases_with_unique_names() -> None:
    names = [case.name for case in CASES]
    assert len(names) == len(set(names)) > 100


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_hour_against(
    case: Case,
    before: Path,
    certificates: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    home = tmp_path / "home"
    shutil.copytree(before, home, symlinks=True)
    caplog.set_level(logging.DEBUG)
    report, output, requests = run_case(case, home, certificates)
    assert_feeds_ended_as_required(case, report)
    assert_publication_is_as_required(case, home, before)

    print_report(report)
    print_failure(report)
    print_status(read_status(Home.at(home), now=report.finished_at))
    captured = capsys.readouterr()
    printed = captured.out + captured.err + markdown(report) + caplog.text + output
    assert "\x1b[2J" not in printed
    assert CANARY not in printed
    assert [path for path, body in contents(home) if CANARY.encode() in body] == []
    sent = {request.headers.get("authorization") for request in requests}
    assert sent <= {f"Bearer {CANARY}"}
