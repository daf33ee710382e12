"""One hour forward: the stored state and what feeds said now → everything that changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import polars as pl

from schemas.contract import require
from schemas.delta import EVENTS, Delta, Diff, Findings, State
from schemas.state import (
    CARDS,
    CLAIMS,
    CORRECTIONS,
    EVIDENCE,
    LISTINGS,
    OFFERS,
    PRICES,
    PROVIDERS,
    REFUSALS,
    SERIES,
    STORED_MODELS,
)
from transforms.gate.apply import Verdict, judge
from transforms.gate.decisions import decided
from transforms.gate.holds import OpenHolds
from transforms.history.events import (
    gone_events,
    hold_events,
    offer_events,
    price_events,
    relabel_events,
)
from transforms.history.logs import claim_log, price_log, speed_log, status_log
from transforms.reconcile.absences import Drops, Heard, count_drops, end_absent, missing_offers
from transforms.reconcile.batch import FeedBatch, Rules
from transforms.reconcile.cards import feed_time, make_cards
from transforms.reconcile.corrections import correct, overruled
from transforms.reconcile.diff import applied, diff
from transforms.reconcile.listings import claims_after, listings_after, unmoved
from transforms.reconcile.models import models_after
from transforms.reconcile.offers import close_offers, gone_offers, no_price_reasons, offers_after
from transforms.reconcile.previous_prices import (
    carried_series,
    closed_series,
    current_series,
    renamed,
    renamed_series,
)
from transforms.reconcile.selection import choose_claims, choose_facts, slot_unreadable
from transforms.resolve.attachments import stay_attached, still_named
from transforms.resolve.relabels import find_relabels

PROOF = ("payload_hash", "json_path", "run_id")
NOISE = ("raw_text", "native_amount")
"""Below the 12 digits on which a price is judged; the first text stays the proof."""


def reconcile(state: State, told: list[FeedBatch], rules: Rules) -> tuple[Delta, State]:
    """Return everything that one run changes, and the rows that cards show after it.

    `told` has only whole answers. In the state returned, unchanged prices carry the dates and proof
    of this run; what is stored keeps the first.
    """
    now: dict[str, datetime] = {**state.observed}
    now |= {t.answered.feed: t.answered.observed_at for t in told}
    names = ~pl.col("feed").is_in(rules.priced_only)
    answered = {t.answered.feed for t in told}
    memory = OpenHolds(state.refusals, rules.verdicts, rules.run_id)
    unread = {t.answered.feed: _unread(state, t) for t in told}
    drops = count_drops(
        state,
        [
            Heard(t.answered, t.statements, unread[t.answered.feed])
            for t in told
            if t.answered.feed in rules.gone_after  # an estimate is reckoned, not heard
        ],
        memory,
    )
    attaching = still_named(state, drops.unbelieved)
    told = [
        _attached(t, attaching)
        if t.models is None and t.answered.feed not in rules.priced_only
        else t
        for t in told
    ]
    listings = _merge(
        state.listings,
        [(t.answered.feed, _listed(state, t, rules, unread, drops)) for t in told],
    )
    listings = end_absent(listings, drops, rules.gone_after, answered)
    offers = offers_after(state, [(t.answered.observed_at, t.statements) for t in told])
    relabels = find_relabels(offers, state.cards["offer_id"], listings.filter(names))
    listings = listings.join(relabels, left_on="offer_id", right_on="old_offer_id", how="anti")
    named = listings.filter(names)
    listings = listings.join(named.select("offer_id").unique(), on="offer_id", how="semi")
    claims = _merge(
        state.claims,
        [
            (
                t.answered.feed,
                claims_after(
                    _of(state.claims, t.answered.feed), t.claims, _of(listings, t.answered.feed)
                ),
            )
            for t in told
        ],
    )
    claims = claims.join(listings, on=["offer_id", "feed"], how="semi")
    claim_diff = diff(state.claims, claims, CLAIMS, ignore=(*PROOF, *NOISE))
    claims = applied(state.claims, claim_diff, CLAIMS)

    shown = current_series(state)
    former = renamed_series(shown, relabels, at=max(now.values(), default=None))
    candidates = slot_unreadable(choose_claims(claims, rules.precedence), former).with_columns(
        observed_at=feed_time("feed", now)
    )
    memory = replace(memory, refusals=renamed(memory.refusals, relabels, REFUSALS))
    standing = overruled(renamed(state.corrections, relabels, CORRECTIONS), candidates)
    verdict = judge(
        candidates,
        former,
        offers,
        overruled=standing,
        listed=named["offer_id"].unique(),
        missing=missing_offers(listings, drops, former, rules.priced_only),
        memory=memory,
        observed=now,
    )
    corrected = correct(rules.orders, verdict.prices, standing, candidates)
    prices = corrected.prices
    price_diff = diff(
        state.prices,
        prices,
        PRICES,
        ignore=(*PROOF, *NOISE, "valid_from", "changed_at", "formula"),
    )
    stated = price_diff.without(corrected.price_log, on=list(SERIES))
    facts = choose_facts(named, rules.precedence)
    cards = make_cards(
        facts,
        prices,
        verdict.holds,
        state.cards,
        no_price=no_price_reasons(offers, rules.providers, claims),
        observed=now,
        answered={t.answered.feed: t.answered.observed_at for t in told},
    )
    card_diff = diff(state.cards, cards, CARDS)
    before = replace(state, listings=state.listings.filter(names))
    gone = gone_offers(before, named, relabels, now)
    offers = close_offers(offers, named, gone)
    models = models_after(
        state.models,
        offers,
        listings,
        next((t.models for t in told if t.models is not None), None),
        details=rules.details,
    )
    ended = state.listings.join(listings, on=["offer_id", "feed"], how="anti")
    carried = carried_series(shown, relabels, prices)
    closed = closed_series(price_diff.removed, shown, gone, ended, carried, now)
    after = State(
        offers=require(offers, OFFERS),
        listings=require(listings, LISTINGS),
        claims=require(claims, CLAIMS),
        prices=require(prices, PRICES),
        cards=require(cards, CARDS),
        models=require(models, STORED_MODELS),
        providers=require(rules.providers, PROVIDERS),
        observed=now,
        refusals=require(pl.concat([drops.refusals, verdict.refusals]), REFUSALS),
        corrections=require(corrected.corrections, CORRECTIONS),
    )
    delta = Delta(
        offers=diff(state.offers, offers, OFFERS),
        listings=diff(state.listings, listings, LISTINGS),
        claims=claim_diff,
        prices=price_diff,
        cards=card_diff,
        models=diff(state.models, models, STORED_MODELS),
        providers=diff(state.providers, rules.providers, PROVIDERS),
        refusals=diff(state.refusals, after.refusals, REFUSALS),
        corrections=diff(state.corrections, after.corrections, CORRECTIONS),
        claim_log=pl.concat(
            [
                claim_log(claim_diff, evidence_of_run(told), gone, now, state.observed),
                corrected.claim_log,
            ]
        ),
        price_log=pl.concat(
            [price_log(stated, former, closed, state.observed), corrected.price_log]
        ),
        status_log=status_log(state.cards, card_diff, gone),
        speed_log=speed_log(state.cards, card_diff),
        changes=_changes(
            state,
            after,
            facts,
            stated,
            former,
            closed,
            gone,
            verdict,
            relabels,
            corrected.changes,
        ),
        links=relabels.with_columns(at=pl.lit(max(now.values()))),
        holds=verdict.holds,
        found=Findings(verdict.refused, pl.concat([drops.lacking, verdict.drops]), verdict.moves),
        decided=decided(state.refusals, after.refusals, rules.verdicts),
        observed={t.answered.feed: t.answered.observed_at for t in told},
    )
    return delta, after


def _attached(told: FeedBatch, named: pl.DataFrame) -> FeedBatch:
    statements, claims = stay_attached(told.statements, told.claims, named)
    return replace(told, statements=statements, claims=claims)


def _listed(
    state: State, told: FeedBatch, rules: Rules, unread: Mapping[str, pl.DataFrame], drops: Drops
) -> pl.DataFrame:
    """Return one feed's listings after its answer."""
    stored = _of(state.listings, told.answered.feed)
    if told.models is None and told.answered.feed not in rules.priced_only:
        stored = unmoved(stored, told.statements, state.offers)
    feed = told.answered.feed
    return listings_after(
        stored, told.statements, unread[feed], told.answered, unbelieved=drops.of(feed)
    )


