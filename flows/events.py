"""Names that two programs must write alike."""

COMMITTED = "pricehouse.hour.committed"
"""The event of an hour that readers see; the automation that tells of old data waits for it."""
