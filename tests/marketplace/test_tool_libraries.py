"""The real libraries load each export of the sample, and cost calls as the cards do."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.dated_routes import CALLS, MODEL_OVER_DAYS, dated_home
from tests.support.serving import Site, serving
from tests.support.tiered_offers import MODEL, tiered_home
from tests.support.tools import (
    TOOLS,
    CostedCall,
    Tool,
    cases_of,
    differences,
    needs_tools,
    run_tool,
)

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
_SLOW = {"cost_litellm"}  # the import of LiteLLM alone takes six seconds


@pytest.mark.parametrize(
    "tool",
    [pytest.param(t, marks=pytest.mark.slow if t.script in _SLOW else ()) for t in TOOLS],
    ids=lambda tool: tool.script,
)
def test_a_library_costs_every_priced_offer_as_its_card(
    site: Site, tool: Tool, tmp_path: Path
) -> None:
    cases = [case for case in cases_of(site) if tool.takes(case)]
    more = [ENDPOINTS_OF] if tool.script == "cost_openrouter" else []
    found = run_tool(tool.script, site.url + tool.path, cases, tmp_path, *more)
    assert differences(cases, found["costs"]) == []
    assert len({case.name for case in cases}) == PRICED[tool.script]
    assert len({case.name for case in cases if case.routed}) == ROUTED


@pytest.fixture(scope="module")
def tiered(sample_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site with every kind of statement about cached tokens, and prices of other tiers."""
    home, _ = tiered_home(sample_home, tmp_path_factory.mktemp("tiered"))
    with serving(home) as running:
        yield running


def tier_cases(site: Site) -> list[CostedCall]:
    """Return calls of the offer with tiers, of which each halves the price of the input."""
    ((provider, tokens_in, tokens_out),) = site.sql(
        "SELECT inference_provider, cost_per_input_token, cost_per_output_token FROM cards"
        " WHERE offer_id = (SELECT offer_id FROM prices WHERE tier = 'batch')"
    )

    def case(count: int, share: str, **context: str) -> CostedCall:
        units = {"input_token": count, "output_token": 10}
        cost = count * tokens_in * Decimal(share) + 10 * tokens_out
        return CostedCall(MODEL, provider, units, cost, context=context or None)

    return [
        case(32_768, "1"),
        case(32_769, "0.5"),
        case(1000, "0.5", service_tier="flex"),
        case(1000, "0.5", service_tier="priority"),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.script)
def test_a_library_costs_cached_tokens_and_tiers_as_stated(
    tiered: Site, tool: Tool, tmp_path: Path
) -> None:
    cases = [case for case in cases_of(tiered) if case.model == MODEL]
    # OpenRouter has an endpoint for each service tier, and none of them in its list of models.
    cases += [
        case
        for case in tier_cases(tiered)
        if case.context is None or tool.script != "cost_openrouter"
    ]
    more = ["0"] if tool.script == "cost_openrouter" else []
    found = run_tool(tool.script, tiered.url + tool.path, cases, tmp_path, *more)
    assert differences(cases, found["costs"]) == []


@pytest.mark.slow
@pytest.mark.parametrize("script", ["cost_genai_prices", "cost_langfuse"])
def test_a_library_costs_a_call_by_the_price_of_its_time(script: str, tmp_path: Path) -> None:
    (tool,) = [each for each in TOOLS if each.script == script]
    cases = [
        CostedCall(MODEL_OVER_DAYS, provider, {"input_token": 1_000_000}, Decimal(price), at=at)
        for at, provider, price in CALLS
    ]
    with serving(dated_home(tmp_path / "home")) as site:
        found = run_tool(tool.script, site.url + tool.path, cases, tmp_path)
    assert differences(cases, found["costs"]) == []
