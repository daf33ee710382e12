"""Step 1 of a run: which offers are listed now, under which identity, and which are missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

import polars as pl

from schemas.delta import State
from schemas.remembered import OFFER_PAIRS
from schemas.settled import NO_COUNTS
from transforms.gate.families import group_offers
from transforms.gate.holds import OpenHolds
from transforms.reconcile.absences import Drops, count_drops, doubted_absences, end_absent
from transforms.reconcile.batch import FeedBatch, Rules
from transforms.reconcile.first_absences import pending_absences
from transforms.reconcile.listings import drop_moved, listings_after
from transforms.reconcile.moments import begin_cards, date_new_offers, date_relabels
from transforms.reconcile.offers import offers_after
from transforms.reconcile.renames import RENAMED, RenamedState, rename_state
from transforms.resolve.attachments import stay_attached, stored_entries
from transforms.resolve.relabels import after_renames, find_relabels
from transforms.resolve.returns import find_returns


@dataclass(frozen=True)
class Presence:
    """The listings after the answers of a run, and what follows from them for offers.

    `batches` are the answers with the final attachments, `answered` maps their feeds to the time
    observed; `observed` has every feed's last whole answer. `naming_listings` are the listings of
    feeds that list offers. `offers` (OFFERS) are not closed yet; `begun` has offer_id and
    `begun_at` of those without a card before; `relabels` has old_offer_id, new_offer_id, reason and
    `at`, the moment from which on the new name is used; `links` also those of offers that were
    ended; `returned` are the new ids whose offer was gone for a while. `groups` has `family` and
    `line` of each offer: which ids are one offer. `renamed` are the stored rows under the names of
    today.
    """

    renamed: RenamedState

    batches: list[FeedBatch]
    answered: Mapping[str, datetime]
    observed: Mapping[str, datetime]
    drops: Drops
    listings: pl.DataFrame
    naming_listings: pl.DataFrame
    offers: pl.DataFrame
    begun: pl.DataFrame
    relabels: pl.DataFrame
    links: pl.DataFrame
    returned: pl.Series
    groups: pl.DataFrame


def find_presence(
    before: State,
    batches: list[FeedBatch],
    open_holds: OpenHolds,
    rules: Rules,
    settled: pl.DataFrame = NO_COUNTS,
) -> Presence:
    """Update listings and offers with the answers of a run.

    An absence counts only in a whole answer, and takes effect only where no drop protects it.
    `settled` (NO_COUNTS) are the listings of settled models.
    """
    answered = {batch.feed: batch.observation.observed_at for batch in batches}
    observed = {**before.observed, **answered}
    stored, renames = before, rename_state(before, batches)
    before = renames.state
    unreadable = {batch.feed: doubted_absences(before, batch) for batch in batches}
    drops = count_drops(before, batches, unreadable, open_holds, rules.feed_drop_share, settled)
    batches = _keep_attachments(before, batches, drops, rules.catalogs)
    updated = _update_listings(before, batches, unreadable, drops)
    remaining = end_absent(updated, drops, rules.gone_after, list(answered))
    offers = offers_after(
        before.offers,
        [(batch.observation.observed_at, batch.statements) for batch in batches],
    )
    naming = remaining.filter(rules.lists_offers)
    found = find_relabels(offers, before.cards["offer_id"], naming)
    relabelled = remaining.join(found, left_on="offer_id", right_on="old_offer_id", how="anti")
    naming_listings = relabelled.filter(rules.lists_offers)
    names = _find_names(stored, batches, renames, found, offers, naming_listings, rules)
    dated = partial(
        date_relabels,
        before=stored.listings,
        after=remaining,
        answered=answered,
        observed=observed,
    )
    relabels = dated(names.relabels)
    begun = begin_cards(stored.cards, naming_listings, relabels, observed)
    return Presence(
        renamed=renames,
        batches=batches,
        answered=answered,
        observed=observed,
        drops=drops,
        # without a feed that lists the offer, a price list's row about it is no listing
        listings=relabelled.join(
            naming_listings.select("offer_id").unique(), on="offer_id", how="semi"
        ),
        naming_listings=naming_listings,
        offers=date_new_offers(
            _without_unused(offers, renames, naming_listings), stored.offers, begun
        ),
        begun=begun,
        relabels=relabels,
        links=pl.concat([relabels, dated(names.ended)]).sort("new_offer_id", maintain_order=True),
        returned=names.returned,
        groups=names.groups,
    )


def _update_listings(
    before: State,
    batches: list[FeedBatch],
    unreadable: Mapping[str, pl.DataFrame],
    drops: Drops,
) -> pl.DataFrame:
    """Return the listings after the answers; those of feeds without one stay."""
    updated = {
        batch.feed: _listings_of(before, batch, unreadable[batch.feed], drops) for batch in batches
    }
    return merge_feeds(before.listings, updated)


def of_feed(rows: pl.DataFrame, feed: str) -> pl.DataFrame:
    """Return the rows of one feed."""
    return rows.filter(pl.col("feed") == feed)


def merge_feeds(stored: pl.DataFrame, updated: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Replace the rows of the feeds that answered; another feed keeps its last good rows."""
    kept = stored.filter(~pl.col("feed").is_in(list(updated)))
    return pl.concat([kept, *updated.values()])


