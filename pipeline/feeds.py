"""The one place that states how each feed is parsed, validated, resolved and priced.

FEEDS has one row per feed of the registry. The steps are loops over these rows and name no feed.
A price list needs its two modules (`providers/<source>.py`, `transforms/parsing/<feed>.py`), one
registry entry and one row here. A row stays as long as a landed run names its feed, because replay
reads the registry that the run landed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Protocol

import polars as pl

from pipeline.feed_specs import FeedSpec, MappedIds, PriceContext, ResolveContext, RunFeed
from schemas.contract import Contract
from schemas.errors import SettingsError
from schemas.kept_rows import FrameStore
from schemas.offerings import COMPARED, HUB_OFFERINGS, OFFERINGS, PARTNER_MAPPINGS, REJECTED
from schemas.registry import Estimate, Feed, Registry
from schemas.state import INCOMING_CLAIMS
from transforms.parsing.deepinfra_list import parse_deepinfra_list
from transforms.parsing.fal_pricing import parse_fal_pricing
from transforms.parsing.fireworks_list import parse_fireworks_list
from transforms.parsing.hub import parse_hub
from transforms.parsing.mapped_ids import mapped_ids, mapped_providers
from transforms.parsing.novita_list import parse_novita_list
from transforms.parsing.parsed_feed import Page, ParsedFeed
from transforms.parsing.partners import parse_partners
from transforms.parsing.router import parse_router
from transforms.parsing.token_lists import TOKEN_LISTS, parse_token_list
from transforms.parsing.validation import ValidatedFeed, validate_offerings, validate_quotes
from transforms.parsing.wavespeed_list import parse_wavespeed_list
from transforms.pricing.estimates import price_estimate, resolve_estimate
from transforms.pricing.list_prices import price_listed
from transforms.pricing.token_prices import price_tokens
from transforms.pricing.token_tasks import without_foreign_tokens
from transforms.resolve.catalog import (
    MAPPED,
    ResolvedRows,
    identified,
    resolve_catalog,
    resolve_price_list,
    resolve_routed,
)
from transforms.resolve.model_names import use_names_today


def feeds_of_registry(registry: Registry) -> list[RunFeed]:
    """Return every feed in registry order, then the estimates.

    SettingsError when the registry names a feed that has no row in FEEDS.
    """
    entries: list[tuple[str, Feed | Estimate]] = [(s.source, f) for s, f in registry.feeds()]
    entries += [(rule.source, rule) for rule in registry.estimates]
    return [RunFeed(spec_of(entry.feed), source, entry) for source, entry in entries]


def spec_of(feed: str) -> FeedSpec:
    """Return the row of a feed; SettingsError when there is none."""
    try:
        return _BY_NAME[feed]
    except KeyError:
        raise SettingsError(
            f"the registry names the feed {feed}, and pipeline/feeds.py has no row for it; write "
            f"transforms/parsing/{feed}.py with a function parse_{feed}, and add the row to FEEDS"
        ) from None


class ParseCatalog(Protocol):
    """Parse a whole walk of a catalogue."""

    def __call__(self, pages: Iterable[Page], *, store: FrameStore) -> ParsedFeed:
        """Return the rows, those of a large one put aside; raises FeedMalformed."""


def _catalog(
    feed: str,
    parse: ParseCatalog,
    *,
    contract: Contract,
    mapped_ids: MappedIds,
    takes_token: bool = False,
) -> FeedSpec:
    """Describe a feed that names models and maps them to the ids of inference providers."""
    return FeedSpec(
        feed,
        "catalog",
        parse=lambda pages, _, store: parse(pages, store=store),
        validate=partial(validate_offerings, contract=contract),
        resolve=_resolve_catalog,
        price=_price_tokens,
        mapped_ids=mapped_ids,
        mapped_providers=mapped_providers,
        takes_token=takes_token,
    )


def _routed(
    feed: str, parse: Callable[[Iterable[Page]], ParsedFeed], *, takes_token: bool = False
) -> FeedSpec:
    """Describe a feed whose offerings attach to the offers of its source's catalogue."""
    return FeedSpec(
        feed,
        "routed",
        parse=lambda pages, *_: parse(pages),
        validate=partial(validate_offerings, contract=OFFERINGS),
        resolve=_resolve_routed,
        price=_price_tokens,
        takes_token=takes_token,
    )


class ParseList(Protocol):
    """Parse a provider's own price list."""

    def __call__(self, pages: Iterable[Page], *, inference_provider: str) -> ParsedFeed:
        """Return the quotes of every entry; raises FeedMalformed."""


