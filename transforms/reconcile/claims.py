"""Step 2 of a run: what each feed claims that a unit costs now, and which claim is chosen."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from schemas.delta import Diff, State
from schemas.state import CLAIMS, CORRECTIONS
from transforms.feed_times import feed_time
from transforms.reconcile.corrections import find_active
from transforms.reconcile.diff import applied, diff
from transforms.reconcile.listings import claims_after
from transforms.reconcile.presence import Presence, merge_feeds, of_feed
from transforms.reconcile.previous_prices import current_series, renamed, renamed_series
from transforms.reconcile.selection import Precedence, choose_claims, slot_unreadable

PROOF = ("payload_hash", "json_path", "run_id")
NOISE = ("raw_text", "native_amount")
"""Below the 12 digits on which a price is compared; the first text stays the proof."""


@dataclass(frozen=True)
class ClaimUpdate:
    """The claims after the answers of a run, and the candidates for current prices.

    `claims` (CLAIMS) are all claims, `changed` what differs from the stored ones. `stored_series`
    are the price series before this run with `seen_at`, `previous_series` the same under the names
    that their offers have now. `candidates` are the chosen claims with `observed_at`;
    `active_corrections` (CORRECTIONS) those whose source still states the overridden value.
    """

    claims: pl.DataFrame
    changed: Diff
    stored_series: pl.DataFrame
    previous_series: pl.DataFrame
    candidates: pl.DataFrame
    active_corrections: pl.DataFrame


def update_claims(before: State, presence: Presence, precedence: Precedence) -> ClaimUpdate:
    """Update the claims with the answers of a run, and choose one feed's claims for each offer."""
    known = presence.renamed.state.claims
    stated = merge_feeds(
        known,
        {
            batch.feed: claims_after(
                of_feed(known, batch.feed),
                batch.claims,
                of_feed(presence.listings, batch.feed),
            )
            for batch in presence.batches
        },
    ).join(presence.listings, on=["offer_id", "feed"], how="semi")
    changed = diff(before.claims, stated, CLAIMS, ignore=(*PROOF, *NOISE))
    claims = applied(before.claims, changed, CLAIMS)
    stored = current_series(before)
    previous = renamed_series(
        stored, presence.relabels, at=max(presence.observed.values(), default=None)
    )
    candidates = slot_unreadable(choose_claims(claims, precedence), previous).with_columns(
        observed_at=feed_time("feed", presence.observed)
    )
    return ClaimUpdate(
        claims=claims,
        changed=changed,
        stored_series=stored,
        previous_series=previous,
        candidates=candidates,
        active_corrections=find_active(
            renamed(before.corrections, presence.relabels, CORRECTIONS), candidates
        ),
    )
