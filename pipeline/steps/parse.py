"""The stages of an hour after landing: each takes what the one before gave, none knows Prefect."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

import polars as pl
from msgspec.structs import replace

from pipeline.feeds import (
    entries_of,
    parser_for,
    price_lists_of,
    resolve_estimates,
    resolve_price_lists,
    split_quotes,
)
from pipeline.session import Run
from schemas.contract import Contract, filter_rows
from schemas.errors import FeedError, FeedMalformed
from schemas.offerings import HUB_OFFERINGS, MODELS, OFFERINGS, REJECTED
from schemas.records import FeedFetch
from schemas.state import LISTINGS, OFFERS
from schemas.text import LONGEST_NAME, UNPRINTABLE
from transforms.parsing.collector import Page, Parsed
from transforms.pricing.token_prices import price_tokens
from transforms.reconcile.batch import NO_UNREADABLE_ROWS, FeedBatch
from transforms.reconcile.listings import Observation
from transforms.resolve.catalog import ResolvedRows, identified, resolve_catalog, resolve_routed

KEY_JOINT = " | "

_DATES = {"first_seen_at", "last_seen_at", "gone_at", "missed", "absent_from"}
_FACTS = [name for name in {**OFFERS.dtypes, **LISTINGS.dtypes} if name not in _DATES]
CONTRACTS: dict[str, Contract] = {"hub": HUB_OFFERINGS, "router": OFFERINGS}


@dataclass(frozen=True)
class Heard:
    """The feeds of this run: how each went, and what the whole ones said."""

    fetches: list[FeedFetch]
    parsed: dict[str, Parsed]
    rejected: pl.DataFrame
    unread: dict[str, pl.DataFrame]
    """Feed → model_id and inference_provider of the rows that could not be read."""
    statements: dict[str, ResolvedRows]
    claims: dict[str, pl.DataFrame]

    def entries(self) -> list[pl.DataFrame]:
        """Return feed and inference_provider of each accepted entry, feed by feed."""
        return [
            entries_of(told.quotes)
            if not told.quotes.is_empty()
            else self.statements[feed].rows.select("feed", "inference_provider")
            for feed, told in self.parsed.items()
        ]

    def observed(self, feed: str) -> FeedFetch:
        """Return the fetch of a feed that was whole."""
        return next(f for f in self.fetches if f.feed == feed)


def parse_feeds(run: Run, fetches: list[FeedFetch]) -> Heard:
    """Parse the landed pages of every whole feed; one that cannot be read counts as failed."""
    parsed: dict[str, Parsed] = {}
    outcome: list[FeedFetch] = []
    feeds = {feed.feed: feed for _, feed in run.registry.feeds()}
    for fetch in fetches:
        told = fetch
        if fetch.outcome == "complete":
            parse = parser_for(feeds[fetch.feed])
            try:
                parsed[fetch.feed] = _not_empty(parse(_pages(run, fetch)))
            except FeedError as error:
                told = replace(fetch, outcome="failed", error_code=error.code, error=str(error))
        outcome.append(told)
    return Heard(outcome, parsed, REJECTED.empty(), {}, {}, {})


def validate_rows(run: Run, heard: Heard) -> Heard:
    """Part the rows that meet their contract from those that do not, which are kept as rejected.

    A feed of which nothing is accepted counts as failed: it says nothing that we understand, and
    its silence about an offer is no absence.
    """
    lists = {feed.feed for feed in run.registry.lists()}
    parsed, unread, rejected = {}, {}, [heard.rejected]
    fetches = {fetch.feed: fetch for fetch in heard.fetches}
    for feed, told in heard.parsed.items():
        kept, refused = split_quotes(told) if feed in lists else _split_offerings(told)
        rejected.append(refused)
        if kept.offerings.is_empty() and kept.quotes.is_empty():
            said = f"{feed}: none of {told.records} entries meets its contract; see rejected_rows"
            fetches[feed] = replace(
                fetches[feed], outcome="failed", error_code="nothing_accepted", error=said
            )
            continue
        unread[feed] = NO_UNREADABLE_ROWS.clone() if feed in lists else _unread(refused)
        parsed[feed] = kept
    return dataclasses.replace(
        heard,
        fetches=list(fetches.values()),
        parsed=parsed,
        unread=unread,
        rejected=pl.concat(rejected),
    )


def _split_offerings(told: Parsed) -> tuple[Parsed, pl.DataFrame]:
    """Return what meets its contract, and all that was rejected so far."""
    offerings = filter_rows(told.offerings, CONTRACTS[told.feed])
    models = filter_rows(told.models, MODELS).accepted  # a bad model id rejects its offerings too
    refused = pl.concat([told.rejected, _rejected_rows(told.offerings, offerings.rejected)])
    return dataclasses.replace(told, offerings=offerings.accepted, models=models), refused


def _unread(refused: pl.DataFrame) -> pl.DataFrame:
    """Name the offers that a rejected row may be about: they are not shown, and not missed."""
    return refused.select(
        "inference_provider", model_id=pl.col("record_key").str.split(KEY_JOINT).list.first()
    )


def resolve_rows(run: Run, heard: Heard) -> Heard:
    """Give each row its offer: the Hub's by their own names, the router's by attachment, a list's
    by the provider's own id."""
    source = run.registry.sources[0].source
    statements: dict[str, ResolvedRows] = {}

    @cache
    def mapped() -> pl.DataFrame:
        return statements["hub"].rows if "hub" in statements else _mapped_before(run)

    if "hub" in heard.parsed:
        statements["hub"] = _named(resolve_catalog(heard.parsed["hub"].offerings, source=source))
    if "router" in heard.parsed:
        offerings = heard.parsed["router"].offerings
        statements["router"] = _named(resolve_routed(offerings, mapped(), source=source))
    statements |= resolve_price_lists(run, heard.parsed, mapped)
    estimated, reckoned = resolve_estimates(run, statements.get("hub"))
    read = {  # what a row became is in `statements`; keeping both would be the peak of memory
        feed: dataclasses.replace(told, offerings=OFFERINGS.empty())
        for feed, told in heard.parsed.items()
    }
    return dataclasses.replace(
        heard,
        fetches=[*heard.fetches, *_reckoned(heard, estimated)],
        parsed=read | reckoned,
        unread=heard.unread | {feed: NO_UNREADABLE_ROWS.clone() for feed in estimated},
        statements=statements | estimated,
        rejected=pl.concat([heard.rejected, *(s.rejected for s in statements.values())]),
    )


