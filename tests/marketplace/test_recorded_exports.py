"""Every priced offer of every recording costs the same by each tool's library as by its card."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.recorded_homes import HOMES, has_recordings, ingest_recorded
from tests.support.serving import Site, serving
from tests.support.tools import TOOLS, Tool, cases_of, differences, needs_tools, run_tool

pytestmark = [
    pytest.mark.slow,
    needs_tools,
    pytest.mark.skipif(not has_recordings(), reason="the recordings are not beside this checkout"),
]
COUNTS: dict[str, tuple[int, ...]] = {
    "hub of 02-23": (226, 226, 226, 226),
    "hub of 02-26 early, router a": (360, 360, 360, 360),
    "hub of 02-26 late, router b": (360, 360, 360, 360),
    "router alone": (189, 189, 189, 189),
    "other routers": (8, 8, 8, 8),
    "price lists": (33, 100, 14, 67),
}
"""Home → for each of TOOLS the priced offers that its format has room for."""
ENDPOINTS = 177
"""The priced routes of the router's later recording with a stated context length."""
ALL_ENDPOINTS = "router alone"


@pytest.mark.parametrize("name", HOMES)
def test_no_cost_of_any_recorded_offer_differs(name: str, tmp_path: Path) -> None:
    ingest_recorded(name, tmp_path / "home")
    with serving(tmp_path / "home") as site:
        assert [_compared(site, tool, name, tmp_path) for tool in TOOLS] == list(COUNTS[name])


def _compared(site: Site, tool: Tool, name: str, folder: Path) -> int:
    """Return the number of offers; fails where a cost differs."""
    cases = [case for case in cases_of(site) if tool.takes(case)]
    arguments = ["0"] if tool.script == "cost_openrouter" and name != ALL_ENDPOINTS else []
    found = run_tool(tool.script, site.url + tool.path, cases, folder, *arguments)
    assert differences(cases, found["costs"]) == []
    if "endpoints" in found and name == ALL_ENDPOINTS:
        listed = [
            (case, cost)
            for case, cost in zip(cases, found["endpoint_costs"], strict=True)
            if not cost.startswith("error")
        ]
        assert differences(*zip(*listed, strict=True)) == []
        assert len({case.name for case, _ in listed}) == found["endpoints"] == ENDPOINTS
    return len({case.name for case in cases})
