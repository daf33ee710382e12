"""Histories of which each hour is reconciled twice: all models, and the touched ones alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

import duckdb
import polars as pl

from schemas.contract import UTC_TIME
from schemas.delta import CURRENT, Delta, State
from schemas.offerings import MODELS as MODELS_SHAPE
from schemas.settled import Settled
from tests.support.checks import check_inputs
from tests.support.histories import (
    SOURCES,
    History,
    entry,
    offering,
    page,
    price,
    priced_entry,
    router_page,
)
from transforms.checks import run_checks
from transforms.parsing.parsed_feed import Page
from transforms.reconcile.batch import FeedBatch, Rules, about_models
from transforms.reconcile.counts import tally
from transforms.reconcile.first_run import divide
from transforms.reconcile.reconcile import ReconciledPart, reconcile, reconcile_part
from warehouse.connect import Connection
from warehouse.tables import OFFER_LINKS, Kind, tables_of
from warehouse.writer.frames import run_with_frames
from warehouse.writer.touched import (
    Requested,
    StatedRows,
    mark_touched,
    read_settled,
    read_settled_models,
    read_touched_models,
    read_touched_state,
)

MODELS = tuple(f"org{place % 3}/model-{place}" for place in range(8))
PROVIDERS = ("novita", "together", "groq", "nscale")
PRICES = (None, price(0.2, 0.4), price(0.2, 0.4), price(0.3, 0.5), price(0, 0), price(900, 900))
UNKNOWN = {"input": 0.3, "output": 0.5, "odd": 1}
_LINKS = {"old_offer_id": pl.String, "new_offer_id": pl.String, "reason": pl.String, "at": UTC_TIME}


@dataclass
class PairedHistory(History):
    """A history that fails where an hour gives other rows without the settled models."""

    links: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_LINKS))
    found: set[str] = field(default_factory=set)
    """The ids of the findings of all hours."""
    settled_models: list[int] = field(default_factory=list)
    """How many models of each hour were settled."""
    doubted: list[str] = field(default_factory=list)
    """The offers that were settled until a price of another model moved."""
    part_rows: int = 10
    """Statements of a part of an answer, which is compared with the stored rows by itself."""

    def _advance(self, batches: list[FeedBatch], rules: Rules) -> Delta:
        before = self.state
        delta, after = reconcile(before, batches, rules)
        part, short_before, settled, models = self._reconcile_touched(batches, rules)
        changed = part.delta.models.also(models)
        part = dataclasses.replace(part, delta=dataclasses.replace(part.delta, models=changed))
        assert_same_delta(delta, part.delta)
        assert tally(delta, after, rejected=0) == tally(part.delta, part.after, settled, rejected=0)
        self._compare_checks(
            run_checks(check_inputs(before, after, delta.found), "run-1"),
            run_checks(
                dataclasses.replace(
                    check_inputs(short_before, part.after, part.delta.found), settled=settled
                ),
                "run-1",
            ),
        )
        self.settled_models.append(settled.models)
        self.links = pl.concat([self.links, delta.links.select(self.links.columns)])
        return super()._advance(batches, rules)

    def _reconcile_touched(
        self, batches: list[FeedBatch], rules: Rules
    ) -> tuple[ReconciledPart, State, Settled, pl.DataFrame]:
        doubted: list[str] = []
        while True:
            with self._stored(rules) as con:
                offers = [*doubted, *rules.correction_requests["offer_id"]]
                # in parts of whole models, as of a catalogue that is too large for memory
                parts = divide(batches, part_rows=self.part_rows)
                stated = (stated_rows(part) for part in parts)
                described = self._described(rules)
                mark_touched(con, stated, Requested(offers, described, details=rules.details))
                models, settled = read_touched_models(con), read_settled(con)
                daily = read_settled_models(con)
                before = dataclasses.replace(read_touched_state(con), observed=self.state.observed)
            touched = [touched_rows(batch, models) for batch in batches]
            part = reconcile_part(before, touched, rules, settled)
            if part.doubted.is_empty():
                return part, before, settled, daily
            doubted += part.doubted.to_list()
            self.doubted += doubted

    def _described(self, rules: Rules) -> list[str]:
        key = ["inference_provider", "price_feed_reason"]
        new = rules.providers.select(key).join(
            self.state.providers, on=key, how="anti", nulls_equal=True
        )
        return new["inference_provider"].to_list()

    @contextmanager
    def _stored(self, rules: Rules) -> Iterator[Connection]:
        """Open a database in memory that holds the state."""
        del rules
        with duckdb.connect(":memory:") as con:
            con.execute("SET TimeZone = 'UTC'; SET disabled_optimizers = 'join_filter_pushdown'")
            frames = {
                table.name: getattr(self.state, table.part) for table in tables_of(Kind.CURRENT)
            }
            sources = pl.DataFrame({"feed": list(SOURCES), "source": list(SOURCES.values())})
            frames |= {OFFER_LINKS.name: self.links, "internal._ph_feed": sources}
            con.execute("CREATE SCHEMA internal")
            for name, frame in frames.items():
                run_with_frames(con, f"CREATE TABLE {name} AS FROM fresh", fresh=frame)
            con.execute(
                "CREATE TABLE internal._ph_feed_time (feed VARCHAR, observed_at TIMESTAMPTZ)"
            )
            yield con

    def _compare_checks(self, all_rows: pl.DataFrame, touched: pl.DataFrame) -> None:
        """Require the same new findings, and none that the other does not have."""
        known = pl.col("check_id").is_in(list(self.found))
        assert_same_rows(all_rows.filter(~known), touched.filter(~known), ["name", "check_id"])
        assert set(touched["check_id"]) <= set(all_rows["check_id"])
        self.found |= set(all_rows["check_id"])


def touched_rows(batch: FeedBatch, names: pl.Series) -> FeedBatch:
    """Return the rows of an answer that are about these models."""
    models = MODELS_SHAPE.empty() if batch.models is None else batch.models
    statements, claims, own = about_models(names, batch.statements, batch.claims, models)
    return dataclasses.replace(
        batch,
        statements=statements,
        claims=claims,
        models=None if batch.models is None else own,
    )


def stated_rows(batches: list[FeedBatch]) -> StatedRows:
    """Return what the answers state, as `load_inputs` compares it."""
    none = State.empty()
    models = [batch.models for batch in batches if batch.models is not None]
    offers = [name for name in none.offers.columns if not name.endswith("_at")]
    facts = [*offers, *(name for name in none.listings.columns if name not in offers)]
    shapes = {**none.offers.schema, **none.listings.schema}
    facts = [name for name in facts if name not in {"missed", "absent_from", "last_seen_at"}]
    return StatedRows(
        pl.concat(
            [
                pl.DataFrame(schema={name: shapes[name] for name in facts}),
                *(batch.statements.select(facts) for batch in batches),
            ]
        ),
        pl.concat([none.claims, *(batch.claims.select(none.claims.columns) for batch in batches)]),
        models[0] if models else None,
        tuple(batch.feed for batch in batches),
    )


def assert_same_delta(one: Delta, other: Delta) -> None:
    """Require the same rows: those with ids in the same order, the others in any."""
    for name, shape in CURRENT.items():
        for part in ("added", "changed", "removed"):
            rows = [getattr(getattr(delta, name), part) for delta in (one, other)]
            assert_same_rows(*rows, list(shape.key), f"{name} {part}")
    for name in (
        "claim_log",
        "price_log",
        "status_log",
        "speed_log",
        "changes",
        "links",
        "decided",
    ):
        rows = [getattr(delta, name) for delta in (one, other)]
        assert rows[0].equals(rows[1], null_equal=True), (name, *rows)
    assert_same_rows(one.holds, other.holds, ["offer_id"])
    assert one.observed == other.observed


def assert_same_rows(
    one: pl.DataFrame, other: pl.DataFrame, key: list[str], what: str = ""
) -> None:
    """Require two frames of the same rows, in any order."""
    assert one.sort(key).equals(other.sort(key).select(one.columns), null_equal=True), (
        what,
        one.sort(key),
        other.sort(key),
    )


class SmallMarket:
    """Small answers that change a little from hour to hour; each (model, provider) by itself."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)  # noqa: S311 - no secret
        self.names = {model: model for model in MODELS}
        """Model → its name now; `_id` stays the same."""
        self.facts: dict[str, dict[str, Any]] = {model: {} for model in MODELS}
        """What the Hub states of models when it is asked for the daily fields."""
        self.entries: dict[tuple[str, str], tuple[str, str, Any, Any]] = {}
        """(model, provider) → provider's id, status, price of the Hub, price of the router."""
        for model in MODELS:
            for provider in PROVIDERS:
                self.entries[model, provider] = ("x", "live", price(0.2, 0.4), price(0.2, 0.4))
                if self.random.random() < 0.3:
                    self.change(model, provider)

    def change(self, model: str, provider: str) -> None:
        """Change one entry: its id, its status, a price, or whether it is there."""
        pick = self.random.choice
        kind = pick(["gone", "id", "status", "hub", "router", "router", "both", "odd"])
        name, status, hub, router = self.entries.get((model, provider), ("x", "live", None, None))
        if kind == "gone":
            self.entries.pop((model, provider), None)
            return
        if kind == "odd":
            router = UNKNOWN
        elif kind == "both":
            hub = router = pick(PRICES)
        elif kind == "id":
            name = pick("xy")
        elif kind == "status":
            status = pick(["live", "error", "staging"])
        elif kind == "hub":
            hub = pick(PRICES)
        else:
            router = pick(PRICES)
        self.entries[model, provider] = (name, status, hub, router)

    def move(self) -> None:
        """Change what an hour changes: mostly little, sometimes a provider or a name."""
        kind = self.random.random()
        if kind < 0.1:
            lost = self.random.choice(PROVIDERS)
            for model in MODELS:
                self.entries.pop((model, lost), None)
        elif kind < 0.2:
            model = self.random.choice(MODELS)
            self.names[model] = self.random.choice([model, f"{model}-new", model.upper()])
        if self.random.random() < 0.5:
            size = self.random.choice([None, 10**9, 5 * 10**10])
            model = self.random.choice(MODELS)
            self.facts[model] = {"likes": self.random.randint(0, 3), "safetensors": {"total": size}}
        for _ in range(self.random.choice([0, 0, 1, 1, 2])):
            self.change(self.random.choice(MODELS), self.random.choice(PROVIDERS))

    def hub(self) -> Page:
        """Return the Hub's answer."""
        answer: dict[str, list[Any]] = {}
        for (model, provider), (name, status, stated, _) in self.entries.items():
            made = (
                entry(provider, name, status=status)
                if stated is None
                else priced_entry(stated["input"], stated["output"], provider, name, status=status)
            )
            answer.setdefault(model, []).append(made)
        return page(
            [
                {
                    "id": self.names[model],
                    "_id": f"id-{model}",
                    "inferenceProviderMapping": entries,
                    **self.facts[model],
                }
                for model, entries in answer.items()
            ]
        )

    def router(self) -> Page:
        """Return the router's answer; it lists half of the models."""
        answer: dict[str, list[Any]] = {}
        for (model, provider), (_, status, _, stated) in self.entries.items():
            if MODELS.index(model) % 2 == 0:
                made = offering(stated, provider, status)
                answer.setdefault(self.names[model], []).append(made)
        return router_page(answer)
