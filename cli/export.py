"""`pricehouse export DIR`: the published relations as files."""

from __future__ import annotations

from pathlib import Path

import click

from cli.console import out
from cli.options import current_home, home_option, json_option, print_json
from warehouse.publication.export import export as export_publication
from warehouse.publication.newest import newest
from warehouse.storage.home import Home


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@home_option
@json_option
def export(*, folder: Path, as_json: bool) -> None:
    """Write every published relation to DIR as NDJSON and Parquet."""
    home = Home.at(current_home())
    files = [str(path) for path in export_publication(newest(home), folder)]
    if as_json:
        print_json({"files": files})
    else:
        out.print(f"wrote {len(files)} files to {folder}")
