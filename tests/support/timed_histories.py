"""Histories in which each feed answers, fails or comes late at its own time, read by the views."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import polars as pl
from hypothesis import strategies as st

from schemas.delta import Delta
from tests.support.histories import (
    MODEL,
    START,
    History,
    Json,
    entry,
    hub_page,
    hub_statements,
    offering,
    price,
    router_page,
    router_statements,
)
from transforms.parsing.hub import parse_hub
from transforms.parsing.router import parse_router
from transforms.pricing.token_prices import price_tokens
from transforms.reconcile.batch import FeedBatch
from transforms.reconcile.listings import Observation
from transforms.resolve.catalog import MAPPED, ResolvedRows, identified, named_offers
from warehouse.connect import Connection
from warehouse.tables import TABLES
from warehouse.view_files import definition
from warehouse.writer.frames import append

PROVIDER = "deepinfra"
LIST = "deepinfra_list"
LIST_TEXTS = {"tokens": ("0.25", "0.5"), "input alone": ("0.25", None), "image": ("10000", None)}
_BESIDE_HUB = {"org/beside-hub": [entry("novita")]}
_BESIDE_ROUTER = {"org/beside-router": [offering(None, "novita")]}
"""Offers without a price that are in every answer: one that lists nothing at all is no answer."""
_LOGS = ("price_log", "claim_log", "status_log", "changes")


@dataclass(frozen=True)
class TimedHour:
    """What each feed answers in an hour (None: it fails), and at which second of it."""

    seconds: Mapping[str, int]
    hub: list[Json] | None = None
    router: list[Json] | None = None
    listed: str | None = None
    """A key of LIST_TEXTS, '' where the list lacks the offer."""
    missed_hours: int = 0


@dataclass
class TimedHistory(History):
    """A history of one model at PROVIDER, whose feeds answer at times of their own."""

    seconds: Mapping[str, int] = field(default_factory=dict)
    deltas: list[Delta] = field(default_factory=list)

    def at(self, feed: str, hour: int) -> datetime:
        """Return when a feed's answer of the present hour was observed."""
        return START + timedelta(hours=hour, seconds=self.seconds[feed])

    def pass_hour(self, hour: TimedHour) -> Delta:
        """Let the feeds answer; hours that were missed before it are skipped."""
        self.hours += hour.missed_hours
        self.seconds = hour.seconds
        batches: list[FeedBatch] = []
        mapped = self._mapped_before()
        if hour.hub is not None:
            parsed = parse_hub([hub_page({MODEL: hour.hub, **_BESIDE_HUB})])
            statements = hub_statements(parsed)
            mapped = identified(statements.rows)
            batches.append(self._batch("hub", statements, parsed.models))
        if hour.router is not None:
            offered = {MODEL: hour.router} if hour.router else {}
            page = router_page({**offered, **_BESIDE_ROUTER})
            statements = router_statements(parse_router([page]), mapped)
            batches.append(self._batch("router", statements, None))
        if hour.listed is not None:
            batches.append(self._list_batch(mapped, hour.listed))
        delta = self._advance(batches, self._rules(batches))
        self.deltas.append(delta)
        return delta

    def _list_batch(self, mapped: pl.DataFrame, listed: str) -> FeedBatch:
        """Return the answer of a price list that prices every mapped offer of PROVIDER, or none."""
        own = pl.lit(bool(listed)) & (pl.col("inference_provider") == PROVIDER)
        offers = mapped.select(*MAPPED).filter(own)
        rows = named_offers(offers, feed=LIST)
        text_in, text_out = LIST_TEXTS.get(listed, (None, None))
        claims = price_tokens(
            rows.with_columns(
                has_price=pl.lit(value=True),
                is_free=pl.lit(value=False),
                price_input_text=pl.lit(text_in, pl.String),
                price_output_text=pl.lit(text_out, pl.String),
                price_problem=pl.lit(None, pl.String),
                price_unknown=pl.lit(None, pl.String),
                price_cached_text=pl.lit(None, pl.String),
                price_cache_write_text=pl.lit(None, pl.String),
                price_reasoning_text=pl.lit(None, pl.String),
                payload_hash=pl.lit("hash"),
                json_path=pl.lit("$"),
                evidence=pl.lit("{}"),
            ),
            run_id=f"run-{self.hours}",
        )
        if listed == "image":
            claims = claims.with_columns(unit=pl.lit("image"), native_unit=pl.lit("image"))
        batch = self._batch(LIST, ResolvedRows(rows, pl.DataFrame()), None)
        return FeedBatch(batch.observation, rows, claims, role=batch.role)

    def _batch(self, feed: str, statements: ResolvedRows, models: pl.DataFrame | None) -> FeedBatch:
        if feed != LIST:
            return super()._batch(feed, statements, models)
        at, previous = self.at(feed, self.hours), self.state.observed.get(feed)
        return FeedBatch(
            Observation(feed, at, previous, 2), statements.rows, pl.DataFrame(), role="price_list"
        )


