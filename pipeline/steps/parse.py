"""Parse the landed pages of every feed that was fetched whole."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from pipeline.context import Run
from pipeline.feed_specs import Parse
from pipeline.parser_version import parser_version
from pipeline.steps.fence import FeedFence, log_row_failures
from pipeline.steps.output import StepOutput
from schemas.errors import FeedMalformed
from schemas.kept_rows import NOTHING_KEPT
from schemas.records import FeedFetch
from schemas.registry import Feed
from transforms.parsing.collector import Page, ParsedFeed
from warehouse.storage.kept_pages import KeptPages


def parse_feeds(run: Run, fetches: list[FeedFetch]) -> StepOutput[ParsedFeed]:
    """Parse each whole fetch; a feed that cannot be read counts as failed.

    An entry that a parser raised an error about is rejected; its traceback goes to the log.
    """
    feeds = {feed.name: (feed.spec, entry) for feed, entry in run.fetched_feeds()}
    parsed: dict[str, ParsedFeed] = {}
    fence = FeedFence(fetches)
    for fetch in fetches:
        spec, entry = feeds[fetch.feed]
        if not fetch.is_whole or spec.parse is None:
            continue
        own = fence.call(
            fetch.feed,
            partial(_parse, spec.parse, run, fetch, entry),
            what="its answer could not be parsed",
        )
        if own is not None:
            log_row_failures(fetch.feed, own.failures)
            parsed[fetch.feed] = own
    return StepOutput(fence.fetches, parsed)


def _parse(parse: Parse, run: Run, fetch: FeedFetch, entry: Feed) -> ParsedFeed:
    return _require_records(parse(_pages(run, fetch), entry))


def _pages(run: Run, fetch: FeedFetch) -> Iterator[Page]:
    """Read landed pages one by one: all pages of a walk at once would be the peak of memory."""
    kept = None
    if not run.is_replay:  # its rows come from landing alone
        kept = KeptPages(run.home.parsed / fetch.feed, parser=parser_version())
    for page in fetch.pages:
        body = run.folder.landing.get(page.payload_hash)
        yield Page(
            body,
            page.payload_hash,
            fetch.observed_at,
            page.about,
            page.status,
            page.url,
            kept or NOTHING_KEPT,
        )
    if kept is not None:
        kept.drop_others()


def _require_records(parsed: ParsedFeed) -> ParsedFeed:
    """Raise FeedMalformed for an answer without an entry: it would end every offer."""
    if parsed.summary.records == 0:
        raise FeedMalformed(
            f"{parsed.summary.feed}: the answer is whole and has no entry", code="empty"
        )
    return parsed
