"""Parse the pages of a feed as they land, so that its bytes need not be read again."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from pipeline.ahead import ParseAhead
from pipeline.context import Run
from pipeline.feed_specs import Parse
from pipeline.source_versions import parser_version
from pipeline.steps.parse import frame_store
from schemas.payload import Payload
from schemas.records import FeedFetch, LandedPage
from schemas.registry import Feed
from transforms.parsing.parsed_feed import Page, ParsedFeed
from warehouse.storage.kept_pages import KeptPages


class FeedParser:
    """Parse one feed of a run ahead, if its parser can; `parse_feeds` takes the result.

    What it does not parse (an archive's answer, which may be one that is loaded already)
    `parse_feeds` reads from landing.
    """

    def __init__(self, run: Run, entry: Feed) -> None:
        spec = next(feed.spec for feed in run.feeds if feed.name == entry.feed)
        self._run = run
        self._entry = entry
        self._parse = spec.parse if spec.parses_ahead else None
        self._kept = KeptPages(run.home.parsed / entry.feed, parser=parser_version())
        self._ahead: ParseAhead | None = None
        self._unchecked: Page | None = None
        """The last page: whoever fetches checks it when it asks for the next one."""

    def add(self, payload: Payload, landed: LandedPage) -> None:
        """Add a page that landed."""
        if payload.captured_at is not None or self._parse is None:
            return
        if self._ahead is None:
            self._ahead = ParseAhead(partial(self._parsed, self._parse))
        self._add_checked(self._ahead)
        self._unchecked = Page(payload.body, landed.payload_hash, url=payload.url, kept=self._kept)

    def cancel(self) -> None:
        """Give up: the run ends."""
        if self._ahead is not None:
            self._ahead.cancel()

    def close(self, fetch: FeedFetch) -> None:
        """Leave the rows to `parse_feeds` if the feed is whole."""
        if self._ahead is None:
            return
        if fetch.is_whole:
            self._add_checked(self._ahead)
            self._ahead.finish()
            self._run.parsed_ahead[fetch.feed] = self._ahead
        else:
            self._ahead.cancel()

    def _add_checked(self, ahead: ParseAhead) -> None:
        """Hand the page over: one that may hold millions of values was refused by now."""
        if self._unchecked is not None:
            ahead.add(self._unchecked)
            self._unchecked = None

    def _parsed(self, parse: Parse, pages: Iterator[Page]) -> ParsedFeed:
        parsed = parse(pages, self._entry, frame_store(self._run, self._entry.feed))
        self._kept.drop_others()
        return parsed
