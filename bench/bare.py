"""The bare script: what one writes in ten minutes to have the hour's answers in a DuckDB table.

`python bench/bare.py URL FILE` walks the Hub's list, fetches the router's, flattens both,
creates one table and prints its number of rows. It keeps no raw bytes, validates nothing, has no
history and no second run.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import duckdb
import httpx
import polars as pl

QUERY: list[tuple[str, str | int | float | bool | None]] = [
    ("inference_provider", "all"),
    ("limit", "1000"),
    ("sort", "createdAt"),
    ("direction", "-1"),
    ("expand[]", "inferenceProviderMapping"),
    ("expand[]", "pipeline_tag"),
]


def main() -> None:
    """Fetch, flatten, create the table."""
    url, file = sys.argv[1:]
    with httpx.Client(timeout=30) as client:
        rows = [*hub_rows(client, url), *router_rows(client, url)]
    offers = pl.DataFrame(rows, infer_schema_length=None)
    with duckdb.connect(file) as con:
        con.register("fetched", offers)
        con.execute("CREATE TABLE offers AS SELECT * FROM fetched")
        found = con.execute("SELECT count(*) FROM offers").fetchone()
    sys.stdout.write(f"{found[0] if found else 0}\n")


def hub_rows(client: httpx.Client, url: str) -> Iterator[dict[str, Any]]:
    """Yield a row per mapping entry, page by page."""
    response = client.get(f"{url}/api/models", params=QUERY).raise_for_status()
    while True:
        for model in response.json():
            for entry in model.get("inferenceProviderMapping", []):
                details = entry.get("providerDetails") or {}
                speed = entry.get("performance") or {}
                features = entry.get("features") or {}
                price = details.get("pricing") or {}
                yield {
                    "feed": "hub",
                    "model_id": model["id"],
                    "pipeline_tag": model.get("pipeline_tag"),
                    "provider": entry["provider"],
                    "provider_model_id": entry.get("providerId"),
                    "task": entry.get("task"),
                    "type": entry.get("type"),
                    "status": entry.get("status"),
                    "context_length": details.get("context_length"),
                    "input_price": as_float(price.get("input")),
                    "output_price": as_float(price.get("output")),
                    "supports_tools": features.get("toolCalling"),
                    "supports_structured_output": features.get("structuredOutput"),
                    "first_token_latency_ms": as_float(speed.get("firstTokenLatencyMs")),
                    "throughput": as_float(speed.get("tokensPerSecond")),
                }
        if "next" not in response.links:
            return
        response = client.get(response.links["next"]["url"]).raise_for_status()


def router_rows(client: httpx.Client, url: str) -> Iterator[dict[str, Any]]:
    """Yield a row per offering of the router."""
    response = client.get(f"{url}/v1/models").raise_for_status()
    for model in response.json()["data"]:
        for offering in model["providers"]:
            price = offering.get("pricing") or {}
            yield {
                "feed": "router",
                "model_id": model["id"],
                "provider": offering["provider"],
                "task": "conversational",
                "status": offering.get("status"),
                "context_length": offering.get("context_length"),
                "input_price": as_float(price.get("input")),
                "output_price": as_float(price.get("output")),
                "supports_tools": offering.get("supports_tools"),
                "supports_structured_output": offering.get("supports_structured_output"),
                "first_token_latency_ms": as_float(offering.get("first_token_latency_ms")),
                "throughput": as_float(offering.get("throughput")),
                "is_free": offering.get("is_free"),
            }


def as_float(number: float | None) -> float | None:
    """Return a JSON number as a float: whole ones come as int, and a column has one type."""
    return None if number is None else float(number)


if __name__ == "__main__":
    main()
