"""The one verdict: failing before stale before degraded before ok, each with what to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schemas.durations import duration_text, read_duration
from schemas.verdict import EndedRun, FeedHealth, HealthFacts, find_verdict

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FINE = HealthFacts(now=NOW, observed_to=NOW - timedelta(minutes=10))
HUB = FeedHealth("hub", required=True, enabled=True, failures_in_a_row=0, last_error=None)


HUB_FAILED = frozenset({"hub"})


def failing_hub(times: int) -> FeedHealth:
    return replace(HUB, failures_in_a_row=times, last_error="hub: 503")


@pytest.mark.parametrize(
    ("state", "reason", "changes"),
    [
        ("ok", "the data is new", {}),
        ("ok", "the data is new", {"ended": [EndedRun("cancelled", "cancelled: …", HUB_FAILED)]}),
        ("ok", "the data is new", {"ended": [EndedRun("dry_run", None, HUB_FAILED)]}),
        ("ok", "the data is new", {"alerts": [("price_held", "a"), ("price_moved", "b")]}),
        ("failing", "2 runs of this home", {"problem": "2 runs of this home are yet to come"}),
        ("failing", "nothing is published", {"is_published": False, "observed_to": None}),
        ("failing", "the run failed: the disk", {"ended": [EndedRun("failed", "the disk")]}),
        (
            "degraded",
            "the last run failed: hub",
            {"ended": [EndedRun("failed", "hub: 503", HUB_FAILED)]},
        ),
        ("failing", "2 runs failed", {"ended": [EndedRun("failed", "hub: 503", HUB_FAILED)] * 2}),
        ("degraded", "the last run failed", {"ended": [EndedRun("interrupted", "killed")]}),
        ("failing", "2 runs failed", {"ended": [EndedRun("interrupted", "killed")] * 2}),
        ("degraded", "hub failed once", {"feeds": [failing_hub(1)]}),
        ("failing", "hub failed 2 times", {"feeds": [failing_hub(2)]}),
        (
            "failing",
            "hub failed 2 times",
            {"feeds": [failing_hub(1)], "ended": [EndedRun("failed", "hub: 503", HUB_FAILED)]},
        ),
        (
            "degraded",
            "hub failed once: hub: 503; 1 more failed too",
            {"feeds": [FeedHealth("a_list", False, True, 9, "a_list: 404"), failing_hub(1)]},
        ),
        (
            "degraded",
            "the last run failed: router: 503",
            {
                "feeds": [failing_hub(1)],
                "ended": [EndedRun("failed", "router: 503", frozenset({"router"}))],
            },
        ),
        ("degraded", "hub failed 5 times", {"feeds": [replace(failing_hub(5), required=False)]}),
        ("ok", "the data", {"feeds": [replace(failing_hub(5), required=False, enabled=False)]}),
        (
            "stale",
            "the data is 3 hours old, more than 2h",
            {"observed_to": NOW - timedelta(hours=3)},
        ),
        ("ok", "", {"observed_to": NOW - timedelta(hours=3), "stale_after": timedelta(hours=4)}),
        ("ok", "this is a sample", {"observed_to": NOW - timedelta(days=300), "is_sample": True}),
        ("degraded", "coverage fell: a and 1 more", {"alerts": [("coverage_fell", "a")] * 2}),
        ("ok", "the data is new", {"alerts": [("schema_drift", "a")]}),
        (
            "stale",
            "the data is",
            {"observed_to": NOW - timedelta(hours=3), "alerts": [("schema_drift", "a")]},
        ),
        (
            "failing",
            "2 runs failed",
            {
                "observed_to": NOW - timedelta(hours=3),
                "ended": [EndedRun("failed", "hub: 503", HUB_FAILED)] * 2,
            },
        ),
    ],
)
def test_the_verdict_names_the_worst_and_its_reason(
    state: str, reason: str, changes: dict[str, Any]
) -> None:
    verdict = find_verdict(replace(FINE, **changes))
    assert verdict.state == state
    assert reason in verdict.reason
    assert (verdict.remedy is None) == (state == "ok")
    assert verdict.line.startswith(f"{state}: ")


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("2h", timedelta(hours=2)),
        ("90m", timedelta(minutes=90)),
        ("1d12h", timedelta(hours=36)),
        (" 1H30M ", timedelta(minutes=90)),
        ("45s", timedelta(seconds=45)),
    ],
)
def test_a_duration_is_read(text: str, length: timedelta) -> None:
    assert read_duration(text) == length
    assert read_duration(duration_text(length)) == length


@pytest.mark.parametrize("text", ["", "2", "h", "2 h", "-2h", "2h1d", "0h", "1.5h", "400d", "²h"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="it must be"):
        read_duration(text)
