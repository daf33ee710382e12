"""Slots of Prefect's rate limits, from a server that answers as Prefect's does, or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_CLIENT_CSRF_SUPPORT_ENABLED,
    temporary_settings,
)

from flows.server.upstream_limits import UNDOCUMENTED, limit_names, upstream_limits
from flows.throttle import AWAY_S, BLOCK, BLOCK_S, SharedThrottle, shared_throttle
from providers.http.rate_limit import unthrottled
from providers.registry import load_registry
from samples.hub import serve
from samples.routes import ServerReply, ServerRequest
from schemas.errors import SettingsError
from tests.support.clocks import FakeClock
from tests.support.command import UNUSED_URL
from tests.support.hours import small_catalog

REGISTRY = load_registry()


class LimitServer:
    """The two routes of Prefect's API that a run calls; `refusals` are replies in their place."""

    def __init__(self) -> None:
        self.limits = {
            limit.name: (limit.slots, limit.decay) for limit in upstream_limits(REGISTRY)
        }
        self.refusals: list[ServerReply] = []
        self.taken: list[tuple[str, int]] = []

    def __call__(self, request: ServerRequest) -> ServerReply:
        """Reply as Prefect's server does."""
        body = json.loads(request.body)
        if request.path.endswith("/filter"):
            found = list(self.limits.items())[body["offset"] :]
            return _json([_limit(name, *figures) for name, figures in found])
        if self.refusals:
            return self.refusals.pop(0)
        (name,) = body["names"]
        self.taken.append((name, body["slots"]))
        known = name in self.limits
        return _json([_limit(name, *self.limits[name])] if known else [])


def _json(value: Any, status: int = 200, **headers: str) -> ServerReply:
    return ServerReply(status, json.dumps(value).encode(), headers)


def _limit(name: str, slots: int, decay: float) -> dict[str, Any]:
    return {
        "id": "11111111-1111-4111-8111-111111111111",
        "created": "2026-03-01T12:00:00Z",
        "updated": "2026-03-01T12:00:00Z",
        "active": True,
        "name": name,
        "limit": slots,
        "active_slots": 0,
        "slot_decay_per_second": decay,
    }


@contextmanager
def prefect_at(url: str) -> Iterator[None]:
    with temporary_settings(
        {PREFECT_API_URL: f"{url}/api", PREFECT_CLIENT_CSRF_SUPPORT_ENABLED: False}
    ):
        yield


@pytest.fixture
def server() -> Iterator[LimitServer]:
    server = LimitServer()
    with serve(small_catalog(), on_request=server) as running, prefect_at(running.url):
        yield server


@contextmanager
def throttling(
    clock: FakeClock, report: Callable[[str], None] = pytest.fail
) -> Iterator[SharedThrottle]:
    with get_client(sync_client=True, httpx_settings={"timeout": 30}) as client:
        yield SharedThrottle(
            client, limit_names(REGISTRY), report=report, monotonic=clock.monotonic
        )


def test_feeds_of_one_host_share_a_limit_below_the_documented_window() -> None:
    names = limit_names(REGISTRY)
    assert names["hub"] == names["partners"] == "pricehouse:hub"
    assert names["router"] == "pricehouse:router"
    assert names.keys() == {feed.feed for _, feed in REGISTRY.feeds()}
    limits = {limit.name: limit for limit in upstream_limits(REGISTRY)}
    assert limits.keys() == set(names.values())
    hub, router = limits["pricehouse:hub"], limits["pricehouse:router"]
    assert hub.slots + hub.decay * (300 + BLOCK_S) <= 500
    window = UNDOCUMENTED
    assert router.slots + router.decay * window.seconds <= window.requests


def test_slots_are_taken_in_blocks_that_expire(server: LimitServer) -> None:
    clock = FakeClock()
    with throttling(clock) as throttle:
        throttle.require_limits()
        for _ in range(BLOCK + 1):
            assert throttle("hub") == 0
        assert throttle("router") == 0
        assert server.taken == [("pricehouse:hub", BLOCK)] * 2 + [("pricehouse:router", BLOCK)]
        clock.sleep(BLOCK_S)
        assert throttle("partners") == 0
        assert server.taken[3:] == [("pricehouse:hub", BLOCK)]


def test_a_limit_without_slots_left_gives_the_wait(server: LimitServer) -> None:
    server.refusals = [_json({}, 423, **{"retry-after": "12.5"})]
    with throttling(FakeClock()) as throttle:
        assert throttle("hub") == 12.5
        assert throttle("hub") == 0


def test_an_operator_may_lower_a_limit_below_a_block(server: LimitServer) -> None:
    with throttling(FakeClock()) as throttle:
        throttle.require_limits()
        server.limits["pricehouse:hub"] = (8, 0.1)
        server.refusals = [_json({"detail": "greater than the limit"}, 422)]
        assert throttle("hub") == 1
        assert throttle("hub") == 0
        assert server.taken == [("pricehouse:hub", 2)]


def test_a_missing_limit_and_one_without_decay_are_named(server: LimitServer) -> None:
    with throttling(FakeClock()) as throttle:
        throttle.require_limits()
        del server.limits["pricehouse:hub"]
        with pytest.raises(SettingsError, match="no rate limit pricehouse:hub; `pricehouse up`"):
            throttle("hub")
    refuse_to_begin("no rate limit pricehouse:hub")
    server.limits["pricehouse:hub"] = (3, 0.0)
    refuse_to_begin("pricehouse:hub of Prefect's server is no rate limit")


def refuse_to_begin(message: str) -> None:
    with (
        pytest.raises(SettingsError, match=message),
        shared_throttle(REGISTRY, report=pytest.fail),
    ):
        pytest.fail("a run began")


def test_a_server_that_is_away_leaves_the_own_pace_and_one_line() -> None:
    clock, lines = FakeClock(), list[str]()
    with prefect_at(UNUSED_URL), throttling(clock, lines.append) as throttle:
        throttle.require_limits()
        for _ in range(3):
            assert throttle("hub") == 0
            clock.sleep(AWAY_S)
    assert len(lines) == 1
    assert "this run's own pace" in lines[0]


def test_a_server_that_comes_back_is_called_again(server: LimitServer) -> None:
    clock, lines = FakeClock(), list[str]()
    server.refusals = [_json({}, 500)]
    with throttling(clock, lines.append) as throttle:
        assert throttle("hub") == 0
        assert throttle("hub") == 0
        assert server.taken == []
        clock.sleep(AWAY_S)
        assert throttle("hub") == 0
        assert server.taken == [("pricehouse:hub", BLOCK)]
    assert len(lines) == 1


def test_without_a_server_of_its_own_a_run_keeps_its_pace() -> None:
    with (
        temporary_settings(restore_defaults={PREFECT_API_URL}),
        shared_throttle(REGISTRY, report=pytest.fail) as throttle,
    ):
        assert throttle is unthrottled
