"""`pricehouse record DIR`: one live hour as files that the sample's server gives out again."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import click
import msgspec

from cli.console import Bar, out
from pipeline.record import record as record_hour
from pipeline.settings import read_settings
from providers.registry import load_registry
from providers.secrets import find_token


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for a program to read.")
def record(*, folder: Path, as_json: bool) -> None:
    """Record one live hour in DIR, which must be new or empty.

    Asks the Hub and the router once, as a run does with the daily fields, and writes the facts of
    the answers: no header, no token, no address. Needs no home and changes none. To give them out
    again: `python -m samples.hub --recording DIR`.
    """
    settings = read_settings(os.environ, load_registry())
    with Bar() as bar:
        done = record_hour(folder, settings, token=partial(find_token, os.environ), progress=bar)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(done), indent=2).decode())
        return
    for feed in done.feeds:
        out.print(
            f"{Path(done.folder) / feed.file}: {feed.models} models, {feed.rows} rows of "
            f"{feed.pages} pages, captured {feed.captured_at:%Y-%m-%d %H:%M:%S} UTC",
            markup=False,
        )
        out.print(f"  left out: {'; '.join(feed.dropped)}", markup=False)
