"""A home with both steps of the sample, loaded by the real pipeline without Prefect."""

from __future__ import annotations

from pathlib import Path

from pipeline.context import RunOptions
from pipeline.pipeline import run_pipeline
from pipeline.report import Report
from pipeline.session import open_run
from pipeline.settings import Settings
from providers.registry import load_registry
from samples.catalog import STEPS, load
from samples.hub import FEEDS, serve


def ingest_sample(root: Path) -> list[Report]:
    """Serve each step of the sample and ingest it into a new home at `root`; return the reports."""
    reports = []
    with serve(load(STEPS[0])) as hub:
        base_urls = {feed.feed: hub.url for _, feed in load_registry().feeds()}
        for step in STEPS:
            hub.show(load(step))
            settings = Settings(home=root, base_urls=base_urls)
            options = RunOptions(
                origin="sample", flow="test", trigger="test", feeds=frozenset(FEEDS)
            )
            with open_run(settings, options) as run:
                reports.append(run_pipeline(run))
    return reports
