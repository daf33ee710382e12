"""The rate limit of each upstream in Prefect, which the runs of all workers share.

    python -m flows.server.upstream_limits

creates the missing ones on the server of PREFECT_API_URL, where `pricehouse up` does not. Import
it only when Prefect's settings are in the environment, as `flows.server.deployments`.
"""

from __future__ import annotations

from typing import NamedTuple

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate
from prefect.client.schemas.responses import GlobalConcurrencyLimitResponse

from flows.server.deployments import open_client
from providers.registry import load_registry
from schemas.registry import RateWindow, Registry

PREFIX = "pricehouse:"
UNDOCUMENTED = RateWindow(requests=300, seconds=300)
"""What is asked at most of an upstream that documents no window."""
_PAGE = 200


class UpstreamLimit(NamedTuple):
    """A rate limit of Prefect: `slots` may be taken at once, and come back at `decay` a second."""

    name: str
    slots: int
    decay: float


def limit_names(registry: Registry) -> dict[str, str]:
    """Return for each feed the limit of its upstream: feeds of one host share that of the first.

    The registry's host counts, not that of a gateway, so that every worker has the same names.
    """
    names: dict[str | None, str] = {}
    return {
        feed.feed: names.setdefault(feed.base_url.host, f"{PREFIX}{feed.feed}")
        for _, feed in registry.feeds()
    }


def upstream_limits(registry: Registry) -> list[UpstreamLimit]:
    """Return the limits as they are created: in no window more than 98 % of what is allowed."""
    names, windows = limit_names(registry), dict[str, RateWindow]()
    for _, feed in registry.feeds():
        name = names[feed.feed]
        windows[name] = feed.rate_window or windows.get(name, UNDOCUMENTED)
    return [
        UpstreamLimit(name, max(w.requests // 2, 1), round(0.48 * w.requests / w.seconds, 4))
        for name, w in windows.items()
    ]


def require_upstream_limits(registry: Registry) -> None:
    """Create each limit that is missing; an existing one stays as the operator set it."""
    with open_client("create the rate limits") as client:
        known = read_limits(client)
        for limit in upstream_limits(registry):
            if limit.name not in known:
                client.create_global_concurrency_limit(
                    GlobalConcurrencyLimitCreate(
                        name=limit.name,
                        limit=limit.slots,
                        slot_decay_per_second=limit.decay,
                    )
                )


def read_limits(client: SyncPrefectClient) -> dict[str, GlobalConcurrencyLimitResponse]:
    """Return our limits on the server, by name."""
    found: dict[str, GlobalConcurrencyLimitResponse] = {}
    offset = 0
    while page := client.read_global_concurrency_limits(limit=_PAGE, offset=offset):
        found |= {limit.name: limit for limit in page if limit.name.startswith(PREFIX)}
        offset += len(page)
    return found


if __name__ == "__main__":
    require_upstream_limits(load_registry())
