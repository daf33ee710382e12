"""Events that flows and the watcher of `up` emit, and that automations wait for."""

from __future__ import annotations

from flows.home_names import HomeNames
from warehouse.publication.publish import published_id
from warehouse.storage.home import Home

COMMITTED = "pricehouse.hour.committed"
"""The event of an hour that readers see; the automation about old data waits for it."""
NOTIFIED = "pricehouse.alerts.sent"
"""The event of the watcher, at each look, while data is old and the message about it was sent."""


def emit_committed(home: Home, names: HomeNames) -> None:
    """Let automations know that readers see another hour."""
    from prefect.events import emit_event

    payload = {"run_id": published_id(home)}
    emit_event(COMMITTED, resource=names.resource(home), payload=payload)


def emit_notified(home: Home, names: HomeNames) -> None:
    """Let automations know that the message about old data was sent, so that they send none."""
    from prefect.events import emit_event

    emit_event(NOTIFIED, resource=names.resource(home))
