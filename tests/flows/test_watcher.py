"""Who watches between runs sends what is due once, and ends when it is asked to."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import pytest

from flows.server.watcher import has_addresses, watch
from samples.hub import serve
from schemas.clock import utc_now
from tests.support.hours import Clock, chat_catalog, ingest
from tests.support.receivers import webhook


def test_the_watcher_reports_old_data_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    with serve(chat_catalog(("0.2", "0.6"))) as hub:
        ingest(home, hub, clock=Clock(utc_now() - timedelta(hours=3)))
    stop, sent = Event(), Event()
    with webhook() as receiver:
        environment = {
            "PRICEHOUSE_HOME": str(home),
            "PRICEHOUSE_ALERT_URLS": receiver.address("canary"),
        }
        problems: list[str] = []

        def run() -> None:
            watch(
                environment,
                stop,
                report=problems.append,
                notified=lambda _: sent.set(),
                every_s=0.01,
            )

        thread = Thread(target=run)
        thread.start()
        assert sent.wait(60)
        looks = len(receiver.paths)
        stop.set()
        thread.join(60)
    assert (looks, len(receiver.received), problems) == (1, 1, [])
    assert receiver.lines()[0].startswith("Old data: ")


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, False),
        ({"PRICEHOUSE_ALERT_URLS": ""}, False),
        ({"PRICEHOUSE_ALERT_URLS": "json://a"}, True),
        ({"VAULT_ADDR": "http://vault:8200"}, True),
    ],
)
def test_a_watcher_is_needed_where_there_may_be_an_address(
    environment: dict[str, str], expected: bool
) -> None:
    assert has_addresses(environment) is expected
