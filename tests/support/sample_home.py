"""Homes with both steps of the sample, ingested by the real pipeline without Prefect."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from pipeline.context import RunOptions
from pipeline.pipeline import run_pipeline
from pipeline.report import Report
from pipeline.session import open_run
from pipeline.settings import Settings
from providers.registry import load_registry
from samples.catalog import STEPS, load
from samples.hub import FEEDS, SAMPLE_FEEDS, Hub, serve
from samples.list_routes import load_price_lists


def ingest_sample(root: Path) -> list[Report]:
    """Ingest the Hub and the router of each step into a home at `root`; return the reports."""
    with serve(load(STEPS[0])) as hub:
        return _ingest_steps(root, hub, FEEDS)


def ingest_sample_with_lists(root: Path) -> list[Report]:
    """Ingest all that the demo ingests, its two price lists too; return the reports."""
    with serve(load(STEPS[0]), price_lists=load_price_lists()) as hub:
        return _ingest_steps(root, hub, SAMPLE_FEEDS)


def ingest_as_sample(root: Path, hub: Hub, feeds: Collection[str]) -> Report:
    """Ingest these feeds of a server into a sample home, also one that is off by default."""
    registry = load_registry()
    off = {feed.feed for _, feed in registry.feeds() if not feed.enabled}
    settings = Settings(
        home=root,
        base_urls={feed.feed: hub.url for _, feed in registry.feeds()},
        enable_feeds=tuple(sorted(off & set(feeds))),
    )
    options = RunOptions(origin="sample", flow="test", trigger="test", feeds=frozenset(feeds))
    with open_run(settings, options) as run:
        return run_pipeline(run)


def _ingest_steps(root: Path, hub: Hub, feeds: Collection[str]) -> list[Report]:
    reports = []
    for step in STEPS:
        hub.show(load(step))
        reports.append(ingest_as_sample(root, hub, feeds))
    return reports
