"""`pricehouse doctor`: is this installation and its home well, and what is the way back if not."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path

import click
import msgspec
from packaging.requirements import Requirement
from rich.markup import escape

from cli.console import err, out
from cli.options import current_home, home_option, json_option, print_json
from schemas.clock import utc_now
from warehouse.health.findings import Finding, Wrong, found
from warehouse.health.home_checks import examine
from warehouse.storage.home import Home

WAYS_BACK = {
    "validation": "unset PANDERA_VALIDATION_ENABLED",
    "versions": "run `make venv`",
}
"""Check → what to do, of what is no part of a home."""


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """What `pricehouse doctor` says; `--json` prints this."""

    home: str
    well: bool
    findings: list[Finding]


@click.command()
@home_option
@json_option
def doctor(*, as_json: bool) -> None:
    """Check a home for problems and show how to fix them.

    Reads every landed answer and every publication, and changes nothing. It may be asked at any
    time; what a run is writing at that moment is left alone. Exit status 1 when something is wrong.
    """
    root = current_home()
    with err.status("look"):
        told = diagnose(root, os.environ)
    if as_json:
        print_json(told)
    else:
        for finding in told.findings:
            sign = "[green]well [/]" if finding.well else "[red]wrong[/]"
            out.print(f"{sign} {finding.check}: {escape(finding.said)}", soft_wrap=True)
            if finding.way_back:
                out.print(f"      → {escape(finding.way_back)}", soft_wrap=True)
    if not told.well:
        sys.exit(1)


def diagnose(root: Path, environment: Mapping[str, str]) -> Diagnosis:
    """Examine the installation and a home; UsageError where there is none."""
    home = Home(root)
    if not root.is_dir() or not any(root.iterdir()):
        Home.at(root)  # says what to run
    findings = [*_installation(environment), *examine(home, now=utc_now())]
    return Diagnosis(home=str(root), well=all(f.well for f in findings), findings=findings)


def _installation(environment: Mapping[str, str]) -> Iterator[Finding]:
    yield from found(
        "validation", lambda: _validation(environment), way_back=WAYS_BACK["validation"]
    )
    yield from found("versions", _versions, way_back=WAYS_BACK["versions"])


def _validation(environment: Mapping[str, str]) -> str:
    if environment.get("PANDERA_VALIDATION_ENABLED", "True").lower() in {"false", "0"}:
        raise Wrong("PANDERA_VALIDATION_ENABLED switches validation off; no run would begin")
    return "rows are validated"


def _versions() -> str:
    """Hold what is installed against the bounds of the project."""
    wrong = []
    wanted = [Requirement(text) for text in metadata.requires("pricehouse") or []]
    needed = [r for r in wanted if r.marker is None or r.marker.evaluate({"extra": ""})]
    for requirement in needed:
        try:
            there = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            there = None
        if there is None or not requirement.specifier.contains(there, prereleases=True):
            wrong.append(f"{requirement} is wanted, {there or 'nothing'} is installed")
    if wrong:
        raise Wrong("; ".join(wrong))
    return f"{len(needed)} packages within their bounds"
