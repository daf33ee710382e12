"""Turn price texts into claims: what one feed states that one unit costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import polars as pl

from pipeline.context import Run
from pipeline.feed_specs import PriceContext, RunFeed, in_resolve_order
from pipeline.steps.fence import PARSER_FAILED, FeedFence
from pipeline.steps.output import StepOutput
from pipeline.steps.resolve import ResolvedFeed
from schemas.errors import FeedError
from schemas.kept_rows import StoredFrames
from schemas.offerings import COMPARED
from schemas.own_memory import in_own_memory
from schemas.registry import PRICED_ONLY
from schemas.state import LISTINGS, OFFERS
from transforms.parsing.parsed_feed import AnswerSummary, count_by_provider
from transforms.parsing.validation import quoted_entries
from transforms.reconcile.batch import about_models

_DATES = {"first_seen_at", "last_seen_at", "gone_at", "missed", "absent_from"}
_TYPES = {**OFFERS.dtypes, **LISTINGS.dtypes}
_FACTS = [name for name in _TYPES if name not in _DATES]
NO_STATEMENTS = pl.DataFrame(schema={name: _TYPES[name] for name in _FACTS})
"""The statements of a feed that makes none."""


@dataclass(frozen=True)
class PricedFeed:
    """One feed's whole answer, as it is reconciled and checked.

    `statements` has offer identity and facts, `claims` is INCOMING_CLAIMS, `entries`
    (PROVIDER_ENTRIES) counts the accepted entries. `mapping` has what a feed states that is
    compared with a catalogue; such a feed has neither statements nor claims.
    """

    summary: AnswerSummary
    statements: pl.DataFrame
    claims: pl.DataFrame
    models: pl.DataFrame
    unreadable: pl.DataFrame
    entries: pl.DataFrame
    mapping: pl.DataFrame | None = None
    is_large: bool = False
    """Whether it is a catalogue whose rows are put aside."""


@dataclass(frozen=True)
class PricedRows(StepOutput[PricedFeed]):
    """The priced feeds of a run.

    Of a large catalogue, `stored` has the parts: the statements, claims and models of whole models
    each, of all feeds, and `feeds` has no such row. `providers` are named in any statement.
    """

    providers: tuple[str, ...] = ()
    stored: Sequence[StoredFrames] = ()

    def parts(self) -> Iterator[dict[str, PricedFeed]]:
        """Yield the feeds with the rows of one part after the other."""
        if not self.stored:
            yield self.feeds
        for part in self.stored:
            yield self._with_rows(*part.read())

    def of_models(self, names: pl.Series | None) -> dict[str, PricedFeed]:
        """Return the feeds with the rows of these models; None: of all."""
        if not self.stored:
            return {name: _of_models(own, names) for name, own in self.feeds.items()}
        found: list[dict[str, PricedFeed]] = [
            {name: _in_own_memory(_of_models(own, names)) for name, own in part.items()}
            for part in self.parts()
        ]
        return {name: _joined([part[name] for part in found]) for name in self.feeds}

    def _with_rows(
        self, statements: pl.DataFrame, claims: pl.DataFrame, models: pl.DataFrame
    ) -> dict[str, PricedFeed]:
        found = {}
        for name, own in self.feeds.items():
            is_own = pl.col("feed") == name
            found[name] = replace(
                own,
                statements=statements.filter(is_own),
                claims=claims.filter(is_own),
                models=models if own.is_large else own.models,
            )
        return found


def _of_models(own: PricedFeed, names: pl.Series | None) -> PricedFeed:
    """Return the rows of a feed that are about these models; None: about any."""
    if names is None:
        return own
    statements, claims, models = about_models(names, own.statements, own.claims, own.models)
    return replace(own, statements=statements, claims=claims, models=models)


def _in_own_memory(own: PricedFeed) -> PricedFeed:
    return replace(
        own,
        statements=in_own_memory(own.statements),
        claims=in_own_memory(own.claims),
        models=in_own_memory(own.models),
    )


def _joined(parts: Sequence[PricedFeed]) -> PricedFeed:
    first = parts[0]
    return replace(
        first,
        statements=pl.concat([own.statements for own in parts]),
        claims=pl.concat([own.claims for own in parts]),
        models=pl.concat([own.models for own in parts]) if first.is_large else first.models,
    )


def price_rows(run: Run, resolved: StepOutput[ResolvedFeed]) -> PricedRows:
    """Price each feed's rows; price texts and evidence continue in the claims alone.

    A catalogue that cannot be priced takes along the feeds that price its offers and list none:
    their rows name offers that this run then does not add.
    """
    feeds: dict[str, PricedFeed] = {}
    fence = FeedFence(resolved.fetches)
    lost: list[str] = []
    for feed in in_resolve_order(run.feeds):
        own = resolved.feeds.get(feed.name)
        if own is None:
            continue
        if lost and feed.spec.role in PRICED_ONLY:
            fence.fail(feed.name, _without_catalog(feed.name, lost))
            continue
        what = "its rows could not be priced"
        priced = fence.call(feed.name, partial(_price, run, feed, own), what=what)
        if priced is not None:
            feeds[feed.name] = priced
        elif feed.spec.role == "catalog":
            lost.append(feed.name)
    ordered = {feed.name: feeds[feed.name] for feed in run.feeds if feed.name in feeds}
    stated = [own.statements["inference_provider"] for own in ordered.values()]
    named = pl.concat([NO_STATEMENTS["inference_provider"], *stated]).unique().sort()
    return PricedRows(fence.fetches, ordered, resolved.rejected, tuple(named))


def _price(run: Run, feed: RunFeed, own: ResolvedFeed) -> PricedFeed:
    context = PriceContext(feed.entry, run.record.run_id, run.shows_account_prices)
    if feed.spec.role == "cross_check":
        return PricedFeed(
            summary=own.summary,
            statements=NO_STATEMENTS,
            claims=feed.spec.price(own.rows, own.quotes, context),
            models=own.models,
            unreadable=own.unreadable,
            entries=count_by_provider(own.rows),
            mapping=own.rows.select(COMPARED),
        )
    return PricedFeed(
        summary=own.summary,
        statements=own.rows.select(_FACTS),
        claims=feed.spec.price(own.rows, own.quotes, context),
        models=own.models,
        unreadable=own.unreadable,
        entries=count_by_provider(
            own.rows if own.quotes.is_empty() else quoted_entries(own.quotes)
        ),
    )


def _without_catalog(feed: str, lost: list[str]) -> FeedError:
    return FeedError(
        f"{feed}: it prices offers of {', '.join(lost)}, which could not be priced",
        code=PARSER_FAILED,
    )
