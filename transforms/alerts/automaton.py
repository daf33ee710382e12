"""Open and close alerts: each finding is one alert from when it is found until it is over."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from schemas.alerts import (
    SETTLED_AFTER,
    Alert,
    AlertFinding,
    AlertState,
    Kind,
    Observed,
    alert_id_of,
)

_Key = tuple[Kind, str]
_TO_DECIDE = re.compile(r"(; cards keep [^;]* until this is decided)? \(check \w+: [a-z ]+\)$")
"""What the message of a held value asks for, which is done when it is over."""


def advance(state: AlertState, observed: Observed, *, at: datetime, origin: str) -> None:
    """Move `state` on by what one run observed at a time; `origin` is the id of the run.

    A finding that lasts keeps its alert open, without another one. An event closes the alert of the
    event before it, with a recovery where it restores what was so before, and else opens its own.
    """
    lasting: dict[_Key, AlertFinding] = {}
    events: dict[_Key, AlertFinding] = {}
    for finding in observed.findings:
        (events if finding.settles else lasting).setdefault((finding.kind, finding.key), finding)
    still_open: list[Alert] = []
    restored: set[_Key] = set()
    for alert in state.open:
        key = (alert.kind, alert.key)
        ended = _end(alert, lasting.get(key), events.get(key), observed, at)
        if ended is None:
            still_open.append(alert)
            continue
        state.ended.append(ended)
        if ended.recovery is not None:
            restored.add(key)
    known = {(alert.kind, alert.key) for alert in still_open}
    for key, finding in (lasting | events).items():
        if finding.opens and key not in known and key not in restored:
            still_open.append(opened(finding, at=at, origin=origin))
    state.open = still_open


def opened(finding: AlertFinding, *, at: datetime, origin: str) -> Alert:
    """Return the alert that a finding opens."""
    return Alert(
        alert_id=alert_id_of(finding.kind, finding.key, finding.origin or origin),
        kind=finding.kind,
        key=finding.key,
        subject=finding.subject,
        message=finding.message,
        opened_at=finding.since or at,
        feed=finding.feed,
        settles=finding.settles,
        before=finding.before,
    )


def _end(
    alert: Alert,
    lasting: AlertFinding | None,
    event: AlertFinding | None,
    observed: Observed,
    at: datetime,
) -> Alert | None:
    """Return the alert as it ends now, None while it stays open."""
    if alert.settles:
        if event is not None and event.after == alert.before:
            return closed(alert, at=at, recovery=event.message)
        replaced = event is not None and event.opens
        settled = at - alert.opened_at >= SETTLED_AFTER
        return closed(alert, at=at, recovery=None) if replaced or settled else None
    if lasting is not None or not observed.covers(alert):
        return None
    return closed(alert, at=at, recovery=_TO_DECIDE.sub("", alert.message))


def closed(alert: Alert, *, at: datetime, recovery: str | None) -> Alert:
    """Return the alert as it ended; without `recovery` nobody is notified of that."""
    return replace(alert, closed_at=at, recovery=recovery)
