"""The providers' own price lists on their way through the hour: found by their feed's name.

A list is an adapter in `providers/`, a `transforms/parse_<feed>.py` and an entry in the registry;
nothing here or in the stages names one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Container, Iterator, Sequence
from functools import partial
from importlib import import_module
from typing import Any

import polars as pl

from pipeline.session import Run
from schemas.contract import filter_rows
from schemas.errors import SettingsError
from schemas.offerings import REJECTED
from schemas.quotes import QUOTES
from schemas.records import FeedFetch
from schemas.registry import Feed
from transforms.parsing.collector import Page, Parsed
from transforms.pricing.estimates import parsed_estimate, price_estimate, resolve_estimate
from transforms.pricing.list_prices import price_listed
from transforms.resolve.catalog import ResolvedRows, resolve_price_list

Parser = Callable[[Iterator[Page]], Parsed]
_ENTRY = ["payload_hash", "json_path"]


def parser_for(feed: Feed) -> Parser:
    """Return `parse_<feed>` of `transforms/parse_<feed>.py`; SettingsError where there is none."""
    name = f"parse_{feed.feed}"
    try:
        found: Any = getattr(import_module(f"transforms.parsing.{feed.feed}"), name)
    except (ImportError, AttributeError) as error:
        raise SettingsError(
            f"the registry names the feed {feed.feed}, and nothing reads it: transforms/parsing/{feed.feed}.py "
            f"must have a function {name} ({error})"
        ) from error
    if feed.inference_provider is None:
        return found  # type: ignore[no-any-return]
    return partial(found, inference_provider=feed.inference_provider)


def split_quotes(parsed: Parsed) -> tuple[Parsed, pl.DataFrame]:
    """Return the list with the entries whose every price meets the contract, and all rejected."""
    found = filter_rows(parsed.quotes, QUOTES)
    if found.rejected.is_empty():
        return parsed, parsed.rejected
    rows = parsed.quotes.with_row_index("row").join(found.rejected, on="row")
    rejected = REJECTED.shape(
        rows.unique(_ENTRY, keep="first", maintain_order=True).with_columns(
            record_key=pl.col("provider_model_id")
        )
    )
    accepted = parsed.quotes.join(rejected, on=_ENTRY, how="anti", maintain_order="left")
    return dataclasses.replace(parsed, quotes=accepted), pl.concat([parsed.rejected, rejected])


def entries_of(quotes: pl.DataFrame) -> pl.DataFrame:
    """Return feed and inference_provider of each entry that these quotes are of."""
    return quotes.unique(_ENTRY, maintain_order=True).select("feed", "inference_provider")


def resolve_price_lists(
    run: Run, parsed: dict[str, Parsed], mapped: Callable[[], pl.DataFrame]
) -> dict[str, ResolvedRows]:
    """Join each list that answered with the offers that the Hub maps to its provider's ids."""
    told = [feed.feed for feed in run.registry.lists() if feed.feed in parsed]
    offers = mapped() if told else None
    return {
        feed: resolve_price_list(parsed[feed].quotes, offers, feed=feed)
        for feed in told
        if offers is not None
    }


def resolve_estimates(
    run: Run, hub: ResolvedRows | None
) -> tuple[dict[str, ResolvedRows], dict[str, Parsed]]:
    """Return statements and parsed of each estimate that this hour's Hub answer allows."""
    if hub is None:
        return {}, {}
    named = {rule.feed: resolve_estimate(hub, rule) for rule in run.registry.estimates}
    read = {rule.feed: parsed_estimate(named[rule.feed], rule) for rule in run.registry.estimates}
    return named, read


def price_lists_of(
    run: Run, statements: dict[str, ResolvedRows], parsed: dict[str, Parsed]
) -> dict[str, pl.DataFrame]:
    """Return the claims of the lists and of the estimates that said something."""
    run_id = run.record.run_id
    claims = {
        feed.feed: price_listed(
            statements[feed.feed].rows,
            parsed[feed.feed].quotes,
            run_id=run_id,
            show_account=run.shows_account_prices,
        )
        for feed in run.registry.lists()
        if feed.feed in statements
    }
    return claims | {
        rule.feed: price_estimate(statements[rule.feed].rows, rule, run_id=run_id)
        for rule in run.registry.estimates
        if rule.feed in statements
    }


def unread_lists(run: Run, fetches: Sequence[FeedFetch], told: Container[str]) -> dict[str, str]:
    """Return list → why it has stated nothing so far: a key of `UNREAD_LIST_REASONS`."""
    codes = {fetch.feed: fetch.error_code for fetch in fetches}
    reasons = {}
    for feed in run.registry.lists():
        if not run.reads(feed):
            reasons[feed.feed] = "list_off"
        elif feed.feed not in told and feed.feed not in run.observed:
            no_key = codes.get(feed.feed) == "no_key"
            reasons[feed.feed] = "list_needs_key" if no_key else "list_unanswered"
    return reasons
