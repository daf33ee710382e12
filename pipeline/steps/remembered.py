"""Read what earlier runs landed: answers about single ids, which need not be requested again, and
those with an ETag, which a source need not send again.

The run lands such an answer once more, with the time when it was fetched: replay reads of a run
only what that run names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from itertools import islice, takewhile

import msgspec

from pipeline.context import Run
from schemas.errors import LandingError
from schemas.payload import KnownAnswer, Payload
from schemas.records import FeedFetch, LandedPage
from warehouse.storage.run_folder import RunFolder

UNMODIFIED_FOR = timedelta(days=1)
"""How long after the bytes of an answer came a source is asked whether it changed."""
OK = 200
_ETAG = re.compile(r'(W/)?"[\x21\x23-\x7e]{1,400}"')
"""An ETag that can be sent back as it is; a longer one may have been shortened when it was kept."""
RUNS_BACK = 400
"""Runs that are searched for the last whole answer of a feed; two weeks of hours have 336."""


def remembered_answers(run: Run, feed: str) -> dict[str, Payload]:
    """Return id → the answer about it in the last whole answer of a feed before this run.

    An answer whose bytes are no longer kept, or are damaged, is left out.
    """
    earlier = run.folder.landing.runs_before(run.folder.run_id)
    fetch = _last_whole(islice(earlier, RUNS_BACK), feed)
    if fetch is None:
        return {}
    found = {page.about: _payload(run, feed, page) for page in fetch.pages if page.about}
    return {name: payload for name, payload in found.items() if payload is not None}


def _last_whole(earlier: Iterable[RunFolder], feed: str) -> FeedFetch | None:
    for folder in earlier:
        fetch = folder.fetch_of(feed)
        if fetch is not None and fetch.is_whole:
            return fetch
    return None


def _payload(run: Run, feed: str, page: LandedPage) -> Payload | None:
    body = _body(run, page)
    if body is None:
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


def known_answers(run: Run, feed: str) -> dict[str, KnownAnswer]:
    """Return address → the answer of the last whole one of a feed, where it has an ETag.

    A source that states for a day that nothing changed is asked for the whole answer once more.
    Where the record of an earlier run is damaged, nothing is known, and the answer is asked whole.
    """
    earlier = run.folder.landing.runs_before(run.folder.run_id)
    recent = takewhile(lambda r: run.today - r.record.started_at < UNMODIFIED_FOR, earlier)
    try:
        fetch = _last_whole(recent, feed)
    except LandingError:
        return {}
    found = {page.url: _known(run, page) for page in fetch.pages} if fetch else {}
    return {url: known for url, known in found.items() if known is not None}


def _known(run: Run, page: LandedPage) -> KnownAnswer | None:
    received_at = page.received_at or page.fetched_at
    etag = page.answered.get("etag", "")
    if (
        page.status != OK
        or isinstance(page.next_link, msgspec.UnsetType)
        or run.today - received_at >= UNMODIFIED_FOR
        or not _ETAG.fullmatch(etag)
    ):
        return None
    return KnownAnswer(
        etag=etag,
        next_link=page.next_link,
        received_at=received_at,
        captured_at=page.captured_at,
        read=partial(_body, run, page),
    )


def _body(run: Run, page: LandedPage) -> bytes | None:
    try:
        return run.folder.landing.get(page.payload_hash)
    except LandingError:
        return None
