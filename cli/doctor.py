"""`pricehouse doctor`: print the findings about an installation and its home."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click
from rich.markup import escape

from cli.console import err, out
from cli.options import (
    current_home,
    current_lake,
    current_store,
    home_option,
    json_option,
    print_json,
)
from pipeline.doctor import diagnose
from pipeline.repair import repair


@click.command()
@click.option(
    "--repair",
    "repairs",
    is_flag=True,
    help="Set runs that lie in the future aside, and make the warehouse of the others.",
)
@home_option
@json_option
def doctor(*, repairs: bool, as_json: bool) -> None:
    """Check a home for problems and show how to fix them.

    Reads every landed answer and every publication, and changes nothing. You can run it at any
    time; while a run writes the warehouse, the warehouse is left out. Exit status 1 when a check
    fails.

    With --repair it only repairs a home in which a clock once was ahead: it moves the runs of the
    future to landing/set-aside, makes the warehouse of the other runs, and publishes it.
    """
    root = current_home()
    if repairs:
        _repair(root, as_json=as_json)
        return
    with err.status("check"):
        diagnosis = diagnose(root, os.environ)
    if as_json:
        print_json(diagnosis)
    else:
        for finding in diagnosis.findings:
            sign = "[green]ok    [/]" if finding.ok else "[red]failed[/]"
            out.print(f"{sign} {finding.check}: {escape(finding.message)}", soft_wrap=True)
            if finding.remedy:
                out.print(f"       → {escape(finding.remedy)}", soft_wrap=True)
    if not diagnosis.ok:
        sys.exit(1)


def _repair(root: Path, *, as_json: bool) -> None:
    with err.status("repair"):
        done = repair(root, store=current_store(), lake=current_lake())
    if as_json:
        print_json(done)
        return
    if not done.set_aside and not done.rebuilt:
        out.print("nothing to repair: no run lies in the future")
        return
    out.print(f"{len(done.set_aside)} runs are set aside in landing/set-aside:")
    for run_id in done.set_aside:
        again = "; its decisions have to be made again" if run_id in done.decisions else ""
        out.print(f"  {run_id}{again}", soft_wrap=True)
    out.print(f"readers see {done.publication_id or 'nothing; run `pricehouse ingest`'}")
