"""Turn price texts into claims: what one feed states that one unit costs."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from pipeline.context import Run
from pipeline.feeds import PriceContext
from pipeline.steps.output import StepOutput
from pipeline.steps.resolve import ResolvedFeed
from schemas.state import LISTINGS, OFFERS
from transforms.parsing.collector import AnswerSummary
from transforms.parsing.validation import quoted_entries

_DATES = {"first_seen_at", "last_seen_at", "gone_at", "missed", "absent_from"}
_FACTS = [name for name in {**OFFERS.dtypes, **LISTINGS.dtypes} if name not in _DATES]


@dataclass(frozen=True)
class PricedFeed:
    """One feed's whole answer, as it is reconciled and checked.

    `statements` has offer identity and facts, `claims` is INCOMING_CLAIMS, `entries` has feed and
    inference_provider of each accepted entry.
    """

    summary: AnswerSummary
    statements: pl.DataFrame
    claims: pl.DataFrame
    models: pl.DataFrame
    unreadable: pl.DataFrame
    entries: pl.DataFrame


def price_rows(run: Run, resolved: StepOutput[ResolvedFeed]) -> StepOutput[PricedFeed]:
    """Price each feed's rows; price texts and evidence continue in the claims alone."""
    return StepOutput(
        resolved.fetches,
        {
            feed.name: PricedFeed(
                summary=own.summary,
                statements=own.rows.select(_FACTS),
                claims=feed.spec.price(
                    own.rows,
                    own.quotes,
                    PriceContext(feed.entry, run.record.run_id, run.shows_account_prices),
                ),
                models=own.models,
                unreadable=own.unreadable,
                entries=own.rows.select("feed", "inference_provider")
                if own.quotes.is_empty()
                else quoted_entries(own.quotes),
            )
            for feed in run.feeds
            if (own := resolved.feeds.get(feed.name)) is not None
        },
        resolved.rejected,
    )
