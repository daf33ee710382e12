"""The real libraries load each export, and their costs equal those of the cards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.serving import Site
from tests.support.tools import Case, cases_of, differences, needs_tools, run_tool

pytestmark = needs_tools
TOKENS, IMAGES, AUDIO = "input_token", "image", ("second_of_audio", "character")
UNITS = {
    "cost_genai_prices": {TOKENS, *AUDIO},
    "cost_litellm": {TOKENS, IMAGES, *AUDIO},
    "cost_openrouter": {TOKENS},
    "cost_langfuse": {TOKENS, IMAGES},
}
"""Script → the units that its format has; the routes of all others are not in it."""
ADDRESSES = {
    "cost_genai_prices": "/v1/exports/genai-prices.json",
    "cost_litellm": "/v1/exports/litellm.json",
    "cost_openrouter": "/api/v1",
    "cost_langfuse": "/v1/exports/langfuse.ndjson",
}


def run_on(site: Site, script: str, folder: Path) -> tuple[list[Case], dict[str, Any]]:
    """Run a script on the cases that its format has a unit for."""
    cases = [case for case in cases_of(site) if UNITS[script] & case.units.keys()]
    return cases, run_tool(script, site.url + ADDRESSES[script], cases, folder)


@pytest.mark.parametrize("script", UNITS)
def test_a_library_costs_every_priced_offer_as_its_card(
    site: Site, script: str, tmp_path: Path
) -> None:
    cases, found = run_on(site, script, tmp_path)
    assert differences(cases, found["costs"]) == []
    routes = {case.name for case in cases}
    routed = {case.name for case in cases if case.routed}

    assert len(routed) == 189
