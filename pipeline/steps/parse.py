"""Parse the landed pages of every feed that was fetched whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from pipeline.context import Run
from pipeline.feed_specs import Parse
from pipeline.steps.fence import FeedFence, log_row_failures
from pipeline.steps.output import StepOutput
from schemas.errors import FeedMalformed
from schemas.kept_rows import FrameStore
from schemas.records import FeedFetch
from schemas.registry import Feed
from transforms.parsing.parsed_feed import Page, ParsedFeed
from warehouse.writer.frame_files import FrameFiles


def parse_feeds(run: Run, fetches: list[FeedFetch]) -> StepOutput[ParsedFeed]:
    """Parse each whole fetch, unless that was done while it landed; a feed that cannot be read
    counts as failed.

    An entry that a parser raised an error about is rejected; its traceback goes to the log.
    """
    feeds = {feed.name: (feed.spec, entry) for feed, entry in run.fetched_feeds()}
    parsed: dict[str, ParsedFeed] = {}
    fence = FeedFence(fetches)
    for fetch in fetches:
        spec, entry = feeds[fetch.feed]
        if not fetch.is_whole or spec.parse is None:
            continue
        ahead = run.parsed_ahead.pop(fetch.feed, None)
        parse = ahead.result if ahead else partial(_parse, run, spec.parse, fetch, entry)
        own = fence.call(
            fetch.feed,
            partial(_require_records, parse),
            what="its answer could not be parsed",
        )
        if own is not None:
            log_row_failures(fetch.feed, own.failures)
            parsed[fetch.feed] = own
    return StepOutput(fence.fetches, parsed)


def _parse(run: Run, parse: Parse, fetch: FeedFetch, entry: Feed) -> ParsedFeed:
    return parse(_pages(run, fetch), entry, frame_store(run, fetch.feed))


def frame_store(run: Run, feed: str) -> FrameStore:
    """Return where the rows of a feed are put aside that are too large to be held in memory."""
    return FrameFiles.of(run.home, f"parsed-{feed}", part_rows=run.dependencies.part_rows)


def _pages(run: Run, fetch: FeedFetch) -> Iterator[Page]:
    """Read landed pages one by one: all pages of a walk at once would be the peak of memory."""
    for page in fetch.pages:
        body = run.folder.landing.get(page.payload_hash)
        yield Page(body, page.payload_hash, fetch.observed_at, page.about, page.status, page.url)


def _require_records(parse: Callable[[], ParsedFeed]) -> ParsedFeed:
    """Parse, and raise FeedMalformed for an answer without an entry: it would end every offer."""
    parsed = parse()
    if parsed.summary.records == 0:
        raise FeedMalformed(
            f"{parsed.summary.feed}: the answer is whole and has no entry", code="empty"
        )
    return parsed
