"""Measure the marketplace: its API against the bare SQL, its first page, its publications.

`python -m bench.market` fills a home with the sample scaled to 50,000 models, serves it as
`pricehouse serve` does, and measures in one run. README.md beside this explains the figures.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.facts import machine_facts, write_results
from bench.measure import ROOT, BenchFailed, serving
from bench.verdict import Promise, promise_lines

MODELS, ROUNDS, REQUESTS, PUBLICATIONS = 50_000, 3, 400, 50
SMALL_MODELS = 500  # publications are counted, not weighed
THREADS = 8
MAX_RATIO, MAX_PAGE_S = 5.0, 1.0
_PRICEHOUSE = Path(sysconfig.get_path("scripts")) / "pricehouse"


def main() -> None:
    """Measure, print, and with --assert exit 1 when a promise is broken."""
    parser = argparse.ArgumentParser(prog="python -m bench.market", description=__doc__)
    for name, usual in (
        ("models", MODELS),
        ("rounds", ROUNDS),
        ("requests", REQUESTS),
        ("threads", THREADS),
        ("publications", PUBLICATIONS),
    ):
        parser.add_argument(f"--{name}", type=int, default=usual, help=f"default {usual}")
    parser.add_argument("--write", action="store_true", help="write bench/results/market-….json")
    parser.add_argument("--json", action="store_true", help="print JSON, for a program to read")
    parser.add_argument(
        "--assert", dest="require", action="store_true", help="exit 1 when a promise is broken"
    )
    given = parser.parse_args()
    facts = machine_facts()
    try:
        figures = run(given.models, given.rounds, given.requests, given.threads, given.publications)
    except BenchFailed as error:
        sys.exit(f"error: {error}")
    promises = market_promises(figures)
    figures["promises"] = [asdict(promise) for promise in promises]
    if given.write:
        write_results(f"market-{given.models}", facts | figures)
    if given.json:
        sys.stdout.write(json.dumps(figures, indent=2) + "\n")
    else:
        sys.stdout.write(table(figures, promises))
    if given.require and not all(promise.kept for promise in promises):
        sys.exit(1)


def run(models: int, rounds: int, requests: int, threads: int, publications: int) -> dict[str, Any]:
    """Return the figures; rounds take turns, so that what slows one slows the other."""
    figures: dict[str, Any] = {"models": models, "threads": threads}
    figures |= {"api_ms": [], "bare_ms": [], "page_s": None}
    with tempfile.TemporaryDirectory(prefix="pricehouse-market-") as folder:
        home = Path(folder) / "home"
        with serving(models) as hub:
            _log(f"filling a home with {models} models")
            ingest(home, hub.url)
        with site(home) as url:
            for number in range(rounds + 1):  # the first is not counted: files are read, code too
                bare = _worker("bare", str(home), str(threads), str(requests))
                api = _worker("api", url, str(threads), str(requests))
                if api["answers"] != bare["answers"]:
                    raise BenchFailed(f"SQL counts {bare['answers']}, the API {api['answers']}")
                if number:
                    figures["bare_ms"].append(bare["p99_ms"])
                    figures["api_ms"].append(api["p99_ms"])
                    _log(
                        f"round {number}: p99 bare {bare['p99_ms']:.0f} ms, "
                        f"API {api['p99_ms']:.0f} ms"
                    )
            figures["page_s"] = _worker("page", url, str(rounds)).get("seconds")
        if publications:
            figures["publications"] = _worker("publications", str(SMALL_MODELS), str(publications))
    return figures


def market_promises(figures: dict[str, Any]) -> list[Promise]:
    """Compare the figures with what the project promises of the marketplace."""
    ratios = sorted(a / b for a, b in zip(figures["api_ms"], figures["bare_ms"], strict=True))
    ratio = ratios[len(ratios) // 2]
    found = [
        Promise(
            f"/v1/offers with three filters, {_threads(figures)}: p99 within {MAX_RATIO:g} × the "
            "same SQL",
            f"{ratio:.2f} ×",
            ratio <= MAX_RATIO,
        )
    ]
    if figures["page_s"]:
        page = sorted(figures["page_s"])[len(figures["page_s"]) // 2]
        found.append(
            Promise(
                f"the first page is ready in {MAX_PAGE_S:g} s in Chromium",
                f"{page:.2f} s",
                page < MAX_PAGE_S,
            )
        )
    load = figures.get("publications")
    if load:
        found.append(
            Promise(
                f"no request fails through {load['published']} publications under load",
                f"{load['failed']} of {load['requests']}",
                load["failed"] == 0,
            )
        )
    return found


def table(figures: dict[str, Any], promises: list[Promise]) -> str:
    """Return the figures and promises as text."""
    lines = [f"{figures['models']} models, {_threads(figures)}", ""]
    for name, key in (("bare SQL, p99 ms", "bare_ms"), ("/v1/offers, p99 ms", "api_ms")):
        lines.append(f"{name:<20}" + "".join(f"{value:>8.0f}" for value in figures[key]))
    if figures["page_s"]:
        lines.append(f"{'first page, s':<20}" + "".join(f"{s:>8.2f}" for s in figures["page_s"]))
    else:
        lines.append("first page          skipped: no chromium here")
    lines.append("")
    return "\n".join([*lines, promise_lines(promises)]) + "\n"


def _threads(figures: dict[str, Any]) -> str:
    return "1 thread" if figures["threads"] == 1 else f"{figures['threads']} threads"


@contextmanager
def site(home: Path) -> Iterator[str]:
    """Serve a home in a process of its own; the process is stopped by its id."""
    with subprocess.Popen(  # noqa: S603 - our own command
        [_PRICEHOUSE, "serve", "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PRICEHOUSE_HOME": str(home)},
    ) as process:
        try:
            assert process.stderr is not None  # noqa: S101 - it is piped
            parts = process.stderr.readline().split()
            url = next((part for part in parts if part.startswith("http://")), None)
            if url is None:
                raise BenchFailed("`pricehouse serve` ended before it served")
            yield url
        finally:
            process.terminate()


def _worker(*arguments: str) -> dict[str, Any]:
    """Measure in a process of its own: threads of one process share an interpreter."""
    done = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-m", "bench.market_load", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    if done.returncode:
        raise BenchFailed(f"{arguments[0]} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def ingest(home: Path, url: str) -> None:
    """Run one hour against a hub on this machine."""
    environment = {
        **os.environ,
        "PRICEHOUSE_HOME": str(home),
        "PRICEHOUSE_HUB_URL": url,
        "PRICEHOUSE_ROUTER_URL": url,
        "NO_PROXY": "127.0.0.1",
    }
    done = subprocess.run(  # noqa: S603 - our own command
        [_PRICEHOUSE, "ingest"], capture_output=True, text=True, env=environment, check=False
    )
    if done.returncode:
        raise BenchFailed(f"ingest ended with {done.returncode}:\n{done.stderr[-2000:]}")


def _log(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
