"""Keep the rows that meet their contract, and the reason for each row that does not."""

from __future__ import annotations

import polars as pl
from msgspec.structs import replace

from pipeline.context import Run
from pipeline.steps.output import StepOutput
from transforms.parsing.collector import ParsedFeed
from transforms.parsing.validation import ValidatedFeed


def validate_rows(run: Run, parsed: StepOutput[ParsedFeed]) -> StepOutput[ValidatedFeed]:
    """Validate each feed by its contract.

    A feed of which nothing is accepted counts as failed: we understand none of it, and what it
    lacks is not absent.
    """
    feeds: dict[str, ValidatedFeed] = {}
    rejected = [parsed.rejected]
    fetches = {fetch.feed: fetch for fetch in parsed.fetches}
    for feed, _ in run.fetched_feeds():
        own = parsed.feeds.get(feed.name)
        if own is None or feed.spec.validate is None:
            continue
        kept, refused = feed.spec.validate(own)
        rejected.append(refused)
        if kept.is_empty():
            records = own.summary.records
            fetches[feed.name] = replace(
                fetches[feed.name],
                outcome="failed",
                error_code="nothing_accepted",
                error=f"{feed.name}: none of {records} entries meets its contract; "
                "see rejected_rows",
            )
            continue
        feeds[feed.name] = kept
    return StepOutput(list(fetches.values()), feeds, pl.concat(rejected))
