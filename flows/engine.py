"""Run one flow run as `prefect.engine` does, after its parameters were found to be known.

The server refuses a value that does not fit the form, and lets a parameter through that the form
does not have; then Prefect's engine ends before the run begins, which the worker reports as a
crash. This fails the run instead, with a message.
"""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.states import Failed


def unknown_parameters(client: SyncPrefectClient, run_id: UUID) -> tuple[list[str], list[str]]:
    """Return the parameters of a run that the form of its deployment lacks, and those it has."""
    flow_run = client.read_flow_run(run_id)
    if flow_run.deployment_id is None:
        return [], []
    schema = client.read_deployment(flow_run.deployment_id).parameter_openapi_schema
    known = sorted((schema or {}).get("properties", ()))
    return sorted(set(flow_run.parameters) - set(known)), known


def main() -> None:
    """Run the flow run that the environment names, or fail it."""
    run_id = UUID(os.environ["PREFECT__FLOW_RUN_ID"])
    with get_client(sync_client=True) as client:
        if not Path(os.environ.get("PRICEHOUSE_HOME", "")).is_absolute():
            message = (
                "a run starts in a folder of its own, and PRICEHOUSE_HOME of its worker is no "
                "absolute path: set it and start the worker again, or use `pricehouse up`. "
                "Nothing was run"
            )
            client.set_flow_run_state(run_id, Failed(message=message), force=True)
            return
        unknown, known = unknown_parameters(client, run_id)
        if unknown:
            message = (
                f"the form has no parameter {', '.join(unknown)}; it has {', '.join(known)}. "
                "Nothing was run"
            )
            client.set_flow_run_state(run_id, Failed(message=message), force=True)
            return
    sys.argv = [sys.argv[0]]
    runpy.run_module("prefect.engine", run_name="__main__")


if __name__ == "__main__":
    main()
