"""Measure an hour of `pricehouse ingest` against a bare script and dlt, all in one run.

`python -m bench.hour` serves the sample scaled to 50,000 models from a process of its own and runs
whole processes in turn, several rounds of them. README.md beside this explains the figures.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.facts import machine_facts, write_results
from bench.hour_rounds import DLT_SETTING, DLT_VENV, Contest
from bench.measure import ROOT, BenchFailed, exit_on_terminate, serving
from bench.stages import stage_table
from bench.verdict import DLT, DLT_AGAIN, MAX_PEAK_MB, promises, rows, table

MODELS = 50_000
ROUNDS = 3


def main() -> None:
    """Measure, print, and with --assert exit 1 when a goal is missed."""
    given = _arguments()
    exit_on_terminate()  # so that the server is stopped too
    facts = machine_facts(given.checkout)
    python, reason = (None, "left out") if given.without_dlt else _dlt_python()
    if python is not None:
        facts["packages"]["dlt"] = _dlt_version(python)
    try:
        contest = run(given.models, given.rounds, checkout=given.checkout, dlt_python=python)
    except BenchFailed as error:
        sys.exit(f"error: {error}")
    skipped = {} if python is not None else dict.fromkeys((DLT, DLT_AGAIN), reason)
    figures = facts | {"models": given.models, "rounds": given.rounds}
    figures |= _figures(contest, skipped, given.models)
    if given.write:
        write_results(f"hour-{given.models}{given.label}", figures)
    if given.json:
        sys.stdout.write(json.dumps(figures, indent=2) + "\n")
    else:
        sys.stdout.write(_text(figures, contest, skipped))
    if given.require and not all(promise["kept"] for promise in figures["promises"]):
        sys.exit(1)


def run(models: int, rounds: int, *, checkout: Path, dlt_python: Path | None) -> Contest:
    """Return what every contestant took in each round."""
    with serving(models) as server, tempfile.TemporaryDirectory(prefix="pricehouse-bench-") as tmp:
        _log(f"serving {models} models at {server.url} (process {server.pid})")
        # Not counted: the server makes some answers when they are first requested, and the first
        # process to import a package reads it from disk.
        Contest(server, checkout, dlt_python=None).play_round(Path(tmp) / "warm-up")
        contest = Contest(server, checkout, dlt_python=dlt_python)
        for number in range(1, rounds + 1):
            contest.play_round(Path(tmp) / str(number))
            _log(
                f"round {number} of {rounds}: "
                + ", ".join(f"{n} {each[-1].seconds:.2f} s" for n, each in contest.costs.items())
            )
    return contest


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.hour", description=__doc__)
    parser.add_argument("--models", type=_positive, default=MODELS, help=f"default {MODELS}")
    parser.add_argument("--rounds", type=_positive, default=ROUNDS, help=f"default {ROUNDS}")
    parser.add_argument("--without-dlt", action="store_true", help="leave dlt out: it takes long")
    parser.add_argument(
        "--checkout", type=Path, default=ROOT, help="measure the pricehouse of another checkout"
    )
    parser.add_argument("--label", default="", help="a suffix of the file's name, like -before")
    parser.add_argument("--write", action="store_true", help="write bench/results/hour-….json")
    parser.add_argument("--json", action="store_true", help="print JSON, for a program to read")
    parser.add_argument(
        "--assert", dest="require", action="store_true", help="exit 1 when a goal is missed"
    )
    return parser.parse_args()


def _figures(contest: Contest, skipped: dict[str, str], models: int) -> dict[str, Any]:
    return {
        "rows": [
            {
                **_rounded(asdict(row)),
                "runs": [_rounded(asdict(c)) for c in contest.costs[row.name]],
            }
            for row in rows(contest.costs)
        ],
        "skipped": skipped,
        "promises": [asdict(promise) for promise in promises(contest.costs, models)],
        "stages": contest.stages(),
        "floors": contest.floors(),
    }


def _text(figures: dict[str, Any], contest: Contest, skipped: dict[str, str]) -> str:
    models = figures["models"]
    machine = f"{figures['cores']} cores, {figures['architecture']}, Python {figures['python']}"
    note = "" if models in MAX_PEAK_MB else "(The goals are about 50000 and 1000000 models.)\n"
    return (
        f"{models} models, {figures['rounds']} rounds on {machine}\n\n"
        f"{table(contest.costs, skipped, models)}{note}\n"
        f"{stage_table(figures['stages'], figures['floors'])}\n"
    )


def _rounded(figures: dict[str, Any]) -> dict[str, Any]:
    return {key: round(v, 3) if isinstance(v, float) else v for key, v in figures.items()}


def _dlt_python() -> tuple[Path | None, str]:
    """Return dlt's interpreter, or None and why there is none."""
    setting = os.environ.get(DLT_SETTING)
    python = Path(setting) if setting else DLT_VENV / "bin" / "python"
    if python.is_file():
        return python, ""
    place = f"{DLT_SETTING} is {setting}" if setting else f"{DLT_VENV.name}/bin/python"
    return None, f"{place}, which is not there; `make bench-dlt` makes {DLT_VENV.name}"


def _dlt_version(python: Path) -> str:
    code = "from importlib.metadata import version; print(version('dlt'))"
    done = subprocess.run(  # noqa: S603 - the interpreter that runs dlt
        [python, "-c", code], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"


def _log(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


if __name__ == "__main__":
    main()