def price_rows(run: Run, heard: Heard) -> Heard:
    """Turn price texts into claims: what one feed says that one unit costs."""
    claims = price_lists_of(run, heard.statements, heard.parsed)
    claims |= {
        feed: price_tokens(told.rows, run_id=run.record.run_id)
        for feed, told in heard.statements.items()
        if feed not in claims
    }
    facts = {  # price texts and evidence go on in the claims
        feed: dataclasses.replace(told, rows=told.rows.select(_FACTS))
        for feed, told in heard.statements.items()
    }
    return dataclasses.replace(heard, statements=facts, claims=claims)


def feed_batches(run: Run, heard: Heard) -> list[FeedBatch]:
    """Return the whole answers of this run, in registry order."""
    gone_after = {feed.feed: feed.gone_after for _, feed in run.registry.feeds()}
    return [
        FeedBatch(
            Observation(
                feed,
                heard.observed(feed).observed_at,
                run.observed.get(feed),
                gone_after.get(feed, 1),
            ),
            heard.statements[feed].rows,
            heard.claims[feed],
            heard.parsed[feed].models if role == "catalog" else None,
            heard.unread[feed],
            role=role,
        )
        for feed, role in run.registry.roles().items()
        if feed in heard.statements
    ]


def _pages(run: Run, fetch: FeedFetch) -> Iterator[Page]:
    """Read landed pages one by one: a whole walk in memory would be the largest thing there."""
    for page in fetch.pages:
        yield Page(run.folder.landing.get(page.payload_hash), page.payload_hash)


def _not_empty(parsed: Parsed) -> Parsed:
    """An answer without any entry is no success: it would send every offer away."""
    if parsed.records == 0:
        raise FeedMalformed(f"{parsed.feed}: the answer is whole and has no entry", code="empty")
    return parsed


def _named(statements: ResolvedRows) -> ResolvedRows:
    return dataclasses.replace(statements, rows=identified(statements.rows))


def _reckoned(heard: Heard, estimated: Iterable[str]) -> list[FeedFetch]:
    """An estimate is observed when the Hub's answer that it is made of was; nothing is asked."""
    return [
        FeedFetch(feed=feed, outcome="complete", started_at=at, finished_at=at, pages=[])
        for feed in estimated
        for at in (heard.observed("hub").observed_at,)
    ]


def _mapped_before(run: Run) -> pl.DataFrame:
    """Return the mapping offers that the Hub last stated, with the status and speed it gave."""
    state = run.state()
    hub = state.listings.filter(pl.col("feed") == "hub").select(
        "offer_id", "status", "request_latency_ms"
    )
    return state.offers.join(hub, on="offer_id").filter(pl.col("provider_model_id").is_not_null())


def _rejected_rows(offerings: pl.DataFrame, failed: pl.DataFrame) -> pl.DataFrame:
    rows = offerings.with_row_index("row").join(failed, on="row")
    return REJECTED.shape(
        rows.with_columns(
            record_key=pl.concat_str(
                [
                    _seen(pl.col(name)).fill_null("")
                    for name in ("model_id", "inference_provider", "task", "provider_model_id")
                ],
                separator=KEY_JOINT,
            ),
            inference_provider=_seen(pl.col("inference_provider")),
            value_text=_seen(pl.col("value_text")),
        )
    )


def _seen(text: pl.Expr) -> pl.Expr:
    """Shorten what somebody sent, and show what cannot be seen: it is read in terminals."""
    return text.str.slice(0, LONGEST_NAME).str.replace_all(f"[{UNPRINTABLE}]", "\ufffd")
