"""Choose the facts and prices of each card where feeds differ, by the registry's precedence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from schemas.quotes import NOT_OFFERED
from schemas.registry import Fact
from schemas.state import SERIES
from schemas.units import is_main
from transforms.pricing.additional import UNIT_DOUBT, fits_beside, with_main_price
from transforms.reconcile.confirmation import yielding_feeds

Precedence = Mapping[Fact, Sequence[str]]
_GROUPS: dict[Fact, tuple[str, ...]] = {
    "speed": ("throughput_tps", "first_token_latency_ms", "request_latency_ms"),
    "context": ("context_length",),
    "capabilities": (
        "supports_tools",
        "supports_structured_output",
        "is_model_author",
        "input_modalities",
        "output_modalities",
    ),
}


def choose_claims(
    claims: pl.DataFrame, precedence: Precedence, previous: pl.DataFrame
) -> pl.DataFrame:
    """Return the claims of the first feed, in price order, that claims anything for an offer.

    A feed whose price cannot be read, or is not confirmed, yields to one whose price can be read
    (transforms/reconcile/confirmation.py; `previous` are the price series before this run).

    One feed per offer: an input price of one feed beside an output price of another would be a
    price that no feed states. An estimate is no price, and a claim of a list that it publishes no
    price is none either: neither is ever chosen. What that feed does not state of cached or
    reasoning tokens and of other tiers is chosen from the feeds after it.
    """
    stated = pl.concat([stated_prices(claims), _stated_absences(claims, previous)])
    preferred = stated.join(
        yielding_feeds(stated, previous),
        on=["offer_id", "feed"],
        how="anti",
        maintain_order="left",
    )
    ranked = preferred.with_columns(_rank=_rank(precedence["price"]))
    main = ranked.filter(is_main())
    chosen = main.filter(pl.col("_rank") == pl.col("_rank").min().over("offer_id"))
    return pl.concat([chosen, _additional(ranked.filter(~is_main()), chosen)]).drop("_rank")


def _stated_absences(claims: pl.DataFrame, previous: pl.DataFrame) -> pl.DataFrame:
    """Return the additional prices without a number that state something all the same.

    A source states that it does not offer it, or states instead of its own price that the offer
    has (`previous`) one that is far from the price which it is like: the gate decides about that.
    """
    own = [*SERIES, "feed"]
    without = claims.filter((pl.col("price_status") == "not_published") & ~is_main())
    doubted = without.filter(pl.col("reason") == UNIT_DOUBT).join(
        previous.select(own), on=own, how="semi", maintain_order="left"
    )
    return pl.concat([without.filter(pl.col("reason") == NOT_OFFERED), doubted])


def _additional(claims: pl.DataFrame, main: pl.DataFrame) -> pl.DataFrame:
    """Return one additional claim per series: that of the feed of the main prices, else the next.

    Another feed's is left out where it does not fit beside the main price (`main` are the chosen
    ones), and one that cannot be read yields to one that can.
    """
    feeds = main.select("offer_id", _feed="feed").unique("offer_id", maintain_order=True)
    rows = with_main_price(claims, main).join(
        feeds, on="offer_id", how="left", maintain_order="left"
    )
    own = (pl.col("feed") == pl.col("_feed")).fill_null(value=False)
    return (
        rows.filter(own | pl.col("_feed").is_null() | fits_beside())
        .sort(*SERIES, ~own, pl.col("price_status") == "unparsed", "_rank", "feed")
        .unique(list(SERIES), keep="first", maintain_order=True)
        .select(claims.columns)
    )


def stated_prices(claims: pl.DataFrame) -> pl.DataFrame:
    """Return the claims that state a price, readable or not: no estimate, and not its absence."""
    return claims.filter(
        (pl.col("basis") != "estimate") & (pl.col("price_status") != "not_published")
    )


def slot_unreadable(candidates: pl.DataFrame, previous: pl.DataFrame) -> pl.DataFrame:
    """Assign a price that cannot be read to the series of a price that the offer has.

    Without its unit it is not known which of an offer's series it continues. So that the gate can
    hold it, it takes unit and tier of the offer's stored price, if that has another unit. One of
    another tier or of other tokens stays where it is: it holds no main price.
    """
    key = list(SERIES)
    unreadable = candidates.filter((pl.col("price_status") == "unparsed") & is_main()).join(
        previous.select(key), on=key, how="anti"
    )
    if unreadable.is_empty():
        return candidates
    places = (
        previous.filter(pl.col("price_status").is_in(["priced", "free"]))
        .sort(~is_main(), *key)
        .unique("offer_id", keep="first", maintain_order=True)
        .select("offer_id", _unit="unit", _tier="tier")
    )
    moved = (
        unreadable.join(places, on="offer_id", how="left", maintain_order="left")
        .with_columns(unit=pl.coalesce("_unit", "unit"), tier=pl.coalesce("_tier", "tier"))
        .drop("_unit", "_tier")
    )
    rest = candidates.join(unreadable.select(key), on=key, how="anti", maintain_order="left")
    return pl.concat([rest, moved]).unique(key, keep="first", maintain_order=True)


def choose_facts(
    listings: pl.DataFrame, precedence: Precedence, *, catalogs: Sequence[str]
) -> pl.DataFrame:
    """Return one row per offer with its chosen facts, `status_feed` and `speed_feed`.

    A group of facts comes from the first feed that states any of it; facts within capabilities
    fall back one by one. Status is the catalogue's where it is error or staging (the Hub probes
    its own mapping), else by precedence among the feeds that state one. `catalogs` are the feeds
    that are catalogues.
    """
    offers = listings.select("offer_id").unique(maintain_order=True)
    status = _status(listings, precedence["status"], catalogs)
    chosen = offers.join(status, on="offer_id", how="left")
    groups: tuple[Fact, ...] = ("context", "capabilities")
    for group in groups:
        chosen = chosen.join(
            _each(listings, _GROUPS[group], precedence[group]), on="offer_id", how="left"
        )
    return chosen.join(_speed(listings, precedence["speed"]), on="offer_id", how="left")


def by_precedence(rows: pl.DataFrame, feeds: Sequence[str]) -> pl.DataFrame:
    """Return claims or listings with the winning feed's first, in a stable order."""
    key = [name for name in SERIES if name in rows.columns]
    return rows.sort(*key, _rank(feeds))


