"""`pricehouse doctor`: print the findings about an installation and its home."""

from __future__ import annotations

import os
import sys

import click
from rich.markup import escape

from cli.console import err, out
from cli.options import current_home, home_option, json_option, print_json
from pipeline.doctor import diagnose


@click.command()
@home_option
@json_option
def doctor(*, as_json: bool) -> None:
    """Check a home for problems and show how to fix them.

    Reads every landed answer and every publication, and changes nothing. You can run it at any
    time; while a run writes the warehouse, the warehouse is left out. Exit status 1 when a check
    fails.
    """
    root = current_home()
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
