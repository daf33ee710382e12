"""`pricehouse up` under the proxy settings of company machines, on a real Prefect server."""

from __future__ import annotations

from pathlib import Path

import pytest

from samples.hub import serve
from tests.support.command import UNUSED_URL
from tests.support.hours import small_catalog
from tests.support.proxies import PROXY_CANARY, http_proxy
from tests.support.running_server import up

pytestmark = [pytest.mark.server, pytest.mark.slow]


def test_up_is_scheduled_and_its_run_goes_through_the_proxy(tmp_path: Path) -> None:
    """The feeds have a name that only the proxy knows; Prefect itself is asked without it."""
    with (
        serve(small_catalog()) as hub,
        http_proxy(
            {"hub.test": int(hub.url.rpartition(":")[2])}, login=f"ada:{PROXY_CANARY}"
        ) as proxy,
        up(
            tmp_path / "home",
            "http://hub.test",
            HTTP_PROXY=proxy.url_with_login,
            HTTPS_PROXY=UNUSED_URL,
            NO_PROXY="[::1],fd00::/8,localhost",
        ) as running,
    ):
        running.wait_for_first_hour()
        run_id = running.start_run(feeds=["hub", "router"], dry_run=False)
        running.wait_for_state(run_id, "COMPLETED")
        started = "".join(running.descendants().values())
        parameters = str(running.run(run_id))
    assert set(proxy.targets) == {"hub.test:80"}
    assert PROXY_CANARY not in running.output + started + parameters
