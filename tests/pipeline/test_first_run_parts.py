"""Runs whose catalogue is read in parts write what runs in a single part write."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.context import Dependencies, RunOptions
from pipeline.pipeline import run_pipeline
from pipeline.report import Report
from pipeline.session import open_run
from pipeline.settings import Settings, read_settings
from providers.registry import load_registry
from samples.catalog import Catalog
from samples.hub import Hub, serve
from samples.list_routes import base_url
from samples.verbatim import Json
from tests.support.backends import dependencies_of
from tests.support.hours import Clock, mapped_model, mapping, offering, routed_model
from tests.support.paged_catalog import PagedCatalog
from tests.support.published import exported, rows
from tests.support.stored_cards import wrong_cards
from warehouse.publication.newest import newest
from warehouse.storage.home import Home

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("backend")]

PROVIDERS = ("novita", "together", "groq", "nscale", "scaleway")


def catalog(odd_price: str) -> Catalog:
    """Models of which one provider's price is unlike the others', or has an unknown key."""
    names = [f"org{place % 3}/Model-{place}" for place in range(9)]
    odd: dict[str, Json] = {"pricing": {"input": 0.2, "output": 0.4, "odd": 1}}

    def offerings(place: int) -> Iterator[dict[str, Json]]:
        for provider in PROVIDERS:
            if provider == "nscale" and place % 4 == 0:
                yield offering(provider, **odd)
            elif provider == "groq" and place % 3 == 0:
                yield offering(provider, price=(odd_price, odd_price))
            else:
                yield offering(provider, price=("0.2", "0.4"))

    return PagedCatalog(
        [
            mapped_model(
                name,
                *(mapping(p, price=("0.2", "0.4")) for p in PROVIDERS[place % 2 :]),
                mapping("novita", _id="second", providerId="second"),
            )
            for place, name in enumerate(names)
        ],
        router=[
            routed_model(name, *offerings(place))
            for place, name in enumerate((*names[2:], "router/only"))
        ],
    )


def ingest(home: Path, hub: Hub, clock: Clock, *, part_rows: int) -> Report:
    registry = load_registry()
    urls = {key: base_url(hub.url, key) for key in read_settings({}, registry).base_urls}
    options = RunOptions(
        origin="live", flow="ingest", trigger="test", feeds=frozenset({"hub", "router"})
    )
    dependencies = Dependencies(clock=clock, run_id_tail=lambda: "000000", part_rows=part_rows)
    settings = Settings(home=home, base_urls=urls)
    with open_run(settings, options, dependencies_of(home, dependencies)) as run:
        return run_pipeline(run)


def live(home: Path, hub: Hub, *, part_rows: int) -> list[Report]:
    """Pass a first hour, one in which prices move, and one without a change."""
    clock, reports = Clock(), []
    for price in ("900", "0.3", "0.3"):
        hub.show(catalog(price))
        reports.append(ingest(home, hub, clock, part_rows=part_rows))
        assert not (home / ".rows.tmp").exists()
        clock.advance(timedelta(hours=1))
    return reports


def test_parts_give_the_same_home_and_report_in_every_hour(tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    with serve(catalog("900")) as hub:
        reports = [live(whole, hub, part_rows=10_000), live(parts, hub, part_rows=9)]
    first, again = ([report.counts for report in each] for each in reports)
    assert first == again
    for one, other in zip(*reports, strict=True):
        assert (one.events, one.examples, one.held, one.feeds) == (
            other.events,
            other.examples,
            other.held,
            other.feeds,
        )
    assert rows(whole, "FROM checks WHERE name = 'unlike_peers'")
    assert rows(whole, "FROM checks WHERE name = 'provider_price_drift'")
    assert wrong_cards(newest(Home.at(parts))) == {}
    same = exported(parts)
    assert [name for name, body in exported(whole).items() if same[name] != body] == []
