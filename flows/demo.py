"""The demo: recorded answers, through the hourly flow, into a home of their own."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from pipeline.report import Report
from pipeline.settings import Settings
from providers.registry import load_registry
from samples.catalog import STEPS, load
from samples.hub import SAMPLE_FEEDS, serve
from samples.list_routes import load_price_lists
from schemas.errors import PricehouseError
from warehouse.storage.home import Home


def run_demo(settings: Settings) -> list[Report]:
    """Serve the sample on this machine and run the hourly flow for each step; return the reports.

    The settings enable each feed of the sample, also one that is off for live homes. Prefect's
    embedded engine runs the flow, apart from any Prefect of the user: its database is in the
    demo's home.
    """
    home = Home.open(settings.home, origin="sample")
    _embed_prefect(home.root.resolve() / "prefect")
    from prefect import flow

    from flows.home_names import HomeNames
    from flows.hourly import require_success, run_hour

    @flow(name="hourly", flow_run_name="sample step {step}", persist_result=False)
    async def sample_hour(step: int, base_url: str) -> Report:
        """Run the hour against the sample's server."""
        sample_settings = settings.model_copy(
            update={
                "base_urls": dict.fromkeys(settings.base_urls, base_url),
                "enable_feeds": feeds_off_by_default(),
            }
        )
        report = await run_hour(
            sample_settings, HomeNames(), origin="sample", feeds=frozenset(SAMPLE_FEEDS)
        )
        require_success(report)
        return report

    reports = []
    with serve(load(STEPS[0]), price_lists=load_price_lists()) as hub:
        for step in STEPS:
            hub.show(load(step))
            reports.append(asyncio.run(sample_hour(step, hub.url)))
    return reports


def feeds_off_by_default() -> tuple[str, ...]:
    """Return the feeds of the sample that a live home reads only when its settings enable them."""
    return tuple(
        feed.feed
        for _, feed in load_registry().feeds()
        if not feed.enabled and feed.feed in SAMPLE_FEEDS
    )


def _embed_prefect(folder: Path) -> None:
    """Configure Prefect before its import: an embedded server of its own, quiet and offline."""
    if "prefect" in sys.modules:
        raise PricehouseError("Prefect is loaded already; run the demo in a process of its own")
    # All that the demo asks is on this machine, which Prefect would ask through a proxy too.
    for name in [n for n in os.environ if n.startswith("PREFECT_") or n.lower().endswith("_proxy")]:
        del os.environ[name]
    os.environ |= {
        "NO_PROXY": "*",
        "no_proxy": "*",
        "DO_NOT_TRACK": "1",
        "PREFECT_HOME": str(folder),
        "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "true",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_LOGGING_LEVEL": "CRITICAL",  # the command reports a failure once,
        "PREFECT_LOGGING_TO_API_ENABLED": "false",
    }