def _price_list(feed: str, parse: ParseList) -> FeedSpec:
    """Describe a provider's own list: it names no offers, and prices them by its provider's ids."""
    return FeedSpec(
        feed,
        "price_list",
        parse=lambda pages, entry, _: parse(
            pages, inference_provider=entry.inference_provider or entry.feed
        ),
        validate=validate_quotes,
        resolve=_resolve_price_list,
        price=_price_listed,
    )


def _cross_check(feed: str, parse: Callable[[Iterable[Page]], ParsedFeed]) -> FeedSpec:
    """Describe a feed whose mapping is compared with that of its source's catalogue."""
    return FeedSpec(
        feed,
        "cross_check",
        parse=lambda pages, *_: parse(pages),
        validate=partial(validate_offerings, contract=PARTNER_MAPPINGS),
        resolve=_resolve_mapping,
        price=_price_nothing,
    )


def _estimate(feed: str) -> FeedSpec:
    """Describe a price that is computed from a catalogue's answer and a rate in the registry."""
    return FeedSpec(feed, "estimate", resolve=_resolve_estimate, price=_price_estimate)


def _resolve_catalog(own: ValidatedFeed | None, context: ResolveContext) -> ResolvedRows | None:
    if own is None:
        return None
    return _identified(resolve_catalog(own.offerings, source=context.source))


def _resolve_routed(own: ValidatedFeed | None, context: ResolveContext) -> ResolvedRows | None:
    if own is None:
        return None
    mapped = context.mapped()[context.source]
    return _identified(
        resolve_routed(own.offerings, mapped, source=context.source, names=context.names())
    )


def _resolve_price_list(own: ValidatedFeed | None, context: ResolveContext) -> ResolvedRows | None:
    if own is None:
        return None
    mapped = pl.concat([offers.select(MAPPED) for offers in context.mapped().values()])
    return resolve_price_list(own.quotes, mapped, feed=context.entry.feed)


def _resolve_estimate(own: ValidatedFeed | None, context: ResolveContext) -> ResolvedRows | None:
    del own
    if context.catalog is None or not isinstance(context.entry, Estimate):
        return None
    return resolve_estimate(context.catalog, context.entry)


def _resolve_mapping(own: ValidatedFeed | None, context: ResolveContext) -> ResolvedRows | None:
    if own is None:
        return None
    stated = own.offerings.select("feed", *COMPARED)  # the walk has as many rows as the catalogue
    return ResolvedRows(use_names_today(stated, context.names()), REJECTED.empty())


def _identified(resolved: ResolvedRows) -> ResolvedRows:
    return replace(resolved, rows=identified(resolved.rows))


def _price_tokens(rows: pl.DataFrame, quotes: pl.DataFrame, context: PriceContext) -> pl.DataFrame:
    del quotes
    return price_tokens(rows, run_id=context.run_id)


def _price_listed(rows: pl.DataFrame, quotes: pl.DataFrame, context: PriceContext) -> pl.DataFrame:
    claims = price_listed(rows, quotes, run_id=context.run_id, show_account=context.show_account)
    return without_foreign_tokens(claims, rows)


def _price_nothing(rows: pl.DataFrame, quotes: pl.DataFrame, context: PriceContext) -> pl.DataFrame:
    del rows, quotes, context
    return INCOMING_CLAIMS.empty()


def _price_estimate(
    rows: pl.DataFrame, quotes: pl.DataFrame, context: PriceContext
) -> pl.DataFrame:
    del quotes
    if not isinstance(context.entry, Estimate):
        raise SettingsError(f"{context.entry.feed} is an estimate in pipeline/feeds.py alone")
    return price_estimate(rows, context.entry, run_id=context.run_id)


FEEDS: tuple[FeedSpec, ...] = (
    _catalog("hub", parse_hub, contract=HUB_OFFERINGS, mapped_ids=mapped_ids, takes_token=True),
    _routed("router", parse_router, takes_token=True),
    _cross_check("partners", parse_partners),
    _price_list("deepinfra_list", parse_deepinfra_list),
    _price_list("fal_pricing", parse_fal_pricing),
    _price_list("wavespeed_list", parse_wavespeed_list),
    _price_list("fireworks_list", parse_fireworks_list),
    _price_list("novita_list", parse_novita_list),
    *(_price_list(feed, partial(parse_token_list, feed)) for feed in TOKEN_LISTS),
    _estimate("hf_inference_estimate"),
)
_BY_NAME = {spec.feed: spec for spec in FEEDS}
