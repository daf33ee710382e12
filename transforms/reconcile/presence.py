"""Step 1 of a run: which offers are listed now, under which identity, and which are missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import polars as pl

from schemas.delta import State
from transforms.gate.holds import OpenHolds
from transforms.reconcile.absences import Drops, count_drops, end_absent, unreadable_offers
from transforms.reconcile.batch import FeedBatch, Rules
from transforms.reconcile.first_absences import pending_absences
from transforms.reconcile.listings import drop_moved, listings_after
from transforms.reconcile.offers import offers_after
from transforms.resolve.attachments import stay_attached, still_named
from transforms.resolve.relabels import find_relabels


@dataclass(frozen=True)
class Presence:
    """The listings after the answers of a run, and what follows from them for offers.

    `batches` are the answers with the final attachments, `answered` maps their feeds to the time
    observed; `observed` has every feed's last whole answer. `naming_listings` are the listings of
    feeds that list offers. `offers` (OFFERS) are not closed yet; `relabels` has old_offer_id,
    new_offer_id and reason.
    """

    batches: list[FeedBatch]
    answered: Mapping[str, datetime]
    observed: Mapping[str, datetime]
    drops: Drops
    listings: pl.DataFrame
    naming_listings: pl.DataFrame
    offers: pl.DataFrame
    relabels: pl.DataFrame


def find_presence(
    before: State, batches: list[FeedBatch], open_holds: OpenHolds, rules: Rules
) -> Presence:
    """Update listings and offers with the answers of a run.

    An absence counts only in a whole answer, and takes effect only where no drop protects it.
    """
    answered = {batch.feed: batch.observation.observed_at for batch in batches}
    unreadable = {batch.feed: unreadable_offers(before.offers, batch) for batch in batches}
    drops = count_drops(before, batches, unreadable, open_holds)
    batches = _keep_attachments(before, batches, drops)
    updated = merge_feeds(
        before.listings,
        {
            batch.feed: _listings_of(before, batch, unreadable[batch.feed], drops)
            for batch in batches
        },
    )
    remaining = end_absent(updated, drops, rules.gone_after, list(answered))
    offers = offers_after(
        before.offers, [(batch.observation.observed_at, batch.statements) for batch in batches]
    )
    relabels = find_relabels(offers, before.cards["offer_id"], remaining.filter(rules.lists_offers))
    relabelled = remaining.join(relabels, left_on="offer_id", right_on="old_offer_id", how="anti")
    naming_listings = relabelled.filter(rules.lists_offers)
    return Presence(
        batches=batches,
        answered=answered,
        observed={**before.observed, **answered},
        drops=drops,
        # without a feed that lists the offer, a price list's row about it is no listing
        listings=relabelled.join(
            naming_listings.select("offer_id").unique(), on="offer_id", how="semi"
        ),
        naming_listings=naming_listings,
        offers=offers,
        relabels=relabels,
    )


def of_feed(rows: pl.DataFrame, feed: str) -> pl.DataFrame:
    """Return the rows of one feed."""
    return rows.filter(pl.col("feed") == feed)


def merge_feeds(stored: pl.DataFrame, updated: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Replace the rows of the feeds that answered; another feed keeps its last good rows."""
    kept = stored.filter(~pl.col("feed").is_in(list(updated)))
    return pl.concat([kept, *updated.values()])


def _keep_attachments(before: State, batches: list[FeedBatch], drops: Drops) -> list[FeedBatch]:
    """Attach the rows of routed feeds to offers whose absence from the catalogue is no end yet."""
    protected = still_named(before, pending_absences(before.listings, batches, drops))
    attached = []
    for batch in batches:
        if batch.role == "routed":
            statements, claims = stay_attached(batch.statements, batch.claims, protected)
            batch = replace(batch, statements=statements, claims=claims)
        attached.append(batch)
    return attached


def _listings_of(
    before: State, batch: FeedBatch, unreadable: pl.DataFrame, drops: Drops
) -> pl.DataFrame:
    """Return one feed's listings after its answer."""
    stored = of_feed(before.listings, batch.feed)
    if batch.role == "routed":
        stored = drop_moved(stored, batch.statements, before.offers)
    return listings_after(
        stored,
        batch.statements,
        unreadable,
        batch.observation,
        protected=drops.protected_by(batch.feed),
    )
