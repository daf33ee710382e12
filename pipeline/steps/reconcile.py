"""Reconcile the whole answers of a run with the stored rows: everything that changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pipeline.context import Run
from pipeline.steps.inputs import RunInputs
from pipeline.steps.part_summary import PartSummary, summarize_part
from pipeline.steps.price import PricedFeed, PricedRows
from schemas.delta import Delta, State
from schemas.records import FeedFetch
from schemas.settled import Settled
from transforms.reconcile.batch import FeedBatch, Rules
from transforms.reconcile.first_run import divide, find_unlike_first
from transforms.reconcile.listings import Observation
from transforms.reconcile.reconcile import reconcile_part
from transforms.reconcile.short_pages import absences_count
from warehouse.writer.staged_rows import StagedDelta


@dataclass(frozen=True)
class ReconciledRun:
    """What changes, the rows of the touched models before and after it, and the settled ones."""

    delta: Delta
    before: State
    after: State
    settled: Settled
    parts: tuple[PartSummary, ...] = ()
    """What was found in the parts of a large first run; then `after` has no row of a model."""
    staged: StagedDelta | None = None
    """The rows that those parts add."""


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


def reconcile_run(run: Run, priced: PricedRows, inputs: RunInputs) -> ReconciledRun:
    """Decide what changes by the registry's precedence, today's providers and the decisions.

    A price that moves can make another one look wrong, whose model was settled: then the inputs are
    read again.
    """
    if inputs.is_first:
        parts = _first_parts(run, priced, inputs)
        if parts is not None:
            return _reconcile_parts(run, priced, inputs, parts)
    while True:
        touched = feed_batches(run, priced, priced.of_models(inputs.touched), inputs.short_pages)
        part = reconcile_part(inputs.state, touched, _rules(run, inputs), inputs.settled)
        if part.doubted.is_empty() or inputs.also is None:
            break
        inputs = inputs.also(part.doubted.to_list())
    delta = replace(
        part.delta,
        models=part.delta.models.also(inputs.settled_models),
        observed=_observed(run, priced, part.delta),
    )
    return ReconciledRun(delta, inputs.state, part.after, inputs.settled)


def _reconcile_parts(
    run: Run, priced: PricedRows, inputs: RunInputs, parts: Iterable[list[FeedBatch]]
) -> ReconciledRun:
    """Reconcile a first run part by part; the rows that a part adds wait on disk."""
    rules, staged = _rules(run, inputs), StagedDelta(run.home)
    settled = Settled(unlike=find_unlike_first(parts, rules))
    summaries = []
    for batches in parts:
        part = reconcile_part(inputs.state, batches, rules, settled)
        summaries.append(summarize_part(run, inputs.state, part.delta, part.after))
        delta = staged.add(part.delta)  # what is left is the same in each part
    after = replace(inputs.state, providers=inputs.providers)
    return ReconciledRun(
        replace(delta, observed=_observed(run, priced, delta)),
        inputs.state,
        after,
        Settled(),
        tuple(summaries),
        staged,
    )


def _first_parts(
    run: Run, priced: PricedRows, inputs: RunInputs
) -> Iterable[list[FeedBatch]] | None:
    """Return the answers of a large first run in parts of whole models, None of a smaller one."""
    if priced.stored:
        return _StoredParts(run, priced, inputs.short_pages)
    batches = feed_batches(run, priced, priced.feeds, inputs.short_pages)
    parts = divide(batches, part_rows=run.dependencies.part_rows)
    return parts if parts.count > 1 else None


@dataclass(frozen=True)
class _StoredParts:
    """The answers of a run whose rows wait on disk, part by part, as often as needed."""

    run: Run
    priced: PricedRows
    short_pages: Mapping[str, Sequence[int]]

    def __iter__(self) -> Iterator[list[FeedBatch]]:
        for part in self.priced.parts():
            yield feed_batches(self.run, self.priced, part, self.short_pages)


def _rules(run: Run, inputs: RunInputs) -> Rules:
    return Rules(
        precedence=run.registry.precedence(),
        providers=inputs.providers,
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
    )


def _observed(run: Run, priced: PricedRows, delta: Delta) -> dict[str, datetime]:
    """Return the times of the whole answers of this run, also of those that are only compared."""
    compared = {
        feed.name: priced.fetch_of(feed.name).observed_at
        for feed in run.feeds
        if feed.spec.role == "cross_check" and feed.name in priced.feeds
    }
    return {**delta.observed, **compared}


def feed_batches(
    run: Run,
    priced: PricedRows,
    feeds: Mapping[str, PricedFeed],
    short_pages: Mapping[str, Sequence[int]],
) -> list[FeedBatch]:
    """Return the whole answers of this run that name or price offers, in registry order.

    `feeds` have their rows, or some of them; `short_pages` are those of earlier walks.
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
        if (own := feeds.get(feed.name)) is not None and feed.spec.role != "cross_check"
    ]
