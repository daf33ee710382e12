"""Where feeds differ: the router before the mapping, but the Hub where it warns."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.histories import (
    MODEL,
    History,
    Json,
    entry,
    events,
    offering,
    price,
    priced_entry,
    single_change,
)


def card(hub: Json, router: Json) -> dict[str, Any]:
    """Return the card of an offer that both feeds list."""
    history = History()
    history.hour({MODEL: [hub]}, {MODEL: [router]})
    return history.card()


def both(hub_price: Json | None, router_price: Json | None) -> tuple[History, dict[str, Any]]:
    given = entry() if hub_price is None else entry(providerDetails={"pricing": hub_price})
    history = History()
    history.hour({MODEL: [given]}, {MODEL: [offering(router_price)]})
    return history, history.card()


@pytest.mark.parametrize(
    ("hub_price", "router_price", "feed", "expected"),
    [
        (price(1, 2), price(3, 4), "router", {"input_token": "3", "output_token": "4"}),
        (price(1, 2), None, "hub", {"input_token": "1", "output_token": "2"}),
        (price(1, 2), {}, "hub", {"input_token": "1", "output_token": "2"}),
        (None, price(3, 4), "router", {"input_token": "3", "output_token": "4"}),
        (price(1, 2), {"input": 3}, "router", {"input_token": "3"}),
        (None, None, None, {}),
    ],
)
def test_one_feed_gives_the_whole_price(
    hub_price: Json | None, router_price: Json | None, feed: str | None, expected: dict[str, str]
) -> None:
    history, found = both(hub_price, router_price)
    assert found["price_feed"] == feed
    assert history.amounts() == expected


def test_the_claim_that_lost_is_kept() -> None:
    history, _ = both(price(1, 2), price(3, 4))
    found = history.state.claims.select("feed", "unit", "raw_text").rows()
    assert sorted(found) == [
        ("hub", "input_token", "1"),
        ("hub", "output_token", "2"),
        ("router", "input_token", "3"),
        ("router", "output_token", "4"),
    ]


def test_when_the_router_stops_pricing_the_mapping_s_price_takes_over() -> None:
    history, _ = both(price(1, 2), price(3, 4))
    delta = history.hour({MODEL: [priced_entry(1, 2)]}, {MODEL: [offering(None)]})
    change = single_change(delta, "down", "input_token")
    assert history.card()["price_feed"] == "hub"
    assert change["not_before_at"] == history.at("router", 0)


def test_the_same_price_of_another_feed_is_no_event() -> None:
    history, before = both(price(3, 4), price(3, 4))
    delta = history.hour({MODEL: [priced_entry(3, 4)]}, {MODEL: [offering(None)]})
    assert events(delta) == []
    assert history.card()["price_changed_at"] == before["price_changed_at"]


@pytest.mark.parametrize(
    ("hub_status", "router_status", "expected"),
    [
        ("live", "live", "live"),
        ("error", "live", "error"),
        ("staging", "live", "staging"),
        ("live", "error", "error"),
        ("live", "staging", "staging"),
        ("error", "staging", "error"),
    ],
)
def test_the_status_is_the_router_s_unless_the_hub_warns(
    hub_status: str, router_status: str, expected: str
) -> None:
    assert card(entry(status=hub_status), offering(status=router_status))["status"] == expected


def test_a_router_that_states_no_status_leaves_it_to_the_hub() -> None:
    given = offering()
    del given["status"]
    assert card(entry(status="live"), given)["status"] == "live"


def test_speed_is_one_feed_s_measurement_as_a_whole() -> None:
    measured = entry(performance={"tokensPerSecond": 10, "requestLatencyMs": 900})
    found = card(measured, offering(throughput=50))
    assert (found["throughput_tps"], found["request_latency_ms"]) == (50.0, None)
    found = card(measured, offering())
    assert (found["throughput_tps"], found["request_latency_ms"]) == (10.0, 900.0)
    assert found["speed_feed"] == "hub"


def test_context_and_capabilities_are_the_router_s_where_it_states_them() -> None:
    hub = entry(
        providerDetails={"context_length": 4096},
        features={"toolCalling": False, "structuredOutput": True},
    )
    found = card(hub, offering(context_length=8192, supports_tools=True))
    assert (found["context_length"], found["supports_tools"]) == (8192, True)
    assert found["supports_structured_output"] is True
    found = card(hub, offering())
    assert (found["context_length"], found["supports_tools"]) == (4096, False)


def test_a_status_event_has_both_statuses_and_the_time() -> None:
    history = History()
    history.hour({MODEL: [entry()]}, {})
    delta = history.hour({MODEL: [entry(status="error")]}, {})
    assert events(delta) == [("status", None)]
    change = single_change(delta, "status")
    assert (change["old_value"], change["new_value"]) == ("live", "error")
    assert (change["not_before_at"], change["occurred_at"]) == (
        history.at("hub", 0),
        history.at("hub", 1),
    )
    assert history.card()["status_since"] == history.at("hub", 1)
    assert delta.status_log.select("kind", "status").rows() == [("seen", "error")]


def test_a_new_speed_is_a_log_row_and_no_event() -> None:
    history = History()
    history.hour({MODEL: [entry()]}, {MODEL: [offering(throughput=50)]})
    delta = history.hour({MODEL: [entry()]}, {MODEL: [offering(throughput=60)]})
    assert events(delta) == []
    assert delta.speed_log.select("throughput_tps", "observed_at").rows() == [
        (60.0, history.at("router", 1))
    ]
    assert delta.status_log.is_empty()
