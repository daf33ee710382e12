"""Keep the rows that meet their contract, and the reason for each row that does not."""

from __future__ import annotations

from functools import partial

import polars as pl

from pipeline.context import Run
from pipeline.steps.fence import FeedFence
from pipeline.steps.output import StepOutput
from schemas.errors import FeedMalformed
from transforms.parsing.parsed_feed import AnswerSummary, ParsedFeed
from transforms.parsing.validation import ValidatedFeed


def validate_rows(run: Run, parsed: StepOutput[ParsedFeed]) -> StepOutput[ValidatedFeed]:
    """Validate each feed by its contract.

    A feed of which nothing is accepted counts as failed: we understand none of it, and what it
    lacks is not absent.
    """
    feeds: dict[str, ValidatedFeed] = {}
    rejected = [parsed.rejected]
    fence = FeedFence(parsed.fetches)
    for feed, _ in run.fetched_feeds():
        own = parsed.feeds.get(feed.name)
        if own is None or feed.spec.validate is None:
            continue
        what = "its rows could not be validated"
        validated = fence.call(feed.name, partial(feed.spec.validate, own), what=what)
        if validated is None:
            rejected.append(own.rejected)
            continue
        kept, refused = validated
        rejected.append(refused)
        if kept.is_empty():
            fence.fail(feed.name, _nothing_accepted(own.summary))
            continue
        feeds[feed.name] = kept
    return StepOutput(fence.fetches, feeds, pl.concat(rejected))


def _nothing_accepted(summary: AnswerSummary) -> FeedMalformed:
    return FeedMalformed(
        f"{summary.feed}: none of {summary.records} entries meets its contract; see rejected_rows",
        code="nothing_accepted",
    )
