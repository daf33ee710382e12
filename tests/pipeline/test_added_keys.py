"""A source adds a key to its price objects: whole runs over the recorded market."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipeline.decisions import DecisionRequest, decide
from pipeline.replay import replay
from samples.catalog import Catalog, hub_model, router_model
from samples.hub import Hub, serve
from samples.list_routes import PriceLists
from samples.verbatim import Json, Number
from tests.support.added_keys import Record, adding, market, pricing_of
from tests.support.hours import Clock, ingest
from tests.support.list_rows import deepinfra_row, mapped
from tests.support.published import copy_landing, exported, rows

pytestmark = pytest.mark.slow

HOUR = timedelta(hours=1)
RECORDINGS = Path(__file__).parents[3] / "shared" / "recordings"
COUNTS = (
    "SELECT count(*) FILTER (rankable), count(*) FILTER (held), "
    "count(*) FILTER (price_status = 'unparsed') FROM cards"
)
CARDS = (
    "SELECT offer_id, cost_per_input_token, cost_per_output_token, cost_per_token, price_status, "
    "price_reason, price_feed, price_changed_at, held, rankable FROM cards ORDER BY offer_id"
)
MAIN = (
    "SELECT offer_id, unit, amount, reason, feed, valid_from, payload_hash FROM prices "
    "WHERE unit IN ('input_token', 'output_token') ORDER BY ALL"
)
KEYS = "SELECT inference_provider, observed FROM checks WHERE name = 'provider_price_drift'"
PROVIDERS = 11
"""Providers with prices in the recorded router answer."""


@pytest.fixture
def hub() -> Iterator[Hub]:
    with serve(market()) as server:
        yield server


def counts(home: Path) -> tuple[Any, ...]:
    """Return how many cards are rankable, held and unparsed."""
    return rows(home, COUNTS)[0]


@pytest.mark.parametrize(
    ("key", "value"),
    [("cached_input", Number("0.01")), ("foo", {"per": [Number("1")]})],
    ids=["a known key", "an unknown key"],
)
def test_a_key_added_to_every_price_leaves_the_market_as_it_was(
    key: str, value: Json, hub: Hub, tmp_path: Path
) -> None:
    clock = Clock()
    ingest(tmp_path, hub, clock=clock)
    cards, prices = rows(tmp_path, CARDS), rows(tmp_path, MAIN)
    assert counts(tmp_path) == (304, 0, 0)
    for outcome in (None, "unchanged"):
        hub.show(market(router=adding(key, value)))
        clock.advance(HOUR)
        report = ingest(tmp_path, hub, clock=clock)
        assert outcome in {None, report.outcome}
        assert report.held == []
        assert (rows(tmp_path, CARDS), rows(tmp_path, MAIN)) == (cards, prices)
    assert len(rows(tmp_path, KEYS)) == (PROVIDERS if key == "foo" else 0)
    assert {observed for _, observed in rows(tmp_path, KEYS)} <= {"unknown_key: foo"}
    hub.show(market())
    clock.advance(HOUR)
    ingest(tmp_path, hub, clock=clock)
    assert (rows(tmp_path, CARDS), rows(tmp_path, MAIN)) == (cards, prices)
    again = copy_landing(tmp_path, tmp_path / "again")
    replay(again)
    assert exported(again) == exported(tmp_path)


def test_a_new_home_reads_cached_prices_and_ranks_what_it_always_ranked(tmp_path: Path) -> None:
    with serve(market(router=adding("cached_input", Number("0.01")))) as hub:
        ingest(tmp_path, hub, clock=Clock())
    assert counts(tmp_path) == (304, 0, 0)
    cached = "SELECT count(*) FROM prices WHERE unit = 'cached_input_token' AND amount = 0.00000001"
    assert rows(tmp_path, cached) == [(189,)]
    assert rows(tmp_path, "SELECT min(cost_per_token) > 0 FROM cards WHERE rankable") == [(True,)]


def test_a_new_home_ranks_prices_beside_an_unknown_key_that_the_hub_states_too(
    tmp_path: Path,
) -> None:
    clock = Clock()
    with serve(market(router=adding("foo", Number("0.01")))) as hub:
        ingest(tmp_path, hub, clock=clock)
        # 117 of the Hub alone, 53 live ones that both state alike, 2 that the Hub states otherwise
        assert counts(tmp_path) == (172, 0, 132)
        by_feed = "SELECT price_feed, count(*) FROM cards WHERE rankable GROUP BY 1 ORDER BY 1"
        assert rows(tmp_path, by_feed) == [("hub", 119), ("router", 53)]
        found = "SELECT count(*) FROM prices WHERE price_status = 'unparsed' AND amount IS NOT NULL"
        assert rows(tmp_path, found) == [(0,)]
        evidence = (
            "SELECT count(DISTINCT offer_id) FROM price_claims WHERE feed = 'router' "
            "AND price_status = 'priced' AND reason = 'unknown_key: foo' AND amount > 0 "
            "AND contains(evidence, '\"foo\"')"
        )
        assert rows(tmp_path, evidence) == [(189,)]
        query = "SELECT check_id FROM checks WHERE name = 'unconfirmed_price'"
        waiting = [check_id for (check_id,) in rows(tmp_path, query)]
        accept(tmp_path, clock, waiting)
        assert counts(tmp_path) == (304, 0, 0)
        clock.advance(HOUR)
        assert ingest(tmp_path, hub, clock=clock).outcome == "unchanged"
        hub.show(market())
        clock.advance(HOUR)
        ingest(tmp_path, hub, clock=clock)
    assert counts(tmp_path) == (304, 0, 0)


def accept(home: Path, clock: Clock, checks: list[str]) -> None:
    decide(home, DecisionRequest(checks, "accepted", "ada", "their page says so"), clock=clock)


def test_only_what_moves_in_the_hour_of_the_key_is_held(hub: Hub, tmp_path: Path) -> None:
    moved: list[Json] = []

    def change(entry: Record) -> None:
        adding("foo", Number("1"), provider="novita")(entry)
        pricing = pricing_of(entry)
        if pricing is not None and entry["provider"] == "novita" and not moved:
            moved.append(entry["provider"])
            pricing["input"] = Number(str(2 * float(str(pricing["input"]))))

    clock = Clock()
    ingest(tmp_path, hub, clock=clock)
    cards = rows(tmp_path, CARDS)
    hub.show(market(router=change))
    for _ in range(2):
        clock.advance(HOUR)
        report = ingest(tmp_path, hub, clock=clock)
        (held,) = report.held
        assert (held.inference_provider, held.unit) == ("novita", "input_token")
        assert counts(tmp_path) == (303, 1, 0)
        same = [a[:4] == b[:4] for a, b in zip(rows(tmp_path, CARDS), cards, strict=True)]
        assert all(same)
    assert rows(tmp_path, KEYS) == [("novita", "unknown_key: foo")]


def test_a_key_that_the_hub_adds_holds_none_of_its_prices(hub: Hub, tmp_path: Path) -> None:
    clock = Clock()
    ingest(tmp_path, hub, clock=clock)
    cards = rows(tmp_path, CARDS)
    hub.show(market(hub=adding("foo", Number("1")), router=adding("foo", Number("1"))))
    clock.advance(HOUR)
    assert ingest(tmp_path, hub, clock=clock).held == []
    assert rows(tmp_path, CARDS) == cards


@pytest.mark.parametrize("feed", ["hub", "router"])
def test_a_key_added_to_every_entry_changes_no_price(feed: str, hub: Hub, tmp_path: Path) -> None:
    def change(entry: Record) -> None:
        entry["quota"] = {"per": Number("5")}
        for name in ("features", "performance", "providerDetails"):
            nested = entry.get(name)
            if isinstance(nested, dict):
                nested["added"] = [Number("1")]

    clock = Clock()
    ingest(tmp_path, hub, clock=clock)
    cards = rows(tmp_path, CARDS)
    hub.show(market(hub=change) if feed == "hub" else market(router=change))
    clock.advance(HOUR)
    report = ingest(tmp_path, hub, clock=clock)
    assert (report.held, report.rejected) == ([], {})
    assert rows(tmp_path, CARDS) == cards
    clock.advance(HOUR)
    assert ingest(tmp_path, hub, clock=clock).outcome == "unchanged"


def test_a_price_list_with_a_new_key_goes_on_where_its_price_stays(tmp_path: Path) -> None:
    names = [f"acme/a{n}" for n in range(4)]
    task = "automatic-speech-recognition"
    catalog = mapped(*[(name, "deepinfra", name, task) for name in names])
    feeds = ("hub", "router", "deepinfra_list")

    def keyed(*cents: float) -> list[str]:
        texts = [deepinfra_row(name, one) for name, one in zip(names, cents, strict=True)]
        return [text.replace('"discount"', '"minimum_cents": 1, "discount"') for text in texts]

    query = (
        "SELECT cost_per_audio_minute * 100, rankable, hold_reason FROM cards "
        f"WHERE task = '{task}' ORDER BY model_id"
    )
    good = (Decimal("0.6"), True, None)
    clock = Clock()
    lists = PriceLists(deepinfra=[deepinfra_row(name, 0.01) for name in names])
    with serve(catalog, price_lists=lists) as hub:
        ingest(tmp_path, hub, clock=clock, feeds=feeds)
        assert rows(tmp_path, query) == [good] * 4
        lists.deepinfra = keyed(0.01, 0.01, 0.01, 0.02)
        for _ in range(2):
            clock.advance(HOUR)
            ingest(tmp_path, hub, clock=clock, feeds=feeds)
            held = (Decimal("0.6"), False, "unconfirmed_price")
            assert rows(tmp_path, query) == [good, good, good, held]
        ingest(tmp_path / "new", hub, clock=Clock(), feeds=feeds)
    assert rows(tmp_path / "new", query) == [(None, False, None)] * 4


@pytest.mark.slow
@pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recordings are not beside this checkout")
def test_the_recordings_rank_the_same_with_a_known_and_an_unknown_key(tmp_path: Path) -> None:
    as_text: dict[str, Any] = {"parse_float": Number, "parse_int": Number}
    models, router = (
        json.loads((RECORDINGS / name).read_text("utf-8"), **as_text)
        for name in ("hub/2026-02-26T12-27.json", "router/b.json")
    )

    def catalog(key: str | None) -> Catalog:
        data = deepcopy(router["data"])
        for model in data:
            for entry in model["providers"]:
                if key is not None and entry.get("pricing"):
                    entry["pricing"][key] = Number("0.01")
        return Catalog(map(hub_model, models), router=map(router_model, data))

    clock = Clock()
    with serve(catalog(None)) as hub:
        ingest(tmp_path, hub, clock=clock)
        assert counts(tmp_path) == (304, 0, 0)
        for key in ("cached_input", "foo"):
            hub.show(catalog(key))
            clock.advance(HOUR)
            ingest(tmp_path, hub, clock=clock)
            assert counts(tmp_path) == (304, 0, 0)