def _unread(state: State, told: FeedBatch) -> pl.DataFrame:
    """Return offer_id of the known offers that rows which could not be read may be about."""
    named = state.offers.select("offer_id", "model_id", "inference_provider")
    by_provider = told.unread.filter(pl.col("inference_provider").is_not_null())
    by_model = told.unread.filter(pl.col("inference_provider").is_null())
    return (
        pl.concat(
            [
                named.join(by_provider, on=["model_id", "inference_provider"], how="semi"),
                named.join(by_model, on="model_id", how="semi"),
            ]
        )
        .unique("offer_id")
        .select("offer_id")
    )


def evidence_of_run(told: list[FeedBatch]) -> pl.DataFrame:
    """Return the verbatim fragment of each claim of this run, by the claim's key."""
    return pl.concat([EVIDENCE.empty(), *(EVIDENCE.shape(t.claims) for t in told)])


def _changes(
    state: State,
    after: State,
    facts: pl.DataFrame,
    prices: Diff,
    former: pl.DataFrame,
    closed: pl.DataFrame,
    gone: pl.DataFrame,
    verdict: Verdict,
    relabels: pl.DataFrame,
    corrected: pl.DataFrame,
) -> pl.DataFrame:
    cards = after.cards.join(facts.select("offer_id", "status_feed"), on="offer_id")
    events = [
        *offer_events(
            state.cards,
            cards,
            known=state.offers["offer_id"],
            renamed=relabels["new_offer_id"],
            earlier=state.observed,
        ),
        *price_events(prices, former, closed, earlier=state.observed),
        *hold_events(
            state.cards, after.cards, verdict.holds, now=after.observed, earlier=state.observed
        ),
        corrected,
        gone_events(gone.filter(~pl.col("relabelled"))),
        relabel_events(
            relabels,
            at=pl.lit(max(after.observed.values())),
            before_at=pl.lit(max(state.observed.values(), default=None)),
        ),
    ]
    return pl.concat([EVENTS.empty(), *events]).sort(
        "event", "offer_id", "unit", "tier", nulls_last=False, maintain_order=True
    )


def _of(frame: pl.DataFrame, feed: str) -> pl.DataFrame:
    return frame.filter(pl.col("feed") == feed)


def _merge(stored: pl.DataFrame, fresh: list[tuple[str, pl.DataFrame]]) -> pl.DataFrame:
    """Replace the rows of the feeds that answered; a feed that did not keeps its last good ones."""
    answered = [feed for feed, _ in fresh]
    return pl.concat([stored.filter(~pl.col("feed").is_in(answered)), *(f for _, f in fresh)])
