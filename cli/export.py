"""`pricehouse export DIR`: relations as files, or prices in the formats of other tools."""

from __future__ import annotations

from pathlib import Path

import click

from cli.console import out
from cli.options import current_home, home_option, json_option, print_json
from marketplace.formats.routes import checked_region
from marketplace.formats.table import FORMATS, write_file
from schemas.errors import UsageError
from warehouse.publication.export import export as export_publication
from warehouse.publication.newest import newest
from warehouse.publication.reader_pool import PublicationPool
from warehouse.storage.files import make_named_folder, os_errors_as_home_error, require_empty
from warehouse.storage.home import Home


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--format",
    "format_name",
    type=click.Choice(list(FORMATS)),
    help="Write the files of one format of another tool instead of the relations.",
)
@click.option(
    "--region",
    metavar="REGION",
    help="With --format: only routes whose inference provably runs there (eu, eea, us, or the two"
    " letters of a country).",
)
@home_option
@json_option
def export(*, folder: Path, format_name: str | None, region: str | None, as_json: bool) -> None:
    """Write relations, or prices for other tools, to DIR.

    DIR must be new or empty, so that files of two exports never mix: to repeat an export, remove
    the earlier one or name another folder. Relations are NDJSON and Parquet. The files of a format
    are those that `serve` has under /v1/exports.
    """
    if format_name is None and region is not None:
        raise UsageError("--region needs --format; query the relations by their own columns")
    place = region and checked_region(region)
    home = Home.at(current_home())
    publication = newest(home)
    require_empty(folder)
    if format_name is None:
        files = export_publication(publication, folder)
    else:
        files = _export_format(home, folder, format_name, place)
    if as_json:
        print_json({"files": [str(path) for path in files]})
    else:
        out.print(f"wrote {len(files)} files to {folder}")


def _export_format(home: Home, folder: Path, name: str, region: str | None) -> list[Path]:
    make_named_folder(folder)
    pool = PublicationPool(home)
    files = []
    try:
        with os_errors_as_home_error(folder), pool.reading(limited=False) as reading:
            for each in FORMATS[name]:
                files.append(folder / each.name)
                write_file(reading, each, files[-1], region=region)
    finally:
        pool.close()
    return files
