"""Step 5 of a run: the cards, and with them offers, models and differences are closed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from schemas.delta import Diff, State
from schemas.state import CARDS
from transforms.reconcile.batch import Rules
from transforms.reconcile.cards import make_cards
from transforms.reconcile.claims import ClaimUpdate
from transforms.reconcile.diff import diff
from transforms.reconcile.models import models_after
from transforms.reconcile.moments import date_holds
from transforms.reconcile.offers import close_offers, gone_offers, no_price_reasons
from transforms.reconcile.presence import Presence
from transforms.reconcile.previous_prices import renamed
from transforms.reconcile.selection import choose_facts
from transforms.resolve.attachments import find_ambiguous


@dataclass(frozen=True)
class CardUpdate:
    """The cards (CARDS) after a run, `changed` against the stored ones, with what closes with them.

    `facts` has the chosen facts of each present offer with `status_feed`; `gone` the offers that
    end; `offers` (OFFERS) are all offers, dated; `models` (STORED_MODELS) all models.
    """

    facts: pl.DataFrame
    cards: pl.DataFrame
    changed: Diff
    gone: pl.DataFrame
    offers: pl.DataFrame
    models: pl.DataFrame


def update_cards(
    before: State,
    presence: Presence,
    claims: ClaimUpdate,
    rules: Rules,
    *,
    prices: pl.DataFrame,
    holds: pl.DataFrame,
) -> CardUpdate:
    """Make the cards from facts, `prices` (PRICES) and `holds` (HOLDS); end what has no card."""
    facts = choose_facts(presence.naming_listings, rules.precedence, catalogs=rules.catalogs)
    contested = find_ambiguous(
        replace(before, listings=presence.listings, offers=presence.offers, claims=claims.claims),
        catalogs=rules.catalogs,
        routed=rules.routed,
    )
    cards = make_cards(
        facts.join(presence.begun, on="offer_id", how="left").join(
            contested.select("offer_id", contested_feed="feed"), on="offer_id", how="left"
        ),
        prices,
        date_holds(holds, presence.answered),
        _begun_anew(renamed(before.cards, presence.relabels, CARDS), presence.relabels),
        no_price=no_price_reasons(presence.offers, rules.providers, claims.claims),
        observed=presence.answered or presence.observed,
    )
    gone = gone_offers(
        before,
        presence.naming_listings,
        presence.relabels,
        presence.observed,
        lists_offers=rules.lists_offers,
    )
    offers = close_offers(presence.offers, presence.naming_listings, gone)
    catalog = next((b.models for b in presence.batches if b.role == "catalog"), None)
    return CardUpdate(
        facts=facts,
        cards=cards,
        changed=diff(before.cards, cards, CARDS),
        gone=gone,
        offers=offers,
        models=models_after(
            before.models, offers, presence.listings, catalog, details=rules.details
        ),
    )


def _begun_anew(cards: pl.DataFrame, relabels: pl.DataFrame) -> pl.DataFrame:
    """Return the cards before a run, under the names that their offers have now.

    Under a new name, the histories of status and speed begin with the name.
    """
    is_new = pl.col("offer_id").is_in(relabels["new_offer_id"].implode())
    return cards.with_columns(
        pl.when(~is_new).then(name).alias(name) for name in ("facts_since", "speed_changed_at")
    )
