"""`pricehouse backup DIR`: a backup of the home, also while a run writes."""

from __future__ import annotations

from pathlib import Path

import click

from cli.console import err, out
from cli.options import current_home, home_option, json_option, print_json
from pipeline.backup import back_up


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--verify", is_flag=True, help="Read every file of the backup; repair damaged ones.")
@home_option
@json_option
def backup(*, folder: Path, verify: bool, as_json: bool) -> None:
    """Back the home up into DIR, also while a run writes.

    DIR then holds what readers see and everything that led to it, each file with its hash. A second
    backup into the same DIR copies only what is new, and replaces the one of before when it is
    complete. `pricehouse restore DIR` makes a home of it.
    """
    with err.status("reading the home") as spinner:
        done = back_up(current_home(), folder, verify=verify, on_step=spinner.update)
    if as_json:
        print_json(done)
        return
    out.print(
        f"{folder} holds {done.runs} runs in {done.files} files, {done.bytes / 1e6:.1f} MB; "
        f"{done.files_added} files, {done.bytes_added / 1e6:.1f} MB, are new",
        markup=False,
        soft_wrap=True,
    )
    out.print(f"publication: {done.publication_id or 'none yet'}", markup=False)
