"""Fetch a feed's answers about single ids: seldom, few in one run, and never at the list's cost."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import quote

from providers.feed_reader import FeedReader
from providers.http.pagination import Get
from providers.http.urls import below
from schemas.errors import FeedError
from schemas.payload import Payload
from schemas.registry import FeedDetails

_LOG = logging.getLogger(__name__)
_NOT_ABOUT_AN_ID = frozenset({401, 403, 407, 408, 429})
"""Refusals that every further request would get too, as with a status of 500 or more."""
IsCurrent = Callable[[str, Payload], bool]
"""Return whether an earlier answer about an id still fits what the list states of it."""


class SingleIds:
    """The answers of one run about single ids; `now` is the time of the list's answer.

    An answer is used again for `every_s` seconds. Where the source gives no newer one, it is used
    for `keep_s`; then the refusal itself is the answer, or there is none.
    """

    def __init__(self, reader: FeedReader, details: FeedDetails, base_url: str) -> None:
        self._reader = reader
        self._details = details
        self._url = below(base_url, details.path)
        self._left = details.at_most

    def payloads(
        self, ids: Sequence[str], *, now: datetime, first_page: int, is_current: IsCurrent
    ) -> Iterator[Payload]:
        """Yield one answer for each id that there is one of; no failure here is the list's."""
        known = self._reader.remembered()
        due = self._due(ids, known, now, is_current)
        get = self._reader.getter(takes_refusals=True)
        page = first_page
        for name in ids:
            answer = self._request(get, name, page) if name in due else None
            kept = known.get(name)
            if (answer is None or _is_refusal_of_all(answer)) and kept is not None:
                answer = kept if _age(kept, now) < self._details.keep_s else answer
            if answer is not None:
                yield replace(answer, page=page)
                page += 1

    def _due(
        self, ids: Sequence[str], known: Mapping[str, Payload], now: datetime, is_current: IsCurrent
    ) -> frozenset[str]:
        """Return the ids to request, those first that were never answered, then the oldest."""
        due = [
            name
            for name in ids
            if (kept := known.get(name)) is None
            or _is_refusal_of_all(kept)
            or _age(kept, now) >= self._details.every_s
            or not is_current(name, kept)
        ]
        never = now - timedelta(days=36500)
        due.sort(key=lambda name: known[name].fetched_at if name in known else never)
        return frozenset(due[: self._details.at_most])

    def _request(self, get: Get, name: str, page: int) -> Payload | None:
        """Return the answer about an id, None after a failure, which ends the requests."""
        if self._left == 0:
            return None
        self._left -= 1
        try:
            response = get(f"{self._url}/{quote(name, safe='/')}", params=None)
            answer = replace(self._reader.payload(response, page=page), about=name)
        except FeedError as error:
            _LOG.warning("%s; what this run still needs of single ids is requested later", error)
            self._left = 0
            return None
        if _is_refusal_of_all(answer):
            self._left = 0
        return answer


def _age(payload: Payload, now: datetime) -> float:
    return (now - payload.fetched_at).total_seconds()


def _is_refusal_of_all(payload: Payload) -> bool:
    return payload.status in _NOT_ABOUT_AN_ID or payload.status >= 500
