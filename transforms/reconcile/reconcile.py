"""Reconcile the stored rows with this run's answers: five steps, then everything that changes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from schemas.delta import Delta, State
from schemas.remembered import REMEMBERED
from schemas.settled import Settled
from schemas.state import REFUSALS, SERIES
from transforms.gate.apply import GateInputs, GateResult, apply_gate
from transforms.gate.carried import carry_unstated_holds
from transforms.gate.holds import OpenHolds
from transforms.gate.memory import PriceMemory, Recalled, recall_good
from transforms.gate.price_rules import CORRECTED
from transforms.gate.unlike_candidates import PeerFacts
from transforms.reconcile.absences import missing_offers
from transforms.reconcile.batch import FeedBatch, Rules
from transforms.reconcile.card_update import update_cards
from transforms.reconcile.claims import ClaimUpdate, update_claims
from transforms.reconcile.corrections import apply_corrections
from transforms.reconcile.market_facts import find_market_facts
from transforms.reconcile.presence import Presence, find_presence
from transforms.reconcile.previous_prices import renamed
from transforms.reconcile.run_delta import Steps, build_delta, build_state


def reconcile(before: State, batches: list[FeedBatch], rules: Rules) -> tuple[Delta, State]:
    """Return everything that one run changes, and the rows that cards are made of after it.

    `batches` has only whole answers. In the state returned, unchanged prices carry the dates and
    proof of this run; what is stored keeps the first.
    """
    result = reconcile_part(before, batches, rules, Settled())
    return result.delta, result.after


@dataclass(frozen=True)
class ReconciledPart:
    """What changes of the models of a part, and their rows after it.

    `doubted` are the ids of settled offers of which a price is unlike its peers by now: their
    models are not settled.
    """

    delta: Delta
    after: State
    doubted: pl.Series


def reconcile_part(
    before: State, batches: list[FeedBatch], rules: Rules, settled: Settled
) -> ReconciledPart:
    """Reconcile the models that are not settled: `before` and `batches` have their rows alone.

    Without doubted offers, what changes is what `reconcile` returns of the rows of all models.
    """
    open_holds = OpenHolds(before.refusals, rules.verdicts, rules.run_id)
    presence = find_presence(before, batches, open_holds, rules, settled.listed)
    claims = update_claims(before, presence, rules)
    market = find_market_facts(before, presence, claims, rules)
    gate = gate_claims(presence, claims, open_holds, market, rules.memory, settled)
    corrected = apply_corrections(
        rules.correction_requests, gate.prices, claims.active_corrections, claims.candidates
    )
    cards = update_cards(before, presence, claims, rules, prices=corrected.prices, holds=gate.holds)
    steps = Steps(presence, claims, gate, corrected, cards)
    after = build_state(steps, rules.providers)
    delta = build_delta(before, after, steps, rules.verdicts, settled)
    return ReconciledPart(delta, after, gate.doubted)


def gate_claims(
    presence: Presence,
    claims: ClaimUpdate,
    open_holds: OpenHolds,
    market: PeerFacts,
    memory: PriceMemory,
    settled: Settled | None = None,
) -> GateResult:  # six parameters: three records of steps, and three things that they do not have
    """Decide which candidates become current prices.

    Holds of relabelled offers stay theirs, and those whose source states no price now stay open.
    """
    remembered = open_holds.known.filter(memory.reaches("absent_from"))
    known = replace(open_holds, known=renamed(remembered, presence.relabels, REFUSALS))
    gate = apply_gate(
        GateInputs(
            candidates=claims.candidates,
            claims=claims.claims,
            previous=claims.compared_series,
            offers=presence.offers,
            listed=presence.naming_listings["offer_id"].unique(),
            active_corrections=claims.active_corrections,
            missing=missing_offers(
                presence.listings,
                presence.naming_listings,
                presence.drops,
                claims.previous_series,
            ),
            open_holds=known,
            observed=presence.observed,
            market=market,
            recalled=_recall(presence, claims, memory),
            settled=settled or Settled(),
        )
    )
    unstated = carry_unstated_holds(
        known, gate.open_holds, claims.claims, memory, presence.observed
    )
    return replace(gate, open_holds=pl.concat([gate.open_holds, unstated]))


def _recall(presence: Presence, claims: ClaimUpdate, memory: PriceMemory) -> Recalled:
    """Return the remembered prices of the series that return in this run."""
    # what another model cost that had the name before is no price of the one that has it now
    reused = pl.col("offer_id").is_in(presence.renamed.reused.implode())
    memory = replace(memory, prices=memory.prices.filter(~reused))
    listed = presence.naming_listings.filter(pl.col("missed") == 0)["offer_id"].unique()
    stated = claims.candidates.filter(pl.col("offer_id").is_in(listed.implode()))["offer_id"]
    last = memory.prices.filter(pl.col("is_last") & (pl.col("reason") == CORRECTED))
    return Recalled(
        good=recall_good(
            memory,
            previous=claims.compared_series,
            candidates=claims.candidates,
            groups=presence.groups,
            stated=stated.unique(),
        ),
        corrected=renamed(last, presence.relabels, REMEMBERED)
        .sort("seen_at")
        .unique(list(SERIES), keep="last", maintain_order=True),
    )
