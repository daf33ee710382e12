"""Why a request has no answer: what the API, the pages and the MCP tools return alike."""

from __future__ import annotations

NOTHING = "nothing is published here yet; run `pricehouse ingest` first"
UNREADABLE = "the newest publication cannot be read; the next run publishes again"
INTERNAL = "the request failed (internal error); the server's log has the details"


class NotInPublication(Exception):
    """Raised when the publication does not contain what an address names."""
