"""The facts about a measurement: when, on which machine, of which code; and its file."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import gettempdir
from typing import Any

from bench.measure import ROOT

RESULTS = ROOT / "bench" / "results"
_PACKAGES = ("duckdb", "polars", "pyarrow", "httpx", "msgspec", "pandera", "pricehouse")


def machine_facts(checkout: Path = ROOT) -> dict[str, Any]:
    """Return date, machine and versions; `code` is the commit that the checkout has.

    The load is the mean number of waiting processes of the last minute: of an idle machine about 0.
    """
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "code": code_version(checkout),
        "cores": _cores(),
        "processor": _processor(),
        "architecture": platform.machine(),
        "memory_mb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e6),
        "disk": file_system(Path(gettempdir())),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "packages": {name: version(name) for name in _PACKAGES},
        "load_before": round(os.getloadavg()[0], 2),
    }


def code_version(checkout: Path) -> str:
    """Return the commit of a checkout, with `+` where files were changed; `unknown` without git."""
    try:
        commit = _git(checkout, "rev-parse", "--short=12", "HEAD")
        changed = _git(checkout, "status", "--porcelain", "--untracked-files=no", "--", ":!bench")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return commit + ("+" if changed else "")


def file_system(folder: Path) -> str:
    """Return the type of the file system that a folder is on, where the system lists it."""
    mounts = Path("/proc/self/mounts")
    if not mounts.exists():
        return "unknown"
    found = ("", "unknown")
    for line in mounts.read_text().splitlines():
        _, point, kind, *_ = line.split(" ")
        if folder.resolve().is_relative_to(point) and len(point) >= len(found[0]):
            found = (point, kind)
    return found[1]


def write_results(name: str, figures: Mapping[str, Any]) -> Path:
    """Write figures to a file of bench/results, which docs/performance.md quotes."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    ended = {**figures, "load_after": round(os.getloadavg()[0], 2)}
    path.write_text(json.dumps(ended, indent=2) + "\n")
    return path


def read_results(name: str) -> dict[str, Any] | None:
    """Return the figures of a file of bench/results, None where it was not measured."""
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text()) if path.exists() else None


def _cores() -> int:
    """Return the cores that this process may use, where the system has such a limit."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or "unknown"


def _git(checkout: Path, *arguments: str) -> str:
    done = subprocess.run(  # noqa: S603 - our own arguments
        ["git", *arguments],  # noqa: S607 - git is where the user has it
        cwd=checkout,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()
