"""The marketplace: an API and pages over the newest publication; it reads, and never writes."""
