"""Which run is due and which is next, and why an hour runs at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from prefect.client.schemas.objects import FlowRun, State, StateType

from flows.server.first_hour import due_run, next_start, why_now
from flows.server.marketplace import MarketplaceAddress
from samples.hub import serve
from tests.support.hours import START, Clock, ingest, small_catalog
from warehouse.storage.home import Home

NOW = datetime(2026, 12, 1, 10, tzinfo=UTC)


def run(kind: StateType, minutes: int) -> FlowRun:
    return FlowRun(
        flow_id=uuid4(),
        state=State(type=kind),
        state_type=kind,
        expected_start_time=NOW + timedelta(minutes=minutes),
    )


@pytest.mark.parametrize(
    ("runs", "due", "next_minutes"),
    [
        ([], None, None),
        ([run(StateType.SCHEDULED, 7), run(StateType.SCHEDULED, 67)], None, 7),
        ([run(StateType.SCHEDULED, 67), run(StateType.SCHEDULED, 7)], None, 7),
        ([run(StateType.SCHEDULED, -53), run(StateType.SCHEDULED, 7)], 0, 7),
        ([run(StateType.RUNNING, -1), run(StateType.SCHEDULED, 7)], 0, 7),
        ([run(StateType.SCHEDULED, 7), run(StateType.PENDING, 1)], 1, 7),
        ([run(StateType.RUNNING, 0)], 0, None),
    ],
)
def test_a_run_under_way_or_late_is_due_and_the_first_ahead_is_next(
    runs: list[FlowRun], due: int | None, next_minutes: int | None
) -> None:
    assert due_run(runs, NOW) is (None if due is None else runs[due])
    expected = None if next_minutes is None else NOW + timedelta(minutes=next_minutes)
    assert next_start(runs, NOW) == expected


def test_an_hour_runs_at_once_where_none_is_published_or_one_was_missed(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert why_now(home, START) == "nothing is published yet"
    with serve(small_catalog()) as hub:
        ingest(tmp_path, hub, clock=Clock())
    assert why_now(home, START + timedelta(minutes=59)) is None
    missed = why_now(home, START + timedelta(minutes=90, seconds=50))
    assert missed is not None
    assert "an hour was missed: the newest answer is 1 hour 30 minutes old" in missed
    assert why_now(home, START - timedelta(days=1)) is None, "it lies in the future"
    (tmp_path / "home.json").write_text("{")
    assert why_now(home, START + timedelta(minutes=59)) is None


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8400"),
        ("0.0.0.0", "http://127.0.0.1:8400"),  # noqa: S104 - what an operator may ask for
        ("::", "http://[::1]:8400"),
        ("::1", "http://[::1]:8400"),
        ("prices.example", "http://prices.example:8400"),
    ],
)
def test_the_marketplace_is_named_by_an_address_that_a_browser_opens(host: str, url: str) -> None:
    assert MarketplaceAddress(host, 8400).url == url