@contextmanager
def loaded(con: Connection, history: TimedHistory) -> Iterator[Connection]:
    """Put what the runs of a history wrote into a migrated file, for the time of the block."""
    tables = {table.part: table for table in TABLES}
    con.execute("BEGIN")
    try:
        for part in ("offers", "listings", "prices", "cards"):
            append(con, tables[part], getattr(history.state, part))
        for part in _LOGS:
            rows = pl.concat([getattr(delta, part) for delta in history.deltas])
            if "run_id" in rows.columns:
                rows = rows.rename({"run_id": "claim_run_id"})
            table = tables[part]
            stamps = dict.fromkeys(("run_id", "rule_version"), pl.lit("1")) | {
                "recorded_at": pl.lit(START)
            }
            kept = {n: v for n, v in stamps.items() if n in table.stamps}
            append(con, table, rows.with_row_index(table.row_id).with_columns(**kept))
        links = pl.concat([delta.links for delta in history.deltas])
        append(con, tables["links"], links.with_columns(run_id=pl.lit("1")))
        con.execute(definition("_ph_price_end")[0])
        yield con
    finally:
        con.execute("ROLLBACK")


def rows_of(con: Connection, query: str, *values: Any) -> list[dict[str, Any]]:
    """Return the rows of a query as dictionaries."""
    return con.execute(query, list(values)).pl().to_dicts()


_pricings = st.sampled_from(
    [None, price(0.2, 0.4), price(0.3, 0.4), price(3, 4), price(0, 0), {"input": 0.2}]
)
_names = st.sampled_from([(), ("x",), ("x",), ("y",), ("y",), ("x", "y")])


@st.composite
def timed_hours(draw: st.DrawFn) -> TimedHour:
    """An hour in which at least one feed answers, each at any second, in any order."""
    hub, router = draw(st.booleans()), draw(st.booleans())
    seconds = {feed: draw(st.integers(1, 5)) for feed in ("hub", "router", LIST)}
    entries = [
        entry(
            PROVIDER,
            name,
            status=draw(st.sampled_from(["live", "live", "error"])),
            providerDetails={
                "pricing": draw(_pricings),
                "context_length": draw(st.sampled_from([1, 2])),
            },
        )
        for name in draw(_names)
    ]
    offered = [offering(draw(_pricings), PROVIDER)] if draw(st.booleans()) else []
    listed = draw(st.sampled_from([None, "", *LIST_TEXTS]))
    return TimedHour(
        seconds,
        hub=entries if hub or not router else None,
        router=offered if router else None,
        listed=listed,
        missed_hours=draw(st.sampled_from([0, 0, 0, 2])),
    )


plans = st.lists(st.tuples(timed_hours(), st.integers(-2, 3)), min_size=2, max_size=6)
"""Hours, each with a decision about what is held after it (below 0: none)."""


def history_of(plan: list[tuple[TimedHour, int]]) -> TimedHistory:
    """Return the history of a plan of `plans`."""
    history = TimedHistory()
    for hour, choice in plan:
        history.pass_hour(hour)
        waiting = history.state.refusals["check_id"].sort().to_list()
        if waiting and choice >= 0:
            decision = ("accepted", "rejected")[choice % 2]
            history.deltas.append(history.decide(waiting[choice % len(waiting)], decision))
    return history
