"""`pricehouse ingest`: one live hour, from the feeds to a publication."""

from __future__ import annotations

import os
import signal
from functools import partial
from types import FrameType
from typing import NoReturn

import click

from cli.console import ProgressBar, err_print
from cli.options import current_settings, home_option, json_option
from cli.render import print_and_exit
from pipeline.context import Dependencies, RunOptions
from pipeline.lake_access import find_lake
from pipeline.live_notifier import live_notifier
from pipeline.notify import notifying
from pipeline.pipeline import run_pipeline
from pipeline.session import open_run
from pipeline.steps.extract import feeds_of
from pipeline.store import find_store
from pipeline.watch import HomeWatch
from providers.http.client import HttpClient
from providers.http.proxies import read_proxies
from providers.registry import load_registry
from providers.secrets import find_token


@click.command()
@click.option(
    "--provider",
    metavar="SOURCE",
    help=f"Read this source only: {', '.join(each.source for each in load_registry().sources)}.",
)
@click.option("--dry-run", is_flag=True, help="Commit nothing; report what would change.")
@home_option
@json_option
def ingest(*, provider: str | None, dry_run: bool, as_json: bool) -> None:
    """Fetch, validate, price and publish one hour, without a server.

    Raw answers are kept under landing/. The warehouse is warehouse.duckdb. Readers open
    marketplace.duckdb, also while a run writes.
    """
    signal.signal(signal.SIGTERM, _stop)
    feeds = feeds_of(load_registry(), provider)
    proxies = read_proxies(os.environ)
    settings = current_settings()
    notifier = live_notifier(os.environ, err_print)
    with (
        ProgressBar() as bar,
        notifying(settings.home, notifier, dry_run=dry_run),
        open_run(
            settings,
            RunOptions(origin="live", flow="ingest", trigger="cli", dry_run=dry_run, feeds=feeds),
            Dependencies(
                progress=bar,
                find_token=partial(find_token, os.environ),
                make_client=partial(HttpClient, proxies=proxies),
                store=find_store(os.environ),
                lake=find_lake(os.environ),
                watch=HomeWatch.of(os.environ),
            ),
        ) as run,
    ):
        report = run_pipeline(run)
    print_and_exit(report, as_json=as_json)


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    """Let the run mark itself as cancelled, which the default action of the signal would not."""
    raise SystemExit(128 + number)
