"""`pricehouse record DIR`: one live hour as files that the sample's server can serve."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import click

from cli.console import ProgressBar, out
from cli.options import current_settings, json_option, print_json
from pipeline.record import record as record_hour
from providers.http.proxies import read_proxies
from providers.secrets import find_token


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@json_option
def record(*, folder: Path, as_json: bool) -> None:
    """Record one live hour in DIR, for the sample's server to serve.

    DIR must be new or empty. Reads the Hub and the router once, as a run does with the daily
    fields, and writes the facts of the answers without headers, tokens or addresses. Needs no home
    and changes none. To serve the files: `python -m samples.hub --recording DIR`.
    """
    token = partial(find_token, os.environ)
    proxies = read_proxies(os.environ)
    with ProgressBar() as bar:
        done = record_hour(folder, current_settings(), token=token, proxies=proxies, progress=bar)
    if as_json:
        print_json(done)
        return
    for feed in done.feeds:
        out.print(
            f"{Path(done.folder) / feed.file}: {feed.models} models, {feed.rows} rows of "
            f"{feed.pages} pages, captured {feed.captured_at:%Y-%m-%d %H:%M:%S} UTC",
            markup=False,
        )
        out.print(f"  left out: {'; '.join(feed.dropped)}", markup=False)
