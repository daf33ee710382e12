"""Which messages of which alerts are due at an address: each once, urgent ones at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Literal, NamedTuple

from schemas.alerts import TITLES, URGENT, Alert, Message
from schemas.text import replace_unprintable

LONGEST = 300
MOST_LINES = 30
"""A message has so many findings by name; `pricehouse alerts` has all."""


class DueNotice(NamedTuple):
    """One of the two messages of an alert that is due."""

    alert: Alert
    event: Literal["opened", "closed"]

    @property
    def key(self) -> tuple[str, Literal["opened", "closed"]]:
        """How it is recorded."""
        return self.alert.alert_id, self.event


def due_notices(
    alerts: Iterable[Alert],
    done: Collection[tuple[str, str]],
    *,
    known_since: datetime,
    now: datetime,
) -> list[DueNotice]:
    """Return what an address was not sent yet and is due now, urgent kinds first, then by time.

    An address that is new since `known_since` gets what is open, and nothing that was over before.
    What can wait is due from the first midnight UTC on: a digest of the day before.
    """
    found = [
        DueNotice(alert, event)
        for alert in alerts
        if (event := _due_event(alert, done, known_since)) is not None
        and _is_due(alert, alert.closed_at if event == "closed" else alert.opened_at, now)
    ]
    return sorted(found, key=lambda due: (due.alert.kind not in URGENT, due.alert.opened_at))


def _due_event(
    alert: Alert, done: Collection[tuple[str, str]], known_since: datetime
) -> Literal["opened", "closed"] | None:
    was_opened = (alert.alert_id, "opened") in done
    if alert.closed_at is None:
        return None if was_opened else "opened"
    if (alert.alert_id, "closed") in done:
        return None
    if alert.recovery is None:  # an event that another one followed before anybody knew of it
        return "opened" if not was_opened and alert.opened_at >= known_since else None
    return "closed" if was_opened or alert.closed_at >= known_since else None


def _is_due(alert: Alert, at: datetime | None, now: datetime) -> bool:
    return alert.kind in URGENT or (at is not None and at.date() < now.date())


def compose(notices: list[DueNotice]) -> Message:
    """Return the message that holds these notices, each in a line with the id of its alert."""
    opened = sum(notice.event == "opened" for notice in notices)
    over = len(notices) - opened
    counts = [f"{opened} found"] * bool(opened) + [f"{over} over"] * bool(over)
    is_digest = all(notice.alert.kind not in URGENT for notice in notices)
    lines = [*_lines(notices[:MOST_LINES])]
    if (more := len(notices) - MOST_LINES) > 0:
        lines.append(f"and {more} more: `pricehouse alerts`")
    title = f"pricehouse{' digest' if is_digest else ''}: {', '.join(counts)}"
    return Message(title, "\n".join(lines), is_good=opened == 0)


def _lines(notices: Iterable[DueNotice]) -> Iterator[str]:
    for alert, event in notices:
        title = TITLES[alert.kind]
        text = replace_unprintable(
            (alert.recovery or "") if event == "closed" else alert.message, LONGEST
        )
        times = f"since {alert.opened_at:%Y-%m-%d %H:%M} UTC"
        if event == "closed":
            title = f"{title}: over"
            times = f"{alert.opened_at:%Y-%m-%d %H:%M} to {alert.closed_at:%Y-%m-%d %H:%M} UTC"
        yield f"{title}: {text} ({times}; alert {alert.alert_id})"
