"""Keep what one feed breaks to that feed: it failed, its last rows stay, the hour goes on."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

from msgspec.structs import replace

from schemas.errors import FeedError
from schemas.failures import ANY_ERROR, ENDS_RUN, traceback_text
from schemas.records import FeedFetch
from transforms.parsing.fence import RowFailure

PARSER_FAILED = "parser_failed"
"""Code of a feed whose landed answer our own code could not process."""
_LOG = logging.getLogger(__name__)

T = TypeVar("T")


def internal_failure(error: BaseException, *, feed: str, what: str, code: str) -> FeedError:
    """Log an unexpected error with its traceback; return the failure of the feed for run_feeds.

    The message has the error's type alone: its text may quote anything.
    """
    _LOG.error("%s: %s\n%s", feed, what, traceback_text(error))
    return FeedError(
        f"{feed}: {what}: {type(error).__name__} (internal error); the log has the traceback",
        code=code,
    )


def log_row_failures(feed: str, failures: Iterable[RowFailure]) -> None:
    """Log each kind of error that rows were rejected for, once, with its first traceback."""
    for failure in failures:
        _LOG.error(
            "%s: %d entries rejected as entry:unreadable (%s), the first at %s\n%s",
            feed,
            failure.rows,
            failure.kind,
            failure.path,
            failure.traceback,
        )


class FeedFence:
    """Call a step's code for one feed after the other, and hold the fetch of each."""

    def __init__(self, fetches: Iterable[FeedFetch]) -> None:
        self._fetches = {fetch.feed: fetch for fetch in fetches}

    @property
    def fetches(self) -> list[FeedFetch]:
        """Every feed's fetch, `failed` where its code raised an error."""
        return list(self._fetches.values())

    def call(self, feed: str, function: Callable[[], T], *, what: str) -> T | None:
        """Return what the function returns, None after an error: then the feed failed.

        `what` completes the message of an unexpected error. What no feed is to blame for is raised.
        """
        try:
            return function()
        except FeedError as error:
            self.fail(feed, error)
        except ENDS_RUN:
            raise
        except ANY_ERROR as error:
            self.fail(feed, internal_failure(error, feed=feed, what=what, code=PARSER_FAILED))
        return None

    def add(self, fetch: FeedFetch) -> None:
        """Add the fetch of a feed that was not asked."""
        self._fetches[fetch.feed] = fetch

    def fail(self, feed: str, error: FeedError) -> None:
        """Count a feed as failed."""
        self._fetches[feed] = replace(
            self._fetches[feed], outcome="failed", error_code=error.code, error=str(error)
        )
