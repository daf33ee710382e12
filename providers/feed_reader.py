"""Fetch one feed of a source: its address, its deadline, and the count of its pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from providers.http.pagination import Get
from providers.http.response import Response, payload_of
from providers.http.urls import below
from providers.interface import AdapterContext
from schemas.payload import Payload
from schemas.registry import Feed, FeedDetails


class FeedReader:
    """What an adapter uses to fetch one of its feeds."""

    def __init__(self, feed: Feed, context: AdapterContext) -> None:
        self.name = feed.feed
        self._feed = feed
        self._context = context

    @property
    def url(self) -> str:
        """The feed's address."""
        return below(self._context.base_urls[self.name], self._feed.path)

    def getter(self, *, takes_refusals: bool = False) -> Get:
        """Return a GET bound to this feed, its traffic, and a deadline that starts now.

        With `takes_refusals` it returns a response of 400 or more instead of raising an error.
        """
        given = self._context.deadline_s
        seconds = self._feed.deadline_s if given is None else given
        return partial(
            self._context.client.get,
            feed=self.name,
            traffic=self._context.traffic[self.name],
            deadline=self._context.client.deadline(seconds),
            takes_refusals=takes_refusals,
            known=self._context.known_answers(self.name),
        )

    def single_ids(self) -> tuple[FeedDetails, str] | None:
        """Return where the feed answers about single ids, and the base URL; None: nowhere."""
        base_url = self._context.base_urls.get(self._feed.details_key)
        details = self._feed.details
        return (details, base_url) if details is not None and base_url is not None else None

    def remembered(self) -> Mapping[str, Payload]:
        """Return the last landed answer about each id."""
        return self._context.remembered(self.name)

    def count_short_pages(self, number: int) -> None:
        """Note how many pages so far had fewer rows than asked for and were not the last."""
        self._context.traffic[self.name].short_pages = number

    def note_unknown_ids(self, names: Sequence[str]) -> None:
        """Note the ids of this run's requests that the source does not know."""
        self._context.traffic[self.name].unknown_ids = list(names)

    def payload(self, response: Response, *, page: int) -> Payload:
        """Count a page and return it as a payload."""
        self._context.traffic[self.name].pages += 1
        return payload_of(response, feed=self.name, page=page)
