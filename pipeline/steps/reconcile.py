"""Reconcile the whole answers of a run with the stored rows: everything that changes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import polars as pl

from pipeline.context import Run
from pipeline.steps.inputs import RunInputs
from pipeline.steps.output import StepOutput
from pipeline.steps.price import PricedFeed
from schemas.delta import Delta, State
from schemas.records import FeedFetch
from transforms.compliance import describe_providers
from transforms.reconcile.batch import FeedBatch, Rules
from transforms.reconcile.listings import Observation
from transforms.reconcile.reconcile import reconcile
from transforms.reconcile.short_pages import absences_count


@dataclass(frozen=True)
class ReconciledRun:
    """What changes, and the rows that cards show after it."""

    delta: Delta
    after: State


def can_reconcile(run: Run, fetches: Sequence[FeedFetch]) -> bool:
    """Return whether a run has what it needs: an answer now, and one of every required feed once.

    A run that carries out decisions asks no feed and needs no answer.
    """
    compared = {feed.name for feed in run.feeds if feed.spec.role == "cross_check"}
    answered = {f.feed for f in fetches if f.outcome in {"complete", "not_modified"}} - compared
    required = {feed.name for feed, entry in run.fetched_feeds() if entry.required}
    if run.options.decisions is not None:
        return True
    return bool(answered) and required <= set(run.observed) | answered


def reconcile_run(run: Run, priced: StepOutput[PricedFeed], inputs: RunInputs) -> ReconciledRun:
    """Decide what changes by the registry's precedence, today's providers and the decisions."""
    batches = feed_batches(run, priced, inputs.short_pages)
    delta, after = reconcile(
        inputs.state,
        batches,
        Rules(
            precedence=run.registry.precedence(),
            providers=_providers(run, priced, inputs.state),
            details=run.record.details,
            run_id=run.record.run_id,
            gone_after={feed.name: feed.gone_after for feed, _ in run.fetched_feeds()},
            feed_drop_share={
                feed.name: feed.feed_drop_share for feed in run.feeds if feed.feed_drop_share
            },
            roles={feed.name: feed.spec.role for feed in run.feeds},
            sources={feed.name: feed.source for feed in run.feeds},
            verdicts=inputs.verdicts,
            correction_requests=inputs.correction_requests,
            memory=inputs.memory,
        ),
    )
    return ReconciledRun(replace(delta, observed=_observed(run, priced, delta)), after)


def _observed(run: Run, priced: StepOutput[PricedFeed], delta: Delta) -> dict[str, datetime]:
    """Return the times of the whole answers of this run, also of those that are only compared."""
    compared = {
        feed.name: priced.fetch_of(feed.name).observed_at
        for feed in run.feeds
        if feed.spec.role == "cross_check" and feed.name in priced.feeds
    }
    return {**delta.observed, **compared}


def feed_batches(
    run: Run, priced: StepOutput[PricedFeed], short_pages: Mapping[str, Sequence[int]]
) -> list[FeedBatch]:
    """Return the whole answers of this run that name or price offers, in registry order.

    `short_pages` are those of earlier walks.
    """
    return [
        FeedBatch(
            Observation(
                feed.name,
                priced.fetch_of(feed.name).observed_at,
                run.observed.get(feed.name),
                feed.gone_after,
            ),
            own.statements,
            own.claims,
            own.models if feed.spec.role == "catalog" else None,
            own.unreadable,
            absences_count=absences_count(
                priced.fetch_of(feed.name).short_pages, short_pages.get(feed.name, ())
            ),
            role=feed.spec.role,
        )
        for feed in run.feeds
        if (own := priced.feeds.get(feed.name)) is not None and feed.spec.role != "cross_check"
    ]


def _providers(run: Run, priced: StepOutput[PricedFeed], state: State) -> pl.DataFrame:
    """Return PROVIDERS as described today; a decision changes nothing but what it decides."""
    if run.options.decisions is not None:
        return state.providers
    frames = (*(feed.statements for feed in priced.feeds.values()), state.offers)
    return describe_providers(
        run.registry,
        run.claims,
        sorted({name for frame in frames for name in frame["inference_provider"]}),
        today=run.today.date(),
        unavailable=_unavailable_lists(run, priced.fetches, priced.feeds),
    )


def _unavailable_lists(
    run: Run, fetches: Sequence[FeedFetch], answered: Collection[str]
) -> dict[str, str]:
    """Return price list → why it has stated nothing so far: a key of `MISSING_LIST_REASONS`."""
    codes = {fetch.feed: fetch.error_code for fetch in fetches}
    reasons = {}
    for feed, entry in run.fetched_feeds():
        if feed.spec.role != "price_list":
            continue
        if not run.reads(entry):
            reasons[feed.name] = "list_off"
        elif feed.name not in answered and feed.name not in run.observed:
            no_key = codes.get(feed.name) == "no_key"
            reasons[feed.name] = "list_needs_key" if no_key else "list_unanswered"
    return reasons
