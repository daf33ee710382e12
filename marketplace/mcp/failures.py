"""Errors of tool calls, and the sentence that a client gets for each error of a reading."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from marketplace.cursor import BadCursor
from marketplace.unanswered import INTERNAL, NOTHING, UNREADABLE, NotInPublication
from schemas.errors import HomeError, PublicationGone, QueryTooSlow, UnknownValue, UsageError

logger = logging.getLogger(__name__)


class ToolFailure(Exception):
    """Raised when a tool cannot answer; its message tells the caller what is valid."""


@contextmanager
def errors_as_failures() -> Iterator[None]:
    """Turn every error of a reading into a ToolFailure.

    Messages for the operator name folders of this machine: clients get fixed texts instead.
    """
    try:
        yield
    except ToolFailure:
        raise
    except (BadCursor, NotInPublication, QueryTooSlow, UnknownValue) as error:
        raise ToolFailure(str(error)) from error
    except PublicationGone as error:
        raise ToolFailure(f"{error}; call again without cursor") from error
    except UsageError as error:
        raise ToolFailure(NOTHING) from error
    except HomeError as error:
        raise ToolFailure(UNREADABLE) from error
    except Exception as error:
        logger.exception("a tool call failed")
        raise ToolFailure(INTERNAL) from error
