"""The figures that the deployment page multiplies are those of bench/results and of the code.

Where one differs, measure or decide anew what it comes to at the size of the page.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from bench.shared import FILE, SHARED
from flows.server.upstream_limits import upstream_limits
from providers.huggingface import PAGE_SIZE
from providers.registry import load_registry
from tests.support.documents import CHECKOUT, section

HEADING = "## On paper: 10 million models, 100 sources, 10 years"
MODELS = 10_000_000
PAGES = ("lake.md", "deploy.md")


def result(name: str) -> Any:
    return json.loads((CHECKOUT / "bench" / "results" / f"{name}.json").read_text("utf-8"))


def requests_in(seconds: float) -> float:
    """Return how many requests of the Hub the shared rate limit lets through in a time."""
    (limit,) = (each for each in upstream_limits(load_registry()) if each.name == "pricehouse:hub")
    return limit.slots + limit.decay * seconds


def figures() -> Iterator[str]:
    """Yield what the page must say."""
    hour = {row["name"]: row for row in result("hour-50000")["rows"]}
    yield f"{hour['unchanged hour']['cpu_s']:.1f} processor s, unchanged, at 50,000 models"
    unchanged, first = (hour[name]["peak_mb"] for name in ("unchanged hour", "first hour"))
    yield f"{unchanged:.0f} MB at 50,000 models (first run {first:.0f})"
    million = {row["name"]: row for row in result("hour-1000000")["rows"]}
    unchanged, first = (million[name] for name in ("unchanged hour", "first hour"))
    yield f"{unchanged['cpu_s']:.0f} at 1 million (first hour {first['cpu_s']:.0f})"
    yield f"{unchanged['peak_mb']:,.0f} MB at 1 million (first run {first['peak_mb']:,.0f})"
    years = result("years")
    day, *_, year = years["points"]
    of_day, of_year = (point["bytes"]["warehouse"] / 1e6 for point in (day, year))
    yield f"{of_day:.1f} MB after a day and {of_year:.0f} MB after a year"
    yield f"{day['hour_cpu_s']:.2f} processor s after a day, {year['hour_cpu_s']:.2f} after a year"
    answers = day["bytes"]["answers"] / day["hours"] / 1e3
    yield f"{answers:.0f} kB of answers an hour at {years['models']} models"
    yield f"{answers / 1e6 * MODELS / years['models']:.1f} GB an hour at 10 million"
    slowest = max(result("filters")["rows"], key=lambda row: row["cpu_ms"][1])
    small, large = slowest["cpu_ms"]
    yield f"{small:.0f} ms of processor at 98,408 cards, {large:.0f} at 1.86 million"
    (hub,) = (feed for _, feed in load_registry().feeds() if feed.feed == "hub")
    yield f"{PAGE_SIZE:,} models a page"
    yield f"the Hub's feed has {hub.deadline_s:,} s"
    yield f"{requests_in(hub.deadline_s):,.0f} requests in time"
    yield f"{MODELS / PAGE_SIZE:,.0f} requests"


def test_the_deployment_page_multiplies_what_was_measured() -> None:
    page = section((CHECKOUT / "docs" / "deploy.md").read_text("utf-8"), HEADING)
    found = list(figures())
    assert len(found) > 10
    assert [each for each in found if each not in page] == []


def test_pages_quote_the_hours_of_a_shared_warehouse() -> None:
    rows = {row["name"]: row for row in result("shared-50000")["rows"]}
    pages = {name: (CHECKOUT / "docs" / name).read_text("utf-8") for name in PAGES}
    for hour in ("first hour", "unchanged hour", "hour with 1 % changed"):
        file, shared = rows[f"{hour}, {FILE}"], rows[f"{hour}, {SHARED}"]
        costs = [
            f"{row['seconds']:.1f} / {row['cpu_s']:.1f} / {row['peak_mb']:.0f}"
            for row in (file, shared)
        ]
        cells = " | ".join([*costs, f"{shared['ratio']:.2f}"])
        assert f"| {hour}: seconds / processor seconds / peak MB | {cells} |" in pages["lake.md"]
    file, shared = (rows[f"unchanged hour, {kind}"] for kind in (FILE, SHARED))
    cpu, peak = (f"{file['cpu_s']:.1f}", f"{file['peak_mb']:.0f}")
    wanted = (
        f"| {cpu} | {cpu}, and the push of what landed | {shared['cpu_s']:.1f} |",
        f"| {peak} | {peak} | {shared['peak_mb']:.0f} |",
    )
    assert [line for line in wanted if line not in pages["deploy.md"]] == []
