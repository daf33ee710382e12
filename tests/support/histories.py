"""Tell small histories: answers as JSON, hour by hour, through the real line up to `advance`."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import polars as pl

from providers.registry import load_claims, load_registry
from schemas.contract import Contract, filter_rows
from schemas.delta import CURRENT, Delta, Diff, State
from schemas.offerings import HUB_OFFERINGS, OFFERINGS
from schemas.state import OFFERS
from transforms.compliance import describe_providers
from transforms.gate.holds import VERDICTS
from transforms.parsing.hub import parse_hub
from transforms.parsing.parsed_feed import Page, ParsedFeed
from transforms.parsing.router import parse_router
from transforms.pricing.token_prices import price_tokens
from transforms.reconcile.batch import FeedBatch, Rules
from transforms.reconcile.listings import Observation
from transforms.reconcile.reconcile import reconcile
from transforms.resolve.attachments import stored_entries
from transforms.resolve.catalog import ResolvedRows, identified, resolve_catalog, resolve_routed
from transforms.resolve.model_names import NO_NAMES, names_today

Json = dict[str, Any]
Answer = Mapping[str, Sequence[Json]]
"""Model id → what the feed lists for it: mapping entries (Hub) or offerings (router)."""

SOURCE = "huggingface"
MODEL = "org/m"
REGISTRY = load_registry()
CLAIMS_IN_FORCE = load_claims().claims
FEEDS = {feed.feed: feed for _, feed in REGISTRY.feeds()}
ROLES = REGISTRY.roles()
SOURCES = {feed.feed: source.source for source, feed in REGISTRY.feeds()}
SHAPES = CURRENT
START = datetime(2026, 1, 1, tzinfo=UTC)


def entry(provider: str = "novita", provider_id: str = "x", **more: Any) -> Json:
    """Return one entry of a Hub mapping: live, conversational, single-model."""
    return {
        "_id": f"{provider}/{provider_id}",
        "provider": provider,
        "providerId": provider_id,
        "status": "live",
        "task": "conversational",
        "type": "single-model",
        "isModelAuthor": False,
        **more,
    }


def priced_entry(
    price_in: float, price_out: float, provider: str = "novita", provider_id: str = "x", **more: Any
) -> Json:
    """Return a mapping entry with a price, USD per 1,000,000 tokens."""
    details = {"pricing": {"input": price_in, "output": price_out}}
    return entry(provider, provider_id, providerDetails=details, **more)


def offering(
    pricing: Any = None, provider: str = "novita", status: str = "live", **more: Any
) -> Json:
    """Return one provider's entry of a router model; without a price object where None."""
    stated = {} if pricing is None else {"pricing": pricing}
    return {"provider": provider, "status": status, "is_free": False, **stated, **more}


def price(price_in: float, price_out: float) -> Json:
    """Return a price object, USD per 1,000,000 tokens."""
    return {"input": price_in, "output": price_out}


def hub_page(answer: Answer) -> Page:
    """Return a page of the Hub list."""
    return page(
        [{"id": name, "inferenceProviderMapping": entries} for name, entries in answer.items()]
    )


def router_page(answer: Answer) -> Page:
    """Return the router's answer."""
    models = [
        {"id": name, "object": "model", "providers": entries} for name, entries in answer.items()
    ]
    return page({"object": "list", "data": models})


def page(value: Any) -> Page:
    """Return any JSON value as a landed page."""
    body = json.dumps(value).encode()
    return Page(body, sha256(body).hexdigest())


def hub_statements(parsed: ParsedFeed) -> ResolvedRows:
    """Split and conform a parsed Hub answer."""
    return resolve_catalog(filter_rows(parsed.offerings, HUB_OFFERINGS).accepted, source=SOURCE)


def router_statements(
    parsed: ParsedFeed, mapped: pl.DataFrame, names: pl.DataFrame = NO_NAMES
) -> ResolvedRows:
    """Split and conform a parsed router answer; `mapped` are the offers to attach to."""
    accepted = filter_rows(parsed.offerings, OFFERINGS).accepted
    return resolve_routed(accepted, mapped, source=SOURCE, names=names)


def nothing_mapped() -> pl.DataFrame:
    """Return the mapping offers of a Hub that never answered."""
    return OFFERS.empty().with_columns(status=pl.lit(None, pl.String))


def applied(before: pl.DataFrame, change: Diff, shape: Contract) -> pl.DataFrame:
    """Apply a difference as a database does: delete by key, insert; ordered by key."""
    if change.fresh.is_empty() and change.removed.is_empty():
        return before
    key = list(shape.key)
    dropped = pl.concat([change.removed, change.changed]).select(key)
    left = before.join(dropped, on=key, how="anti", nulls_equal=True)
    return pl.concat([left, change.fresh]).sort(key)


