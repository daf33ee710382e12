"""Check this installation and a home for problems: what `pricehouse doctor` reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path

import msgspec
from packaging.requirements import Requirement

from pipeline.lake_access import find_lake
from pipeline.store import find_store
from providers.http.proxies import read_proxies
from schemas.clock import Clock, utc_now
from schemas.errors import PricehouseError
from warehouse.health.findings import CheckFailed, Finding, run_check
from warehouse.health.home_checks import check_home
from warehouse.lake.lake_checks import check_lake
from warehouse.storage.home import Home
from warehouse.store.store_checks import check_store

REMEDIES = {
    "validation": "unset PANDERA_VALIDATION_ENABLED",
    "versions": "run `make venv`",
    "store": "set PRICEHOUSE_STORE and what it needs as its message says, or unset it",
    "lake": "set PRICEHOUSE_WAREHOUSE and what it needs as its message says, or unset it",
    "proxies": "set the variable as its message says, or unset it; until then nothing is fetched",
}
"""Check of the installation → what to do when it fails."""


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """All findings; `doctor --json` prints this."""

    home: str
    ok: bool = msgspec.field(name="well")
    findings: list[Finding]


def diagnose(root: Path, environment: Mapping[str, str], *, clock: Clock = utc_now) -> Diagnosis:
    """Check the installation, a home and what it shares; UsageError where there is no home."""
    home = Home(root)
    if not root.is_dir() or not any(root.iterdir()):
        Home.at(root)  # raises the error that names the command to run
    findings = [
        *_check_installation(environment),
        *check_home(home, now=clock()),
        *_check_store(home, environment),
        *_check_lake(home, environment),
    ]
    return Diagnosis(home=str(root), ok=all(f.ok for f in findings), findings=findings)


def _check_installation(environment: Mapping[str, str]) -> Iterator[Finding]:
    yield run_check("validation", lambda: _validation(environment), remedy=REMEDIES["validation"])
    yield run_check("versions", _versions, remedy=REMEDIES["versions"])
    yield run_check(
        "proxies", lambda: read_proxies(environment).describe(), remedy=REMEDIES["proxies"]
    )


def _check_store(home: Home, environment: Mapping[str, str]) -> Iterator[Finding]:
    try:
        store = find_store(environment)
    except PricehouseError as error:
        message = str(error)
        yield Finding(check="store", ok=False, message=message, remedy=REMEDIES["store"])
        return
    if store is not None:
        yield from check_store(home, store)


def _check_lake(home: Home, environment: Mapping[str, str]) -> Iterator[Finding]:
    try:
        lake = find_lake(environment)
    except PricehouseError as error:
        message = str(error)
        yield Finding(check="lake", ok=False, message=message, remedy=REMEDIES["lake"])
        return
    if lake is not None:
        yield from check_lake(home, lake)


def _validation(environment: Mapping[str, str]) -> str:
    if environment.get("PANDERA_VALIDATION_ENABLED", "True").lower() in {"false", "0"}:
        raise CheckFailed("PANDERA_VALIDATION_ENABLED switches validation off; no run would begin")
    return "rows are validated"


def _versions() -> str:
    """Compare the installed packages with the bounds of the project."""
    problems = []
    requirements = [Requirement(text) for text in metadata.requires("pricehouse") or []]
    needed = [r for r in requirements if r.marker is None or r.marker.evaluate({"extra": ""})]
    for requirement in needed:
        try:
            installed = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            installed = None
        if installed is None or not requirement.specifier.contains(installed, prereleases=True):
            problems.append(f"{requirement} is required, {installed or 'nothing'} is installed")
    if problems:
        raise CheckFailed("; ".join(problems))
    return f"{len(needed)} packages within their bounds"