def _rank(feeds: Sequence[str]) -> pl.Expr:
    return pl.col("feed").replace_strict(
        {feed: place for place, feed in enumerate(feeds)},
        default=len(feeds),
        return_dtype=pl.Int8,
    )


def _status(listings: pl.DataFrame, feeds: Sequence[str], catalogs: Sequence[str]) -> pl.DataFrame:
    warned = pl.col("feed").is_in(catalogs) & pl.col("status").is_in(["error", "staging"])
    return (
        listings.select(
            "offer_id",
            "status",
            status_feed="feed",
            _rank=pl.when(warned)
            .then(-1)
            .when(pl.col("status") == "unknown")
            .then(len(feeds) + 1)
            .otherwise(_rank(feeds)),
        )
        .sort("offer_id", "_rank")
        .unique("offer_id", keep="first", maintain_order=True)
        .drop("_rank")
    )


def _each(listings: pl.DataFrame, names: Sequence[str], feeds: Sequence[str]) -> pl.DataFrame:
    return (
        listings.select("offer_id", *names, _rank=_rank(feeds))
        .sort("offer_id", "_rank")
        .group_by("offer_id", maintain_order=True)
        .agg(pl.col(name).drop_nulls().first() for name in names)
    )


def _speed(listings: pl.DataFrame, feeds: Sequence[str]) -> pl.DataFrame:
    names = _GROUPS["speed"]
    measured = pl.any_horizontal(*(pl.col(name).is_not_null() for name in names))
    return (
        listings.filter(measured)
        .select("offer_id", *names, speed_feed="feed", _rank=_rank(feeds))
        .sort("offer_id", "_rank")
        .unique("offer_id", keep="first", maintain_order=True)
        .drop("_rank")
    )
