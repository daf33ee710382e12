"""`pricehouse restore DIR`: a home from a backup."""

from __future__ import annotations

from pathlib import Path

import click

from cli.console import err, out
from cli.options import current_home, home_option, json_option, print_json
from pipeline.restore import restore as restore_home


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@home_option
@json_option
def restore(*, folder: Path, as_json: bool) -> None:
    """Restore the backup in DIR into the home, which must be empty.

    Every file is compared with its hash, and the restored home is checked as `doctor` does before
    it gets its place. Exit status 1 names what is damaged, and nothing is restored then.
    """
    home = current_home()
    with err.status("reading the backup") as spinner:
        done = restore_home(folder, home, on_step=spinner.update)
    if as_json:
        print_json(done)
        return
    out.print(
        f"{home} is the home of {done.made_at:%Y-%m-%d %H:%M} UTC, {done.files} files, "
        f"{done.bytes / 1e6:.1f} MB",
        markup=False,
        soft_wrap=True,
    )
    out.print(f"readers see {done.publication_id or 'nothing yet'}", markup=False)
    for finding in done.findings:
        if not finding.ok:
            message = f"{finding.check}: {finding.message} → {finding.remedy}"
            out.print(message, markup=False, soft_wrap=True)
