"""Reconcile the stored rows with this run's answers: five steps, then everything that changes."""

from __future__ import annotations

from schemas.delta import Delta, State
from schemas.state import REFUSALS
from transforms.gate.apply import GateInputs, GateResult, apply_gate
from transforms.gate.holds import OpenHolds
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
    open_holds = OpenHolds(before.refusals, rules.verdicts, rules.run_id)
    presence = find_presence(before, batches, open_holds, rules)
    claims = update_claims(before, presence, rules.precedence)
    market = find_market_facts(before, presence, claims, rules)
    gate = gate_claims(presence, claims, open_holds, market)
    corrected = apply_corrections(
        rules.correction_requests, gate.prices, claims.active_corrections, claims.candidates
    )
    cards = update_cards(before, presence, claims, rules, prices=corrected.prices, holds=gate.holds)
    steps = Steps(presence, claims, gate, corrected, cards)
    after = build_state(steps, rules.providers)
    return build_delta(before, after, steps, rules.verdicts), after


def gate_claims(
    presence: Presence, claims: ClaimUpdate, open_holds: OpenHolds, market: PeerFacts
) -> GateResult:
    """Decide which candidates become current prices; holds of relabelled offers stay theirs."""
    known = renamed(open_holds.known, presence.relabels, REFUSALS)
    return apply_gate(
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
            open_holds=OpenHolds(known, open_holds.verdicts, open_holds.run_id),
            observed=presence.observed,
            market=market,
        )
    )
