"""Build what one run writes from the records of its steps: differences, log rows and events."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from schemas.contract import require
from schemas.delta import CURRENT, EVENTS, Delta, Diff, Findings, State
from schemas.settled import Settled
from schemas.state import CARDS, EVIDENCE, PRICES, REFUSALS, SERIES
from transforms.gate.apply import GateResult
from transforms.gate.decisions import changed_decisions
from transforms.history.events import (
    gone_events,
    hold_events,
    offer_events,
    price_events,
    relabel_events,
    series_hold_events,
)
from transforms.history.logs import claim_log, price_log, speed_log, status_log
from transforms.history.provider_events import provider_events
from transforms.reconcile.batch import FeedBatch
from transforms.reconcile.card_update import CardUpdate
from transforms.reconcile.claims import NOISE, PROOF, UNLOGGED, ClaimUpdate
from transforms.reconcile.corrections import CorrectedPrices
from transforms.reconcile.diff import diff, redated
from transforms.reconcile.moments import date_holds, date_listing_ends
from transforms.reconcile.presence import Presence
from transforms.reconcile.previous_prices import (
    carried_series,
    closed_series,
    renamed,
    with_other_offers,
)


@dataclass(frozen=True)
class Steps:
    """The record of each step of a run, in their order."""

    presence: Presence
    claims: ClaimUpdate
    gate: GateResult
    corrected: CorrectedPrices
    cards: CardUpdate


@dataclass(frozen=True)
class _PriceChanges:
    """`changed`: the price series against the stored ones; `stated` the same without those that
    corrections log; `closed`: the series that end, with their times."""

    changed: Diff
    stated: Diff
    closed: pl.DataFrame


def build_state(steps: Steps, providers: pl.DataFrame) -> State:
    """Return the current rows after a run, each checked against its contract."""
    rows = {
        "offers": steps.cards.offers,
        "listings": steps.presence.listings,
        "claims": steps.claims.claims,
        "prices": steps.corrected.prices,
        "cards": steps.cards.cards,
        "models": steps.cards.models,
        "providers": providers,
        "refusals": pl.concat([steps.presence.drops.open_holds, steps.gate.open_holds]),
        "corrections": pl.concat(
            [
                steps.corrected.corrections,
                steps.claims.unstated_corrections.join(
                    steps.corrected.corrections, on=list(SERIES), how="anti"
                ),
            ]
        ),
    }
    checked = {name: require(rows[name], shape) for name, shape in CURRENT.items()}
    return State(**checked, observed=steps.presence.observed)


def build_delta(
    before: State, after: State, steps: Steps, verdicts: pl.DataFrame, settled: Settled
) -> Delta:
    """Return everything that a run changes; `verdicts` are the decisions of operators in it.

    `settled` are the models that are in neither state.
    """
    presence, claims, gate, corrected, cards = (
        steps.presence,
        steps.claims,
        steps.gate,
        steps.corrected,
        steps.cards,
    )
    ended = date_listing_ends(before.listings, after.listings, cards.gone)
    prices = _price_changes(before, after, steps, ended)
    known = {
        "claims": claims.changed.also(claims.redated),
        "prices": prices.changed.also(redated(before.prices, after.prices, prices.changed, PRICES)),
        "cards": cards.changed,
    }
    others = {
        name: diff(getattr(before, name), getattr(after, name), shape)
        for name, shape in CURRENT.items()
        if name not in known
    }
    claim_rows = claim_log(
        claims.changed,
        evidence_of_run(presence.batches),
        ended=ended,
        begun=presence.begun,
        now=presence.observed,
        earlier=before.observed,
    )
    price_rows = price_log(prices.stated, claims.previous_series, prices.closed, before.observed)
    return Delta(
        **known,
        **others,
        claim_log=pl.concat([claim_rows, corrected.claim_log]),
        price_log=pl.concat([price_rows, corrected.price_log]),
        status_log=status_log(before.cards, cards.changed, cards.gone),
        speed_log=speed_log(before.cards, cards.changed),
        changes=_events(before, after, steps, prices, settled),
        links=presence.links,
        holds=gate.holds,
        found=Findings(gate.held_prices, pl.concat([presence.drops.found, gate.drops]), gate.moves),
        decided=changed_decisions(before.refusals, after.refusals, verdicts),
        observed=presence.answered,
    )


def evidence_of_run(batches: list[FeedBatch]) -> pl.DataFrame:
    """Return the verbatim fragment of each claim of this run, by the claim's key."""
    return pl.concat([EVIDENCE.empty(), *(EVIDENCE.shape(batch.claims) for batch in batches)])


def _price_changes(before: State, after: State, steps: Steps, ended: pl.DataFrame) -> _PriceChanges:
    presence, claims = steps.presence, steps.claims
    changed = diff(
        before.prices,
        after.prices,
        PRICES,
        ignore=(*PROOF, *NOISE, *UNLOGGED, "valid_from", "changed_at", "formula"),
    )
    changed = with_other_offers(changed, before.prices, after.prices, presence.relabels)
    closed = closed_series(
        changed,
        claims.stored_series,
        steps.cards.gone,
        ended,
        carried_series(claims.stored_series, presence.relabels, after.prices),
        presence.observed,
    )
    stated = changed.without(steps.corrected.price_log, on=list(SERIES))
    return _PriceChanges(changed, stated, closed)


def _events(
    before: State, after: State, steps: Steps, prices: _PriceChanges, settled: Settled
) -> pl.DataFrame:
    relabels, gone = steps.presence.relabels, steps.cards.gone
    named = renamed(before.cards, relabels, CARDS)
    events = [
        *offer_events(
            named,
            after.cards.join(steps.cards.facts.select("offer_id", "status_feed"), on="offer_id"),
            known=pl.concat([steps.presence.renamed.known, steps.presence.returned]),
            renamed=relabels.filter(
                ~pl.col("new_offer_id").is_in(steps.presence.returned.implode())
            )["new_offer_id"],
            earlier=before.observed,
        ),
        *price_events(
            prices.stated.without(steps.gate.restored, on=list(SERIES)),
            steps.claims.previous_series,
            prices.closed,
            recalled=steps.gate.recalled,
            earlier=before.observed,
        ),
        *hold_events(
            named,
            after.cards,
            date_holds(steps.gate.holds, steps.presence.answered),
            now=after.observed,
            earlier=before.observed,
        ),
        *series_hold_events(
            renamed(before.refusals, relabels, REFUSALS),
            after.refusals,
            date_holds(steps.gate.held_prices, steps.presence.answered),
            after.prices,
            now=after.observed,
            earlier=before.observed,
        ),
        steps.corrected.changes,
        gone_events(gone.filter(~pl.col("relabelled"))),
        relabel_events(
            steps.presence.links,
            previous_at=pl.lit(max(before.observed.values(), default=None)),
        ),
        *provider_events(
            before,
            after,
            steps.presence.begun,
            steps.presence.naming_listings,
            settled=settled,
        ),
    ]
    return pl.concat([EVENTS.empty(), *events]).sort(
        "event",
        "offer_id",
        "unit",
        "tier",
        "inference_provider",
        nulls_last=False,
        maintain_order=True,
    )
