"""Step 2 of a run: what each feed claims that a unit costs now, and which claim is chosen."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from schemas.delta import Diff, State
from schemas.state import CLAIMS, CORRECTIONS, SERIES
from schemas.unknown_keys import MARK, marked
from transforms.gate.carried import carry_unstated_corrections
from transforms.reconcile.batch import Rules
from transforms.reconcile.confirmation import confirm_claims
from transforms.reconcile.corrections import find_active
from transforms.reconcile.diff import applied, diff, redated
from transforms.reconcile.listings import claims_after
from transforms.reconcile.moments import date_candidates
from transforms.reconcile.presence import Presence, merge_feeds, of_feed
from transforms.reconcile.previous_prices import (
    current_series,
    moved_series,
    renamed,
    renamed_series,
)
from transforms.reconcile.selection import choose_claims, slot_unreadable

PROOF = ("payload_hash", "json_path", "run_id")
NOISE = ("raw_text", "native_amount")
"""Below the 12 digits on which a price is compared; the first text stays the proof."""
UNLOGGED = ("until",)
"""Another end of a discount is no other price: the row is updated, and no log has it."""


@dataclass(frozen=True)
class ClaimUpdate:
    """The claims after the answers of a run, and the candidates for current prices.

    `claims` (CLAIMS) are all claims, `changed` what differs from the stored ones, `redated` those
    of which only `until` does. `stored_series`
    are the price series before this run with `seen_at`, `previous_series` the same under the names
    that their offers have now; `compared_series` are these and those of offerings that moved
    to an offer without such a series, for the gate. `candidates` are the chosen claims with
    `observed_at`; `active_corrections` (CORRECTIONS) those whose source still states the overridden
    value, `unstated_corrections` those whose source states no price now.
    """

    claims: pl.DataFrame
    changed: Diff
    redated: pl.DataFrame
    stored_series: pl.DataFrame
    previous_series: pl.DataFrame
    compared_series: pl.DataFrame
    candidates: pl.DataFrame
    active_corrections: pl.DataFrame
    unstated_corrections: pl.DataFrame


def update_claims(before: State, presence: Presence, rules: Rules) -> ClaimUpdate:
    """Update the claims with the answers of a run, and choose one feed's claims for each offer."""
    stated = _claims_now(presence)
    changed = _keep_runs(
        diff(before.claims, stated, CLAIMS, ignore=(*PROOF, *NOISE, *UNLOGGED)), before.claims
    )
    moved = redated(before.claims, stated, changed, CLAIMS)
    claims = applied(before.claims, changed.also(moved), CLAIMS)
    stored = current_series(before)
    previous = renamed_series(stored, presence.relabels)
    chosen = choose_claims(confirm_claims(claims, previous), rules.precedence, previous)
    candidates = date_candidates(
        slot_unreadable(chosen, previous),
        previous,
        claims,
        presence.begun,
        presence.observed,
    )
    routed = pl.col("feed").is_in([b.feed for b in presence.batches if b.role == "routed"])
    corrections = renamed(before.corrections, presence.relabels, CORRECTIONS).unique(
        list(SERIES), keep="last", maintain_order=True
    )
    active = find_active(corrections, candidates)
    return ClaimUpdate(
        claims=claims,
        changed=changed,
        redated=moved,
        stored_series=stored,
        previous_series=previous,
        compared_series=pl.concat(
            [
                previous,
                moved_series(
                    previous,
                    before.listings.filter(routed),
                    presence.listings.filter(routed),
                    presence.offers,
                    presence.observed,
                ),
            ]
        ),
        candidates=candidates,
        active_corrections=active,
        unstated_corrections=carry_unstated_corrections(
            corrections.join(active, on=list(SERIES), how="anti"),
            claims,
            rules.memory,
            presence.observed,
        ),
    )


def _claims_now(presence: Presence) -> pl.DataFrame:
    """Return the claims of every feed after the answers of a run."""
    known = presence.renamed.state.claims
    return merge_feeds(
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


def _keep_runs(changed: Diff, stored: pl.DataFrame) -> Diff:
    """Keep the run that first recorded a claim of which only the mark of unknown keys changes.

    The price is the same claim, so what was made of it stays made of it.
    """
    key = list(CLAIMS.key)
    value = ["price_status", "amount", "currency", "native_unit", "basis", "scope"]
    before = stored.select(
        *key,
        _run="run_id",
        _reason="reason",
        **{f"_{name}": pl.col(name) for name in value},
    )
    rows = changed.changed.join(before, on=key, how="left", maintain_order="left")
    was_marked = marked() | pl.col("_reason").str.starts_with(MARK).fill_null(value=False)
    same = was_marked & pl.all_horizontal(
        *(pl.col(name).eq_missing(pl.col(f"_{name}")) for name in value)
    )
    kept = rows.with_columns(run_id=pl.when(same).then("_run").otherwise("run_id"))
    return replace(changed, changed=CLAIMS.shape(kept))
