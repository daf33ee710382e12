"""A run that somebody stops is cancelled, not interrupted, and no failure of a feed."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from pipeline.notify import current_alerts
from pipeline.settings import AlertRules
from samples.hub import serve
from schemas.clock import utc_now
from tests.support.command import answered, pricehouse, start
from tests.support.hours import small_catalog
from tests.support.running_server import Gate
from warehouse.storage.home import Home

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_ingest_is_cancelled(tmp_path: Path, number: signal.Signals) -> None:
    gate = Gate()
    with serve(small_catalog(), on_request=gate) as hub:
        with gate.shut():
            running = start("ingest", home=tmp_path, url=hub.url)
            while not gate.waiting:
                assert running.poll() is None
                time.sleep(0.02)
            running.send_signal(number)
            assert running.wait(timeout=60) in {1, 128 + signal.SIGTERM}
        found = answered(pricehouse("status", "--json", home=tmp_path))
        assert found["last_run"]["outcome"] == "cancelled"
        assert found["last_run"]["error"].startswith("cancelled: a person or the system")
        assert found["verdict"]["reason"] == "nothing is published yet"
        assert current_alerts(Home(tmp_path), AlertRules(), now=utc_now()) == []
        done = pricehouse("ingest", home=tmp_path, url=hub.url)
        assert done.returncode == 0, done.stderr
    rows = answered(
        pricehouse("sql", "SELECT outcome FROM runs ORDER BY run_id", "--json", home=tmp_path)
    )
    assert [row["outcome"] for row in rows] == ["failed", "published"]
