"""Run one hour of the fault matrix, here or in a process of its own that measures its memory.

python -m tests.support.fault_matrix_run HOME HUB_URL ROUTER_URL AT DEADLINE_S TIMEOUT_S
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from pathlib import Path

import msgspec

from pipeline.context import Dependencies, RunOptions
from pipeline.pipeline import run_pipeline
from pipeline.report import Report
from pipeline.session import open_run
from pipeline.settings import recorded_settings
from providers.http.client import HttpClient
from providers.registry import load_registry
from providers.secrets import find_token
from tests.support.clocks import SkippingClock


def run_hour(
    home: Path,
    urls: dict[str, str],
    at: datetime,
    *,
    deadline_s: float,
    timeout_s: float,
    environment: Mapping[str, str],
) -> tuple[Report, SkippingClock]:
    """Run one hour with waits that take no time, and the token of an environment."""
    clock = SkippingClock(at)
    settings = recorded_settings(home, urls, load_registry())
    client = partial(HttpClient, sleep=clock.sleep, monotonic=clock.monotonic, timeout_s=timeout_s)
    options = RunOptions(origin="live", flow="ingest", trigger="test", feeds=frozenset(urls))
    dependencies = Dependencies(
        clock=clock.now,
        make_client=client,
        deadline_s=deadline_s,
        find_token=partial(find_token, environment),
    )
    with open_run(settings, options, dependencies) as run:
        return run_pipeline(run), clock


def main() -> None:
    """Print the report, and the peak of memory in bytes."""
    home, hub, router, at, deadline_s, timeout_s = sys.argv[1:]
    report, _ = run_hour(
        Path(home),
        {"hub": hub, "router": router},
        datetime.fromisoformat(at),
        deadline_s=float(deadline_s),
        timeout_s=float(timeout_s),
        environment=os.environ,
    )
    # not ru_maxrss: it begins with what the process that started this one had
    peak = int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]) * 1024
    fields = json.loads(msgspec.json.encode(report, enc_hook=str))
    sys.stdout.write(json.dumps({"report": fields, "peak": peak}))


if __name__ == "__main__":
    main()
