"""Read what earlier runs landed about single ids, so that a run need not request it again.

The run lands such an answer once more, with the time when it was fetched: replay reads of a run
only what that run names.
"""

from __future__ import annotations

from itertools import islice

from pipeline.context import Run
from schemas.errors import LandingError
from schemas.payload import Payload
from schemas.records import FeedFetch, LandedPage

RUNS_BACK = 400
"""Runs that are searched for the last whole answer of a feed; two weeks of hours have 336."""


def remembered_answers(run: Run, feed: str) -> dict[str, Payload]:
    """Return id → the answer about it in the last whole answer of a feed before this run.

    An answer whose bytes are no longer kept, or are damaged, is left out.
    """
    fetch = _last_whole(run, feed)
    if fetch is None:
        return {}
    found = {page.about: _payload(run, feed, page) for page in fetch.pages if page.about}
    return {name: payload for name, payload in found.items() if payload is not None}


def _last_whole(run: Run, feed: str) -> FeedFetch | None:
    newest_first = run.folder.landing.newest_first()
    earlier = (r for r in newest_first if r.run_id < run.folder.run_id)
    for folder in islice(earlier, RUNS_BACK):
        fetch = folder.fetch_of(feed)
        if fetch is not None and fetch.outcome == "complete":
            return fetch
    return None


def _payload(run: Run, feed: str, page: LandedPage) -> Payload | None:
    try:
        body = run.folder.landing.get(page.payload_hash)
    except LandingError:
        return None
    return Payload(
        feed=feed,
        url=page.url,
        page=page.page,
        status=page.status,
        body=body,
        fetched_at=page.fetched_at,
        captured_at=page.captured_at,
        answered=page.answered,
        about=page.about,
    )
