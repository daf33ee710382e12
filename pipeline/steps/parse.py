"""Parse the landed pages of every feed that was fetched whole."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from pipeline.context import Run
from pipeline.steps.output import StepOutput
from schemas.errors import FeedError, FeedMalformed
from schemas.records import FeedFetch
from transforms.parsing.collector import Page, ParsedFeed


def parse_feeds(run: Run, fetches: list[FeedFetch]) -> StepOutput[ParsedFeed]:
    """Parse each complete fetch; a feed that cannot be read counts as failed."""
    feeds = {feed.name: (feed.spec, entry) for feed, entry in run.fetched_feeds()}
    parsed: dict[str, ParsedFeed] = {}
    outcomes = {fetch.feed: fetch for fetch in fetches}
    for fetch in fetches:
        spec, entry = feeds[fetch.feed]
        if fetch.outcome != "complete" or spec.parse is None:
            continue
        try:
            parsed[fetch.feed] = _require_records(spec.parse(_pages(run, fetch), entry))
        except FeedError as error:
            outcomes[fetch.feed] = replace(
                fetch, outcome="failed", error_code=error.code, error=str(error)
            )
    return StepOutput(list(outcomes.values()), parsed)


def _pages(run: Run, fetch: FeedFetch) -> Iterator[Page]:
    """Read landed pages one by one: all pages of a walk at once would be the peak of memory."""
    for page in fetch.pages:
        yield Page(run.folder.landing.get(page.payload_hash), page.payload_hash)


def _require_records(parsed: ParsedFeed) -> ParsedFeed:
    """Raise FeedMalformed for an answer without an entry: it would end every offer."""
    if parsed.summary.records == 0:
        raise FeedMalformed(
            f"{parsed.summary.feed}: the answer is whole and has no entry", code="empty"
        )
    return parsed
