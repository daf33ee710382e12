"""The answers about single products of WaveSpeedAI over hours: requested seldom, never at the cost
of the list, and landed so that replay needs nothing else."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipeline.settings import read_settings
from providers.registry import load_registry
from samples.hub import serve
from samples.list_routes import PriceLists
from samples.routes import ServerReply, error
from tests.support.decided_home import require_replayable
from tests.support.hours import Clock, ingest
from tests.support.list_rows import mapped, wavespeed_own_row, wavespeed_product
from tests.support.published import rows

HOUR = timedelta(hours=1)
FEEDS = ("hub", "router", "wavespeed_list")
BY_LENGTH = '{"total_price": base_price * duration / 5}'
BY_TEXT = '{"total_price":base_price * $length(text) / 1000}'
BY_RESOLUTION = '{"total_price": base_price * (resolution = "1080p" ? 2 : 1)}'
ODD: list[tuple[str | ServerReply, str]] = [
    (error(404, "Not found"), "http_404"),
    (ServerReply(200, b"<!doctype html><title>Sign in</title>"), "wrong_shape"),
    ('{"code": 1001, "data": {"model_uuid": "ws/odd-2"}}', "code_1001"),
    (wavespeed_product("ws/other", 50_000, BY_LENGTH), "another_id"),
    (wavespeed_product("ws/odd-4", 40_000, BY_LENGTH), "another_price"),
    ('{"code": 200, "message": "success", "data": null}', "wrong_shape"),
]
"""Answers about a product that cannot be used, and the reason of each."""
PRODUCTS: dict[str, str | ServerReply] = {
    "ws/image": wavespeed_product("ws/image", 12_000, BY_LENGTH),
    "ws/long": wavespeed_product("ws/long", 300_000, BY_LENGTH),
    "ws/flat": wavespeed_product("ws/flat", 200_000, None),
    "ws/sized": wavespeed_product("ws/sized", 100_000, BY_RESOLUTION),
    "ws/speech": wavespeed_product("ws/speech", 100_000, BY_TEXT),
    **{f"ws/odd-{number}": answer for number, (answer, _) in enumerate(ODD)},
}
TASKS = {"ws/image": "text-to-image", "ws/speech": "text-to-speech"}
MAPPED = mapped(
    *[
        (f"acme/{name[3:]}", "wavespeed", name, TASKS.get(name, "text-to-video"))
        for name in PRODUCTS
    ]
)
COSTS = (
    "SELECT provider_model_id, cost_per_image, cost_per_video_second, cost_per_million_characters, "
    "price_status, rankable FROM cards WHERE inference_provider = 'wavespeed' ORDER BY 1"
)
REASONS = (
    "SELECT provider_model_id, price_reason FROM cards WHERE price_status = 'priced' "
    "AND price_reason IS NOT NULL ORDER BY 1"
)
RUNS = (
    "SELECT provider_model_id, p.amount FROM prices p JOIN offers USING (offer_id) "
    "WHERE p.unit = 'run' AND p.amount IS NOT NULL ORDER BY 1"
)


def lists() -> PriceLists:
    """Return the list as it is, with the answers about its products; the Hub does not map one."""
    rows_of_list = [
        wavespeed_own_row("ws/image", 12_000, "text-to-image"),
        wavespeed_own_row("ws/long", 300_000),
        wavespeed_own_row("ws/flat", 200_000, "text-to-video"),
        wavespeed_own_row("ws/sized", 100_000, "video-effects"),
        wavespeed_own_row("ws/speech", 100_000, "text-to-audio"),
        wavespeed_own_row("ws/unmapped", 70_000),
        *[wavespeed_own_row(f"ws/odd-{number}", 50_000) for number in range(len(ODD))],
    ]
    return PriceLists(wavespeed=rows_of_list, envelope=in_items, wavespeed_products=dict(PRODUCTS))


def in_items(text: str) -> str:
    return f'{{"total": 12, "page": 1, "page_size": 200, "items": {text}}}'


def requested(served: PriceLists) -> list[str]:
    """Return the products that were requested since the last call."""
    found = [r.path.rpartition("detail/")[2] for r in served.requests if "detail/" in r.path]
    served.requests.clear()
    return found


def feed_of(report: Any) -> Any:
    (feed,) = [feed for feed in report.feeds if feed.feed == "wavespeed_list"]
    return feed


def test_a_run_is_priced_by_its_length_only_where_its_product_states_the_formula(
    tmp_path: Path,
) -> None:
    served = lists()
    with serve(MAPPED, price_lists=served) as hub:
        report = ingest(tmp_path, hub, clock=Clock(), feeds=FEEDS)
    assert (report.outcome, report.exit_status) == ("published", 0)
    assert requested(served) == [name for name in sorted(PRODUCTS) if name != "ws/image"]
    assert rows(tmp_path, COSTS) == [
        ("ws/flat", None, None, None, "priced", False),
        ("ws/image", Decimal("0.012"), None, None, "priced", True),
        ("ws/long", None, Decimal("0.06"), None, "priced", True),
        *[(f"ws/odd-{number}", None, None, None, "priced", False) for number in range(len(ODD))],
        ("ws/sized", None, None, None, "unparsed", False),
        ("ws/speech", None, None, Decimal("100"), "priced", True),
    ]
    assert rows(tmp_path, RUNS) == [
        ("ws/flat", Decimal("0.2")),
        *[(f"ws/odd-{number}", Decimal("0.05")) for number in range(len(ODD))],
    ]
    assert rows(tmp_path, REASONS) == [
        (f"ws/odd-{number}", f"formula_not_read: {why}") for number, (_, why) in enumerate(ODD)
    ]
    feed = feed_of(report)
    assert (feed.outcome, feed.records, feed.rejected) == ("complete", len(PRODUCTS) + 1, 0)


@pytest.mark.slow
def test_a_product_is_requested_once_a_day_and_when_its_price_changes(tmp_path: Path) -> None:
    """And its last good formula stays for a week in which the server only refuses."""
    served, clock, home = lists(), Clock(), tmp_path / "home"
    # a share of unreadable prices like that of this small list would hold every change
    served.wavespeed_products["ws/sized"] = wavespeed_product("ws/sized", 100_000, "")

    def hour(after: timedelta) -> list[str]:
        clock.advance(after)
        report = ingest(home, hub, clock=clock, feeds=FEEDS)
        assert feed_of(report).outcome == "complete"
        return requested(served)

    def by_length() -> Any:
        return rows(home, COSTS)[2][:3]

    with serve(MAPPED, price_lists=served) as hub:
        hour(timedelta(0))
        assert hour(HOUR) == ["ws/odd-4"]  # its price is not the row's, so it may be out of date
        assert by_length() == ("ws/long", None, Decimal("0.06"))
        served.wavespeed[1] = wavespeed_own_row("ws/long", 315_000)
        served.wavespeed_products["ws/long"] = wavespeed_product("ws/long", 315_000, BY_LENGTH)
        assert hour(HOUR) == ["ws/long", "ws/odd-4"]
        assert by_length() == ("ws/long", None, Decimal("0.063"))
        served.wavespeed_products = dict.fromkeys(PRODUCTS, error(503, "later"))
        assert hour(timedelta(days=6)) == ["ws/flat"]  # the first refusal ends the requests
        assert by_length() == ("ws/long", None, Decimal("0.063"))
        hour(timedelta(days=2))
        assert by_length() == ("ws/long", None, None)
    require_replayable(home, tmp_path)


@pytest.mark.parametrize(
    ("environment", "url"),
    [
        ({}, "https://api.wavespeed.ai"),
        ({"PRICEHOUSE_WAVESPEED_URL": "http://gateway/ws/"}, "http://gateway/ws"),
        (
            {
                "PRICEHOUSE_WAVESPEED_URL": "http://gateway",
                "PRICEHOUSE_WAVESPEED_DETAIL_URL": "http://products",
            },
            "http://products",
        ),
    ],
)
def test_products_are_requested_at_their_setting_else_at_the_gateway_of_the_list(
    environment: dict[str, str], url: str
) -> None:
    settings = read_settings(environment, load_registry())
    assert settings.base_urls["wavespeed_list.details"] == url
