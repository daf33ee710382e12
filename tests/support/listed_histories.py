"""Histories in which a provider's own list answers too, with prices of several tiers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
import polars as pl

from schemas.delta import Delta
from schemas.quotes import NOT_OFFERED
from tests.support.histories import (
    FEEDS,
    ROLES,
    START,
    Answer,
    History,
    hub_page,
    hub_statements,
    per_million,
    router_page,
    router_statements,
)
from transforms.parsing.fence import EntryLocation
from transforms.parsing.hub import parse_hub
from transforms.parsing.quotes import PriceListCollector, Quote
from transforms.parsing.router import parse_router
from transforms.pricing.list_prices import price_listed
from transforms.reconcile.batch import FeedBatch
from transforms.reconcile.listings import Observation
from transforms.resolve.catalog import identified, resolve_price_list

LIST = "deepinfra_list"
PROVIDER = "deepinfra"
NAME = "x"
"""The provider's own id of the model whose prices the list states."""


def stated(
    unit: str, per_million_tokens: float | str, tier: str = "standard", **more: Any
) -> Quote:
    """Return a price of a list, in USD per 1,000,000 of a token unit."""
    return Quote(
        native_unit=unit, native_quantity=1_000_000, raw_text=str(per_million_tokens), tier=tier
    )._replace(**more)


def absent(unit: str, tier: str = "standard") -> Quote:
    """Return a list's statement that it has no price of this unit to sell."""
    return Quote(native_unit=unit, tier=tier, no_price_reason=NOT_OFFERED)


class ListedHistory(History):
    """A history with the Hub, the router and one price list."""

    def listed_hour(
        self, hub: Answer, router: Answer | None = None, quotes: list[Quote] | None = None
    ) -> Delta:
        """Run an hour; the router or the list failed in it where it is None."""
        parsed = parse_hub([hub_page(hub)])
        statements = hub_statements(parsed)
        batches = [self._batch("hub", statements, parsed.models)]
        if router is not None:
            routed = router_statements(parse_router([router_page(router)]), statements.rows)
            batches.append(self._batch("router", routed, None))
        if quotes is not None:
            batches.append(self._list_batch(statements.rows, quotes))
        return self._advance(batches, self._rules(batches))

    def at(self, feed: str, hour: int) -> datetime:
        """Return when a feed's answer of an hour was observed; the list answers last."""
        if feed == LIST:
            return START + timedelta(hours=hour, seconds=7)
        return super().at(feed, hour)

    def series(self) -> dict[tuple[str, str], str | None]:
        """Return (unit, tier) → USD per 1,000,000 of every price, or its status without one."""
        rows = self.state.prices.select("unit", "tier", "amount", "price_status").rows()
        return {(u, t): per_million(a) if a is not None else status for u, t, a, status in rows}

    def _list_batch(self, mapped: pl.DataFrame, quotes: list[Quote]) -> FeedBatch:
        collector = PriceListCollector(LIST, PROVIDER, id_field="model_name")
        for number, quote in enumerate(quotes):
            place = EntryLocation(f"list-{self.hours}", f"$[{number}]", msgspec.Raw(b"{}"))
            collector.add(NAME, place, [quote], part=str(number))
        found = collector.finish().quotes
        rows = identified(resolve_price_list(found, identified(mapped), feed=LIST).rows)
        claims = price_listed(rows, found, run_id=f"run-{self.hours}", show_account=False)
        answered = Observation(
            LIST,
            self.at(LIST, self.hours),
            self.state.observed.get(LIST),
            FEEDS[LIST].gone_after,
        )
        return FeedBatch(answered, rows, claims, None, role=ROLES[LIST])
