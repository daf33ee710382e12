"""Cost cases by the client of OpenRouter, with `make tools`: cost_openrouter.py SERVER CASES N.

The endpoints of the first N models are loaded too, of all where N is missing.

The client has no calculation of its own: what it parsed is multiplied here as its fields say.
"""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from pathlib import Path

from openrouter import OpenRouter


def cost(pricing: object, units: dict[str, int]) -> Decimal:
    """Return the cost of a call: overrides of long prompts first, the last that applies counts."""
    prices = {"prompt": pricing.prompt, "completion": pricing.completion}
    prices["input_cache_read"] = pricing.input_cache_read
    for override in pricing.overrides or []:
        if units.get("input_token", 0) > override.min_prompt_tokens:
            prices |= {k: v for k in prices if (v := getattr(override, k)) is not None}
    cached = units.get("cached_input_token", 0)
    read = prices["input_cache_read"] or prices["prompt"]
    return (
        (units.get("input_token", 0) - cached) * Decimal(prices["prompt"])
        + cached * Decimal(read)
        + units.get("output_token", 0) * Decimal(prices["completion"])
    )


def main(server: str, cases: Path, endpoints_of: int | None) -> None:
    listed, endpoints = {}, {}
    with OpenRouter(api_key="unused", server_url=server) as client:
        answer = client.models.list(limit=100)
        while answer is not None:
            total = answer.result.total_count
            listed |= {model.id: model for model in answer.result.data}
            answer = answer.next()
        assert total == len(listed)
        slugs = sorted({model.canonical_slug for model in listed.values()})
        for slug in slugs[:endpoints_of]:
            author, _, name = slug.partition("/")
            for each in client.endpoints.list(author=author, slug=name).data.endpoints:
                endpoints[f"{each.model_id}:{each.tag}"] = each
    costs, endpoint_costs = [], []
    for case in json.loads(cases.read_text()):
        name = f"{case['model']}:{case['provider']}"
        for found, out in ((listed, costs), (endpoints, endpoint_costs)):
            known = found.get(name)
            out.append(str(cost(known.pricing, case["units"])) if known else "error: not listed")
    result = {
        "models": len(listed),
        "costs": costs,
        "endpoints": len(endpoints),
        "endpoint_costs": endpoint_costs,
    }
    json.dump(result, sys.stdout)


main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]) if sys.argv[3:] else None)
