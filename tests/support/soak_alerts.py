"""Hold the alerts of a soak against what its runs recorded, and the messages against the alerts."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from flows.server.stale_notification import BODY
from providers.registry import load_registry
from tests.support.published import rows
from tests.support.receivers import Webhook
from warehouse.storage.landing import Landing
from warehouse.storage.run_folder import RunFolder

STALE_AFTER = timedelta(hours=2)
MODELLED = ("feed_failing", "run_failing", "stale")
REJECTED = ("schema_drift", "hub: rejected rows")
"""The catalogue has one hostile row in each hour; prices move by less than an alert needs."""
_LINE = re.compile(r"^[A-Z][a-z ]+?(?P<over>: over)?: .*; alert (?P<alert>\w+)\)$")


class Span(NamedTuple):
    """One alert, by what it is about and how long it was open."""

    kind: str
    subject: str
    opened_at: datetime
    closed_at: datetime | None


def require_alerts(home: Path, receiver: Webhook, *, kills: int) -> dict[str, int]:
    """Require exactly the alerts that the records of runs call for, each sent once; return counts.

    A kill between the line of the journal and the message loses that message, and repeats none.
    """
    found = {
        Span(*row): alert_id
        for alert_id, *row in rows(
            home, "SELECT alert_id, kind, subject, opened_at, closed_at FROM alerts"
        )
    }
    runs = Landing(home / "landing").runs()
    committed = [run for run in runs if run.mark and run.mark.outcome == "committed"]
    until = committed[-1].run_id
    expected = [*_failing(runs, until), *_stale(committed)]
    modelled = sorted(span for span in found if span.kind in MODELLED)
    assert modelled == sorted(expected)
    others = {(span.kind, span.subject) for span in found if span.kind not in MODELLED}
    assert others == {REJECTED}, others
    due = {(alert, "opened") for alert in found.values()}
    due |= {(a, "closed") for span, a in found.items() if span.closed_at is not None}
    sent = Counter(_notices(receiver))
    twice = [notice for notice, count in sent.items() if count > 1]
    assert twice == [], "sent twice"
    assert not sent.keys() - due, "sent, and no alert"
    # what began and was over before a run could send anything is one message, that it is over
    over = {alert for alert, event in sent if event == "closed"}
    lost = sorted(
        (alert, event)
        for alert, event in due - sent.keys()
        if not (event == "opened" and alert in over)
    )
    assert len(lost) <= kills, lost
    return {"alerts": len(found), "messages": len(receiver.received), "lost by a kill": len(lost)}


def _notices(receiver: Webhook) -> list[tuple[str, str]]:
    matches = [_LINE.match(line) for line in receiver.lines()]
    assert [line for line in receiver.lines() if line.startswith(BODY)] == [], "sent by Prefect"
    assert all(matches), receiver.lines()
    return [(m["alert"], "closed" if m["over"] else "opened") for m in matches if m]


def _failing(runs: list[RunFolder], until: str) -> list[Span]:
    """Return what counting the failures one by one gives, up to the last committed run."""
    required = sorted(feed.feed for _, feed in load_registry().feeds() if feed.required)
    streaks = dict.fromkeys(required, 0)
    opened: dict[tuple[str, str], datetime] = {}
    spans: list[Span] = []
    interrupted = 0
    for run in runs:
        mark = run.mark
        if mark is None or run.run_id > until or mark.outcome in {"dry_run", "cancelled"}:
            continue
        failed_feed = False
        for fetch in run.fetches():
            if fetch.feed not in streaks or fetch.outcome == "skipped":
                continue
            if fetch.error_code == "stopped":
                continue
            failed = fetch.outcome in {"failed", "partial"}
            failed_feed |= failed
            streaks[fetch.feed] = streaks[fetch.feed] + 1 if failed else 0
        interrupted = interrupted + 1 if mark.outcome == "interrupted" else 0
        if mark.outcome == "interrupted":
            run_failed = interrupted >= 2
        else:
            run_failed = mark.outcome == "failed" and not failed_feed
        if run_failed:
            opened.setdefault(("run_failing", "the hourly run"), mark.finished_at)
        for feed, streak in streaks.items():
            if streak >= 2:
                opened.setdefault(("feed_failing", feed), mark.finished_at)
        for (kind, subject), at in list(opened.items()):
            is_over = mark.outcome == "committed" if kind == "run_failing" else not streaks[subject]
            if is_over:
                spans.append(Span(kind, subject, at, mark.finished_at))
                del opened[kind, subject]
    return spans + [Span(*key, at, None) for key, at in opened.items()]


def _stale(committed: list[RunFolder]) -> list[Span]:
    """Return the times in which the newest whole answer was older than the limit."""
    # what is only compared with a catalogue makes nothing newer that readers see
    compared = {feed.feed for _, feed in load_registry().feeds() if feed.compares}
    spans: list[Span] = []
    newest: datetime | None = None
    for run in committed:
        fetches = [fetch for fetch in run.fetches() if fetch.feed not in compared]
        whole = [fetch.observed_at for fetch in fetches if fetch.is_whole]
        if not whole:
            continue
        limit = newest + STALE_AFTER if newest else None
        if limit and run.record.started_at >= limit and run.mark:
            spans.append(Span("stale", "data", limit, run.mark.finished_at))
        newest = max([*whole, *([newest] if newest else [])])
    return spans
