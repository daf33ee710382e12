"""`maintain` as a Prefect flow: what its form asks for, and one run of it in Prefect's engine."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from samples.hub import serve
from tests.support.command import environment
from tests.support.hours import Clock, ingest, small_catalog
from warehouse.storage.landing import Landing
from warehouse.storage.retention import runs_lacking_bytes

FORM = """
import json
from flows.maintain import maintain
print(json.dumps(maintain.parameters.model_dump()))
"""
RUN = """
import asyncio
from prefect.exceptions import ParameterTypeError
from flows.maintain import maintain
try:
    asyncio.run(maintain(keep_hourly_days=0))
except ParameterTypeError:
    asyncio.run(maintain(keep_hourly_days=1))
"""


def run(script: str, home: Path) -> str:
    settings = {
        "PREFECT_HOME": str(home / "prefect"),
        "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "true",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment(home, **settings),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_form_bounds_and_describes_every_parameter(tmp_path: Path) -> None:
    form: dict[str, Any] = json.loads(run(FORM, tmp_path))["properties"]
    assert set(form) == {"keep_hourly_days", "compact", "dry_run", "lock_wait_s"}
    assert all(field["description"] and field["title"] for field in form.values())
    days = form["keep_hourly_days"]
    assert (days["minimum"], days["maximum"], days["default"]) == (1, 3650, 30)


@pytest.mark.slow
def test_the_flow_refuses_a_bad_parameter_and_maintains_the_home(tmp_path: Path) -> None:
    clock = Clock()
    with serve(small_catalog()) as hub:
        for price in ("0.2", "0.3"):
            hub.show(small_catalog(input_price=price))
            ingest(tmp_path, hub, clock=clock)
    run(RUN, tmp_path)
    landing = Landing(tmp_path / "landing")
    first, _ = landing.committed()
    assert [run.run_id for run, _ in runs_lacking_bytes(landing, landing.committed())] == [
        first.run_id
    ]
