"""The real libraries load each export of the sample, and cost calls as the cards do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.serving import Site
from tests.support.tools import TOOLS, Tool, cases_of, differences, needs_tools, run_tool

pytestmark = needs_tools
ROUTED = 189
"""The priced offers of the router's later recording, which the sample holds."""
PRICED = {
    "cost_genai_prices": 364,
    "cost_litellm": 364,
    "cost_openrouter": 364,
    "cost_langfuse": 364,
}
"""Script → the priced offers of the sample that its format has a unit for."""
ENDPOINTS_OF = "5"


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.script)
def test_a_library_costs_every_priced_offer_as_its_card(
    site: Site, tool: Tool, tmp_path: Path
) -> None:
    cases = [case for case in cases_of(site) if tool.takes(case)]
    more = [ENDPOINTS_OF] if tool.script == "cost_openrouter" else []
    found = run_tool(tool.script, site.url + tool.path, cases, tmp_path, *more)
    assert differences(cases, found["costs"]) == []
    assert len({case.name for case in cases}) == PRICED[tool.script]
    assert len({case.name for case in cases if case.routed}) == ROUTED