@dataclass
class History:
    """A home without a disk. Each call of `hour` is one run; a feed that is None failed in it."""

    state: State = field(default_factory=State.empty)
    hours: int = 0
    price_log: list[pl.DataFrame] = field(default_factory=list)
    predicted: State = field(default_factory=State.empty)
    """The state that `reconcile` returns beside its differences."""
    last_inputs: tuple[State, list[FeedBatch], Rules] | None = None
    """What the last run reconciled."""
    details: bool = False
    """Whether the Hub is asked for the daily fields."""

    def hour(self, hub: Answer | None = None, router: Answer | None = None) -> Delta:
        """Tell one hour, keep what it leads to, return what it changed.

        At least one feed answers: an hour without any never gets as far as `advance`.
        """
        return self.hour_of_pages(
            hub=None if hub is None else hub_page(hub),
            router=None if router is None else router_page(router),
        )

    def hour_of_pages(self, *, hub: Page | None = None, router: Page | None = None) -> Delta:
        """Tell one hour of landed pages, which are whole answers."""
        batches: list[FeedBatch] = []
        mapped = self._mapped_before()
        if hub is not None:
            parsed = parse_hub([hub])
            statements = hub_statements(parsed)
            mapped = statements.rows
            batches.append(self._batch("hub", statements, parsed.models))
        if router is not None:
            catalog = None if hub is None else parsed.models
            names = names_today(self.state.models, catalog)
            statements = router_statements(parse_router([router]), mapped, names)
            batches.append(self._batch("router", statements, None))
        return self._advance(batches, self._rules(batches))

    def decide(self, check_id: str, decision: str) -> Delta:
        """Carry out a decision in a run of its own, which asks no feed."""
        verdicts = pl.DataFrame(
            [(check_id, decision, "ada", "asked")], schema=VERDICTS.schema, orient="row"
        )
        return self._advance([], dataclasses.replace(self._rules([]), verdicts=verdicts))

    def correct(self, orders: pl.DataFrame) -> Delta:
        """Carry out corrections (ORDERS) in a run of its own."""
        return self._advance([], dataclasses.replace(self._rules([]), correction_requests=orders))

    def _advance(self, batches: list[FeedBatch], rules: Rules) -> Delta:
        self.last_inputs = (self.state, batches, rules)
        delta, self.predicted = reconcile(self.state, batches, rules)
        self.state = State(
            **{
                name: applied(getattr(self.state, name), getattr(delta, name), shape)
                for name, shape in SHAPES.items()
            },
            observed={**self.state.observed, **delta.observed},
        )
        self.price_log.append(delta.price_log)
        self.hours += 1
        return delta

    def at(self, feed: str, hour: int) -> datetime:
        """Return when a feed's answer of an hour was observed (UTC); hours count from 0."""
        return START + timedelta(hours=hour, seconds={"hub": 1, "router": 4}[feed])

    def offers(self) -> pl.DataFrame:
        """Return every card with its offer's names."""
        return self.state.cards.join(self.state.offers, on="offer_id").sort("offer_id")

    def card(self, provider: str = "novita", model: str = MODEL) -> dict[str, Any]:
        """Return the only card of a model at a provider."""
        found = self.offers().filter(
            (pl.col("inference_provider") == provider) & (pl.col("model_id") == model)
        )
        assert found.height == 1, f"{found.height} cards of {model} at {provider}"
        return found.row(0, named=True)

    def amounts(self, provider: str = "novita", model: str = MODEL) -> dict[str, str | None]:
        """Return what the card shows per unit, in USD per 1,000,000 tokens, as plain text."""
        offer_id = self.card(provider, model)["offer_id"]
        rows = self.state.prices.filter(pl.col("offer_id") == offer_id)
        return {unit: per_million(amount) for unit, amount in rows.select("unit", "amount").rows()}

    def _batch(self, feed: str, statements: ResolvedRows, models: pl.DataFrame | None) -> FeedBatch:
        rows = identified(statements.rows)
        answered = Observation(
            feed, self.at(feed, self.hours), self.state.observed.get(feed), FEEDS[feed].gone_after
        )
        claims = price_tokens(rows, run_id=f"run-{self.hours}")
        return FeedBatch(answered, rows, claims, models, role=ROLES[feed])

    def _rules(self, batches: list[FeedBatch]) -> Rules:
        seen = {name for t in batches for name in t.statements["inference_provider"]}
        seen |= set(self.state.offers["inference_provider"])
        described = describe_providers(REGISTRY, CLAIMS_IN_FORCE, sorted(seen), today=START.date())
        source = REGISTRY.sources[0]
        return Rules(
            source.precedence,
            described,
            details=self.details,
            run_id=f"run-{self.hours}",
            gone_after={name: feed.gone_after for name, feed in FEEDS.items()},
            roles=ROLES,
            sources=SOURCES,
        )

    def _mapped_before(self) -> pl.DataFrame:
        return stored_entries(self.state, ["hub"])


def per_million(amount: Any) -> str | None:
    """Return an amount per one token as the price of 1,000,000, without trailing zeros."""
    return None if amount is None else f"{(amount * 1_000_000).normalize():f}"


def events(delta: Delta) -> list[tuple[str, str | None]]:
    """Return (event, unit) of every event of a run, sorted."""
    rows: list[tuple[str, str | None]] = delta.changes.select("event", "unit").rows()
    return sorted(rows, key=lambda row: (row[0], row[1] or ""))


def single_change(delta: Delta, event: str, unit: str | None = None) -> dict[str, Any]:
    """Return the only event of that kind and unit."""
    found = delta.changes.filter((pl.col("event") == event) & pl.col("unit").eq_missing(unit))
    assert found.height == 1, f"{found.height} events {event} of {unit}"
    return found.row(0, named=True)


def changes_nothing(delta: Delta) -> bool:
    """Return whether a run left no trace: no row written, no log row, no event, no link."""
    diffs = [getattr(delta, name) for name in SHAPES]
    logs = (delta.claim_log, delta.price_log, delta.status_log, delta.speed_log)
    return all(d.fresh.is_empty() and d.removed.is_empty() for d in diffs) and all(
        frame.is_empty() for frame in (*logs, delta.changes, delta.links)
    )
