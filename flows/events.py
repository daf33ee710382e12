"""Names of events that flows emit and automations wait for."""

COMMITTED = "pricehouse.hour.committed"
"""The event of an hour that readers see; the automation that alerts to old data waits for it."""
NOTIFIED = "pricehouse.alerts.sent"
"""The event of a message that the watcher of `up` sent: then that automation does not fire."""
