"""The same answers through dlt: a declared REST source, loaded into DuckDB and merged by key.

`python bench/dlt/pipeline.py URL FOLDER` in a venv with requirements.txt; prints the entries that
its tables hold. dlt's own way is taken throughout: nested lists become child tables, every file of
its working folder is kept in FOLDER, telemetry is off.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"  # read when dlt is imported

# Not among the project's packages, so the type checker does not find it.
import dlt  # type: ignore[import-not-found]
from dlt.sources.rest_api import RESTAPIConfig, rest_api_source  # type: ignore[import-not-found]

ENTRIES = """
SELECT (SELECT count(*) FROM models__inference_provider_mapping)
     + (SELECT count(*) FROM router_models__providers)
"""


def main() -> None:
    """Load both feeds and count their entries."""
    url, folder = sys.argv[1], Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)  # a second load is merged into the first
    pipeline = dlt.pipeline(
        "bench",
        destination=dlt.destinations.duckdb(str(folder / "bench.duckdb")),
        dataset_name="hour",
        pipelines_dir=str(folder / "work"),
    )
    pipeline.run(rest_api_source(config(url)))
    with pipeline.sql_client() as client:
        ((entries,),) = client.execute_sql(ENTRIES)
    sys.stdout.write(f"{entries}\n")


def config(url: str) -> RESTAPIConfig:
    """Declare the Hub's list, page by page, and the router's one answer."""
    return {
        "client": {"base_url": url},
        "resource_defaults": {"primary_key": "id", "write_disposition": "merge"},
        "resources": [
            {
                "name": "models",
                "endpoint": {
                    "path": "api/models",
                    "paginator": "header_link",
                    "params": {
                        "inference_provider": "all",
                        "limit": 1000,
                        "sort": "createdAt",
                        "direction": -1,
                        "expand[]": ["inferenceProviderMapping", "pipeline_tag"],
                    },
                },
            },
            {
                "name": "router_models",
                "endpoint": {
                    "path": "v1/models",
                    "data_selector": "data",
                    "paginator": "single_page",
                },
            },
        ],
    }


if __name__ == "__main__":
    main()
