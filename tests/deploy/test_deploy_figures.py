"""The figures that the deployment page multiplies are those of bench/results and of the code.

Where one differs, measure or decide anew what it comes to at the size of the page.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from flows.server.upstream_limits import upstream_limits
from providers.huggingface import PAGE_SIZE
from providers.registry import load_registry
from tests.support.documents import CHECKOUT, section

HEADING = "## On paper: 10 million models, 100 sources, 10 years"
MODELS = 10_000_000


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
