"""Every case of the matrix, through the real line of stages, against real sockets.

Whatever a server does: the hour ends in bounded time and memory, the feed fails by name or its bad
rows are set aside, the last good data stands, the other feed's news is published, the token stays.
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
from typing import Any

import duckdb
import msgspec
import pytest

from cli.console import say_failure, say_report, say_status
from flows.artifacts import markdown
from pipeline.report import Report
from pipeline.status import read_status
from samples.hub import serve
from tests.e2e.test_canary import files
from tests.support.bao import make_certificates
from tests.support.command import environment
from tests.support.fault_cases import CANARY, CASES, Case
from tests.support.fault_process import tell
from tests.support.fault_server import FaultServer, tls_context
from tests.support.homes import whole
from tests.support.hours import START, Clock, ingest, small_catalog
from warehouse.storage.home import Home

BEFORE, NOW = small_catalog(), small_catalog(input_price="0.3")
AT = START + timedelta(hours=1)
MOST_S = 120
MOST_BYTES = 700_000_000
NOVITA = "model_id = 'acme/chat' AND inference_provider = 'novita'"
NEWS = {  # what the other feed says anew in this hour
    "hub": f"SELECT CAST(cost_per_input_token * 10000000 AS INT) FROM cards WHERE {NOVITA}",
    "router": "SELECT CAST(cost_per_input_token * 10000000 AS INT) FROM cards "
    "WHERE inference_provider = 'sambanova'",
}


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
    """An hour without an end fails by its name instead of holding the suite up."""

    def give_up(_number: int, _frame: FrameType | None) -> None:
        raise AssertionError(f"not over after {MOST_S} s")

    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(MOST_S)
    yield
    signal.alarm(0)


def asked(home: Path, query: str) -> Any:
    path = str((home / "marketplace.duckdb").resolve())
    with duckdb.connect(path, read_only=True) as con:
        return con.sql(query).fetchall()


def run_apart(home: Path, urls: dict[str, str], case: Case) -> tuple[Report, int, str]:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.support.fault_process",
            str(home),
            urls["hub"],
            urls["router"],
            AT.isoformat(),
            str(case.deadline_s),
            str(case.timeout_s),
        ],
        env=environment(home, HF_TOKEN=CANARY),
        capture_output=True,
        text=True,
        check=False,
        timeout=MOST_S,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    return (
        msgspec.convert(told["report"], Report, strict=False),
        told["peak"],
        done.stdout + done.stderr,
    )


def test_the_matrix_is_a_matrix() -> None:
    names = [case.name for case in CASES]
    assert len(names) == len(set(names)) > 100


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_hour_against(
    case: Case,
    before: Path,
    certificates: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    home = tmp_path / "home"
    shutil.copytree(before, home, symlinks=True)
    monkeypatch.setenv("HF_TOKEN", CANARY)
    if case.trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificates / "ca.pem"))
    caplog.set_level(logging.DEBUG)
    said = ""
    with ExitStack() as stack:
        elsewhere = stack.enter_context(
            FaultServer(lambda line: line.ask() and None, NOW).running()
        )
        tls = tls_context(certificates) if case.kind in {"https", "http to https"} else None
        bad = FaultServer(case.act, NOW, tls=tls, elsewhere=elsewhere.url)
        stack.enter_context(bad.running())
        good = stack.enter_context(serve(NOW))
        scheme = "https" if case.kind.startswith("https") else "http"
        bad_url = f"{scheme}://{case.host}:{bad.port}"
        urls = {"hub": good.url, "router": good.url, case.feed: bad_url}
        if case.apart:
            report, peak, said = run_apart(home, urls, case)
            assert peak < MOST_BYTES, f"{peak / 1e6:.0f} MB"
        else:
            report, pace = tell(
                home, urls, AT, deadline_s=case.deadline_s, timeout_s=case.timeout_s
            )
            assert pace.slept_s <= 2 * case.deadline_s
        assert elsewhere.requests == []
    told = {feed.feed: feed for feed in report.feeds}
    mine, other = told.pop(case.feed), next(iter(told.values()))

    assert mine.error_code == case.code, mine.error
    assert mine.requests <= case.most_requests
    assert mine.outcome in ({"failed", "partial"} if case.code else {"complete"})
    assert report.exit_status == (1 if case.code and case.feed == "hub" else 0)
    assert set(case.rejected) <= set(report.rejected)
    assert other.outcome == "complete"
    assert report.outcome == "published"
    assert asked(home, NEWS[case.feed]) == [(3,)]  # the other feed's news of this hour

    assert whole(home)
    assert report.events.get("gone", 0) == 0
    if case.code:
        kept = (
            "SELECT offer_id, unit, amount, price_status, raw_text FROM price_claims WHERE "
            f"feed = '{case.feed}' AND valid_to IS NULL ORDER BY ALL"
        )
        assert asked(home, kept) == asked(before, kept)
    if case.held:
        held = (
            f"SELECT held, hold_reason, cost_per_input_token * 10000000 FROM cards WHERE {NOVITA}"
        )
        assert [(h, r, int(c)) for h, r, c in asked(home, held)] == [(True, case.held, 2)]
    if case.sees:
        query, value = case.sees
        assert asked(home, query) == [(value,)]

    say_report(report)
    say_failure(report)
    say_status(read_status(Home.at(home), now=report.finished_at))
    shown = capsys.readouterr()
    printed = shown.out + shown.err + markdown(report) + caplog.text + said
    assert "\x1b[2J" not in printed
    assert CANARY not in printed
    assert [path for path, held in files(home) if CANARY.encode() in held] == []
    sent = [request.headers.get("authorization") for request in bad.requests]
    assert set(sent) <= {f"Bearer {CANARY}"}