@dataclass(frozen=True)
class _Names:
    """`relabels` of offers that have another id now, `ended`: of ended ones that only get a link.

    `returned` are the new ids whose offer was gone for a while, `groups` has `family` and `line`
    of each offer.
    """

    relabels: pl.DataFrame
    ended: pl.DataFrame
    returned: pl.Series
    groups: pl.DataFrame


def _find_names(
    stored: State,
    batches: list[FeedBatch],
    renames: RenamedState,
    found: pl.DataFrame,
    offers: pl.DataFrame,
    naming_listings: pl.DataFrame,
    rules: Rules,
) -> _Names:  # one step, of which each argument is another part
    """Put together the renames of models, the relabels of offers and the returns after absences."""
    models = _named_models(stored, batches)
    moved = after_renames(found, renames.moved, reason=RENAMED).join(
        naming_listings,
        left_on="new_offer_id",
        right_on="offer_id",
        how="semi",
        maintain_order="left",  # an offer that ends in the hour of the rename ends under its name
    )
    returns = find_returns(
        stored.offers,
        offers,
        group_offers(offers, models, rules.memory.links),
        naming_listings,
        oldest=min(rules.memory.oldest.values(), default=None),
    ).join(moved, on="new_offer_id", how="anti")
    relabels = pl.concat([moved, returns]).sort("new_offer_id", maintain_order=True)
    return _Names(
        relabels=relabels,
        ended=renames.returned.with_columns(reason=pl.lit(RENAMED))
        .join(relabels, on="new_offer_id", how="anti", maintain_order="left")
        .join(
            naming_listings,
            left_on="new_offer_id",
            right_on="offer_id",
            how="semi",
            maintain_order="left",
        ),
        returned=returns["new_offer_id"],
        groups=group_offers(
            offers, models, pl.concat([rules.memory.links, OFFER_PAIRS.shape(relabels)])
        ),
    )


def _without_unused(
    offers: pl.DataFrame, renames: RenamedState, naming_listings: pl.DataFrame
) -> pl.DataFrame:
    """Return the offers without those that a rename made and no feed lists."""
    listed = naming_listings["offer_id"].implode()
    unused = renames.unstated.filter(~renames.unstated.is_in(listed))
    return offers.filter(~pl.col("offer_id").is_in(unused.implode()))


def _named_models(before: State, batches: list[FeedBatch]) -> pl.DataFrame:
    """Return model_id and hub_id of every model, as a catalogue states it now, else as stored."""
    stated = [batch.models for batch in batches if batch.models is not None]
    return pl.concat(
        [frame.select("model_id", "hub_id") for frame in (*stated, before.models)]
    ).unique("model_id", keep="first", maintain_order=True)


def _keep_attachments(
    before: State, batches: list[FeedBatch], drops: Drops, catalogs: list[str]
) -> list[FeedBatch]:
    """Attach the rows of routed feeds to offers whose absence from the catalogue is no end yet."""
    doubted = [batch.feed for batch in batches if not batch.absences_count]
    not_ended = pl.concat(
        [
            pending_absences(before.listings, batches, drops),
            before.listings.filter(pl.col("feed").is_in(doubted)).select("feed", "offer_id"),
        ]
    )
    protected = stored_entries(before, catalogs).join(
        not_ended, on=["feed", "offer_id"], how="semi"
    )
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
