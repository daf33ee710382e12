"""`pricehouse doctor`: print the findings about an installation and its home."""

from __future__ import annotations

import os
import sys

import click
import msgspec
from rich.markup import escape

from cli.console import err, out
from pipeline.doctor import diagnose
from pipeline.settings import read_settings
from providers.registry import load_registry


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for a program to read.")
def doctor(*, as_json: bool) -> None:
    """Check a home for problems and show how to fix them.

    Reads every landed answer and every publication, and changes nothing. You can run it at any
    time; while a run writes the warehouse, the warehouse is left out. Exit status 1 when a check
    fails.
    """
    root = read_settings(os.environ, load_registry()).home
    with err.status("check"):
        diagnosis = diagnose(root, os.environ)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(diagnosis), indent=2).decode())
    else:
        for finding in diagnosis.findings:
            sign = "[green]ok    [/]" if finding.ok else "[red]failed[/]"
            out.print(f"{sign} {finding.check}: {escape(finding.message)}", soft_wrap=True)
            if finding.remedy:
                out.print(f"       → {escape(finding.remedy)}", soft_wrap=True)
    if not diagnosis.ok:
        sys.exit(1)
