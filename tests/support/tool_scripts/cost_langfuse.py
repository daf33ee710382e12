"""Cost cases by Langfuse's rules: cost_langfuse.py URL CASES, in the venv of `make tools`.

The package's own types parse each body. Costs are calculated on Langfuse's server, so that its rule
is repeated here: of the bodies whose pattern matches, the newest that began before the call; of its
tiers the first that matches by priority, else the default one; each count of the usage by the price
of its name (langfuse.com/docs/observability/features/token-and-cost-tracking).
"""

from __future__ import annotations

import json
import re
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from urllib.request import urlopen

from langfuse.api.core.pydantic_utilities import parse_obj_as
from langfuse.api.models.types.create_model_request import CreateModelRequest

FAR = datetime(9999, 1, 1, tzinfo=UTC)


def usage_of(units: dict[str, int]) -> dict[str, int]:
    """Return the usage as the integrations write it: cached tokens are no part of the input."""
    cached = units.get("cached_input_token", 0)
    usage = {"input": units.get("input_token", 0) - cached, "input_cached_tokens": cached}
    usage |= {"output": units.get("output_token", 0), "image": units.get("image", 0)}
    return {name: count for name, count in usage.items() if count}


def prices_of(body: dict, usage: dict[str, int], context: dict[str, str]) -> dict[str, Decimal]:
    """Return the prices of the tier that applies."""
    tiers = sorted(body["pricingTiers"], key=lambda tier: tier["priority"])
    (default,) = [tier for tier in tiers if tier["isDefault"]]
    assert (default["priority"], default["conditions"]) == (0, [])
    for tier in tiers:
        if tier is not default and all(applies(c, usage, context) for c in tier["conditions"]):
            return tier["prices"]
    return default["prices"]


def applies(condition: dict, usage: dict[str, int], context: dict[str, str]) -> bool:
    """Return whether a condition of a tier is met."""
    if "usageDetailPattern" not in condition:
        return context.get(condition["key"]) in condition["values"]
    pattern = re.compile(condition["usageDetailPattern"], re.IGNORECASE)
    counted = sum(count for name, count in usage.items() if pattern.search(name))
    return counted > condition["value"]


def main(url: str, cases: Path) -> None:
    with urlopen(url) as answer:
        lines = answer.read().decode().splitlines()
    bodies = [json.loads(line, parse_float=Decimal, parse_int=Decimal) for line in lines]
    parsed = [parse_obj_as(CreateModelRequest, json.loads(line)) for line in lines]
    keys = {(p.model_name, p.start_date, p.unit) for p in parsed}
    assert len(keys) == len(parsed), "Langfuse takes one body for a name, start and unit"
    patterns = [re.compile(p.match_pattern.removeprefix("(?i)"), re.IGNORECASE) for p in parsed]
    costs = []
    for case in json.loads(cases.read_text()):
        name = f"{case['model']}:{case['provider']}"
        at = datetime.fromisoformat(case["at"]) if case.get("at") else FAR
        found = [
            (one.start_date, body)
            for one, body, pattern in zip(parsed, bodies, patterns, strict=True)
            if one.start_date <= at and pattern.match(name)
        ]
        if not found:
            costs.append("error: no body matches")
            continue
        usage = usage_of(case["units"])
        body = max(found, key=lambda each: each[0])[1]
        prices = prices_of(body, usage, case.get("context") or {})
        costs.append(str(sum(count * prices[key] for key, count in usage.items())))
    json.dump({"models": len(parsed), "costs": costs}, sys.stdout)


main(sys.argv[1], Path(sys.argv[2]))
