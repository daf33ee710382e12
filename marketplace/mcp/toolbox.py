"""The tools: their names, descriptions, arguments and results, and how one is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from marketplace.cursor import Cursor
from marketplace.mcp.arguments import (
    ChangesSinceArguments,
    ExplainArguments,
    FindOffersArguments,
    PriceOnArguments,
    read_arguments,
)
from marketplace.mcp.cost_tool import CostArguments, Costs, cost_usage
from marketplace.mcp.failures import ToolFailure, errors_as_failures
from marketplace.mcp.history_tools import find_changes_since, find_prices_on
from marketplace.mcp.offer_tools import explain_offer, find_offers_page
from marketplace.mcp.recommend_tool import RecommendArguments, Recommended, recommend_routes
from marketplace.mcp.results import (
    ChangesSince,
    Explained,
    FoundOffers,
    PricesOn,
    ToolResult,
)
from marketplace.numbers import json_value
from warehouse.publication.reader_pool import PublicationPool, Reading


@dataclass(frozen=True)
class ReadTool:
    """A tool that reads one publication: `make` returns the fields of `result`."""

    name: str
    title: str
    description: str
    arguments: type[BaseModel]
    result: type[ToolResult]
    make: Callable[[Reading, Any], Mapping[str, Any]]

    def call(self, pool: PublicationPool, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return the result as JSON values, all of one publication; ToolFailure where there is
        none. A call has the time of one reading."""
        query = read_arguments(self.arguments, arguments)
        with errors_as_failures(), pool.reading(_publication_of(query)) as reading:
            facts = reading.publication
            fields = {
                "publication": facts["publication_id"],
                "origin": facts["origin"],
                "observed_to": facts["observed_to"],
                **self.make(reading, query),
            }
            result = self.result.model_validate(json_value(fields))
            return result.model_dump(mode="json", by_alias=True)


TOOLS = (
    ReadTool(
        "find_offers",
        "Find offers",
        "Find models that inference providers of Hugging Face serve now, with what they cost: "
        "filter by model, task, provider, region, tags, capabilities, speed and cost, sort and "
        "page. The best for a buyer comes first; offers whose cost can be compared come before "
        "others.",
        FindOffersArguments,
        FoundOffers,
        find_offers_page,
    ),
    ReadTool(
        "price_on",
        "Price at a moment",
        "Return what each unit of an offer, or of all offers of a model, cost at a moment of the "
        "past, and with known_at what was known of it then. A price in a gap of the records is "
        "marked in_gap.",
        PriceOnArguments,
        PricesOn,
        find_prices_on,
    ),
    ReadTool(
        "cost",
        "Cost of usage at its time",
        "Return what calls cost when they were made: rows of model, provider, time and quantities "
        "(tokens, images, seconds, characters) become costs at the prices of that moment, with the "
        "interval and the statement of each price, or the reason why a cost is not known (gap, "
        "unknown, suspect, not listed).",
        CostArguments,
        Costs,
        cost_usage,
    ),
    ReadTool(
        "recommend",
        "Recommend routes",
        "Rank the routes that meet constraints (task or models, region, no training, no retention, "
        "tools, structured output, context, largest cost, least speed) by the bill of a monthly "
        "mix, with what is left out and why, and the saving against Hugging Face's default route "
        "and against :cheapest.",
        RecommendArguments,
        Recommended,
        recommend_routes,
    ),
    ReadTool(
        "explain",
        "Explain an offer's numbers",
        "Return where each number of one offer comes from: the statement that was chosen with its "
        "verbatim text, the arithmetic, the rule, the statements that lost and why, and the "
        "findings of checks.",
        ExplainArguments,
        Explained,
        explain_offer,
    ),
    ReadTool(
        "changes_since",
        "Changes since a time",
        "List what changed since a time or after a change id, the oldest first: new and ended "
        "offers, prices that went up or down, corrections, held values, providers that came or "
        "left. To poll, call again with after = next_after.",
        ChangesSinceArguments,
        ChangesSince,
        find_changes_since,
    ),
)
"""Every tool; docs/mcp.md lists them, and a test compares both."""


def tool_named(name: str) -> ReadTool:
    """Return a tool; ToolFailure names the tools that there are."""
    for tool in TOOLS:
        if tool.name == name:
            return tool
    raise ToolFailure(f"there is no tool {name}; tools are {', '.join(t.name for t in TOOLS)}")


def _publication_of(query: BaseModel) -> str | None:
    """Return the publication that a page's cursor belongs to; None: the newest."""
    if isinstance(query, FindOffersArguments) and query.cursor:
        with errors_as_failures():
            return Cursor.unpack(query.cursor, query.fingerprint()).publication_id
    return None
