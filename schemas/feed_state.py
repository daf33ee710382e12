"""The state of reading a feed in plain text, the same for the command line, pages and the API."""

from __future__ import annotations

from datetime import datetime


def feed_state(
    *,
    enabled: bool,
    observed_at: datetime | None,
    failures_in_a_row: int,
    last_error: str | None,
    skipped_because: str | None,
) -> str:
    """Return `ok`, or what is wrong; `observed_at` is the last complete response.

    `skipped_because` is why the last run did not read the feed; None where it did.
    """
    if failures_in_a_row:
        times = "1 failure" if failures_in_a_row == 1 else f"{failures_in_a_row} failures in a row"
        return f"{times}, the last: {last_error}"
    if skipped_because:
        return f"not read: {skipped_because}"
    if not enabled:
        return "switched off"
    return "ok" if observed_at else "not read yet"
