"""fal's prices: with a key only, for mapped ids only, and hidden unless a setting shows them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import pytest

from pipeline.context import Dependencies, Run, RunOptions
from pipeline.replay import replay
from pipeline.session import open_run
from pipeline.settings import Settings, read_settings
from pipeline.steps.known_ids import recent_unknown_ids
from providers.registry import load_registry
from samples.catalog import Catalog
from samples.hub import serve
from samples.list_routes import PriceLists
from samples.routes import ServerReply, ServerRequest, error
from schemas.errors import SettingsError
from schemas.records import FeedFetch
from tests.support.command import answered, pricehouse
from tests.support.hours import Clock, ingest
from tests.support.list_rows import FAL_KEY, fal_row, mapped
from tests.support.published import copy_landing, exported, rows
from warehouse.publication.export import export
from warehouse.publication.newest import newest
from warehouse.storage.home import Home

pytestmark = pytest.mark.slow

FEEDS = ("hub", "router", "fal_pricing")
P = ParamSpec("P")
T = TypeVar("T")


def endpoints(count: int) -> tuple[Catalog, dict[str, str]]:
    """Return a catalog of fal models, and a price for each endpoint."""
    models = [(f"acme/f{n:03}", "fal-ai", f"fal/f{n:03}", "text-to-image") for n in range(count)]
    return mapped(*models), {
        own: fal_row(own, f"0.{n + 1:03}") for n, (_, _, own, _) in enumerate(models)
    }


def fal_feed(report: Any) -> Any:
    (feed,) = [f for f in report.feeds if f.feed == "fal_pricing"]
    return feed


def test_without_a_key_the_feed_is_skipped_with_a_reason_and_the_run_succeeds(
    tmp_path: Path,
) -> None:
    catalog, prices = endpoints(2)
    lists = PriceLists(fal=prices, fal_key=FAL_KEY)
    with serve(catalog, price_lists=lists) as hub:
        report = ingest(tmp_path, hub, clock=Clock(), feeds=FEEDS)
    feed = fal_feed(report)
    assert (report.exit_status, feed.outcome, feed.error_code) == (0, "skipped", "no_key")
    assert "fal/api_key" in feed.error
    assert "FAL_KEY" in feed.error
    assert lists.requests == []
    why = rows(
        tmp_path, "SELECT DISTINCT price_reason FROM cards WHERE inference_provider = 'fal-ai'"
    )
    assert why == [("list_needs_key",)]
    assert rows(
        tmp_path,
        "SELECT price_feed, price_feed_reason FROM providers WHERE inference_provider = 'fal-ai'",
    ) == [(None, "list_needs_key")]


def test_mapped_ids_are_requested_fifty_a_call_and_cursors_are_followed(
    tmp_path: Path,
) -> None:
    catalog, prices = endpoints(120)
    lists = PriceLists(fal=prices, fal_key=FAL_KEY, fal_page=20)
    with serve(catalog, price_lists=lists) as hub:
        report = ingest(tmp_path, hub, clock=Clock(), feeds=FEEDS, key=FAL_KEY, account_prices=True)
    calls = [dict(request.query) for request in lists.requests]
    assert [len(call["endpoint_id"].split(",")) for call in calls] == [50] * 6 + [20]
    assert {name for call in calls for name in call["endpoint_id"].split(",")} == set(prices)
    assert [call.get("cursor") for call in calls] == [None, "20", "40", None, "20", "40", None]
    assert (fal_feed(report).records, fal_feed(report).pages) == (120, 7)
    priced = rows(tmp_path, "SELECT count(*) FROM cards WHERE cost_per_image IS NOT NULL")
    assert priced == [(120,)]


def test_mapped_ids_come_from_this_run_s_hub_answer_else_the_last_one(
    tmp_path: Path,
) -> None:
    catalog, prices = endpoints(3)
    lists = PriceLists(fal=prices, fal_key=FAL_KEY)
    down = list[str]()

    def reply(request: ServerRequest) -> ServerReply | None:
        return error(403, "no") if request.path in down else lists.reply(request)

    clock = Clock()
    with serve(catalog, on_request=reply) as hub:
        assert fal_feed(ingest(tmp_path, hub, clock=clock, feeds=FEEDS, key=FAL_KEY)).records == 3
        down.append("/api/models")
        assert fal_feed(ingest(tmp_path, hub, clock=clock, feeds=FEEDS, key=FAL_KEY)).records == 3


def test_an_id_unknown_to_fal_does_not_affect_the_others(tmp_path: Path) -> None:
    catalog, prices = endpoints(9)
    lost = prices.pop("fal/f004")
    assert lost
    lists = PriceLists(fal=prices, fal_key=FAL_KEY)
    with serve(catalog, price_lists=lists) as hub:
        report = ingest(tmp_path, hub, clock=Clock(), feeds=FEEDS, key=FAL_KEY, account_prices=True)
    assert (fal_feed(report).outcome, fal_feed(report).records) == ("complete", 8)


def test_an_unknown_id_is_left_out_for_a_day_even_after_a_failed_run(tmp_path: Path) -> None:
    catalog, prices = endpoints(9)
    lost = {"fal/f004": prices.pop("fal/f004")}
    lists, clock, home = PriceLists(fal=prices, fal_key=FAL_KEY), Clock(), tmp_path / "home"

    def fail_after_landing(function: Callable[P, T], /) -> Callable[P, T]:
        if function.__name__ == "parse_feeds":
            raise RuntimeError("the machine stops here")
        return function

    def hour(after: timedelta) -> tuple[list[int], int]:
        clock.advance(after)
        lists.requests.clear()
        report = ingest(home, hub, clock=clock, feeds=FEEDS, key=FAL_KEY)
        calls = [dict(request.query)["endpoint_id"].split(",") for request in lists.requests]
        return [len(ids) for ids in calls], fal_feed(report).records

    with serve(catalog, price_lists=lists) as hub:
        with pytest.raises(RuntimeError):
            ingest(home, hub, clock=clock, feeds=FEEDS, key=FAL_KEY, step=fail_after_landing)
        assert [dict(r.query)["endpoint_id"].count(",") + 1 for r in lists.requests] == [9, 8]
        assert hour(timedelta(hours=1)) == ([8], 8)
        lists.fal = {**prices, **lost}  # fal learns the id, and nobody asks
        assert hour(timedelta(hours=22)) == ([8], 8)
        assert hour(timedelta(hours=1)) == ([9], 9)
    again = copy_landing(home, tmp_path / "again")
    assert replay(again)  # there is no server any more
    original, replayed = exported(home), exported(again)
    assert [name for name in original if original[name] != replayed[name]] == []


def test_unknown_ids_are_those_of_the_last_day_at_the_same_address(tmp_path: Path) -> None:
    clock = Clock()
    options = RunOptions(origin="live", flow="ingest", trigger="test")

    @contextmanager
    def killed_run(port: int) -> Iterator[Run]:
        urls = {feed.feed: f"http://127.0.0.1:{port}" for _, feed in load_registry().feeds()}
        settings = Settings(home=tmp_path, base_urls=urls)
        with open_run(settings, options, Dependencies(clock=clock)) as run:
            yield run  # it ends without a mark, as a killed one does

    with killed_run(9) as run:
        manifest = FeedFetch(
            feed="fal_pricing",
            outcome="partial",
            started_at=clock(),
            finished_at=clock(),
            pages=[],
            unknown_ids=["fal/x"],
        )
        run.folder.close_feed(manifest)
        assert recent_unknown_ids(run, "fal_pricing") == set()
    with killed_run(9) as run:
        assert recent_unknown_ids(run, "fal_pricing") == {"fal/x"}
        assert recent_unknown_ids(run, "wavespeed_list") == set()
    with killed_run(10) as run:
        assert recent_unknown_ids(run, "fal_pricing") == set()
    clock.advance(timedelta(days=1))
    with killed_run(9) as run:
        assert recent_unknown_ids(run, "fal_pricing") == set()


def test_a_key_that_fal_refuses_fails_the_feed_and_not_the_hour(tmp_path: Path) -> None:
    catalog, prices = endpoints(2)
    lists = PriceLists(fal=prices, fal_key="another")
    with serve(catalog, price_lists=lists) as hub:
        report = ingest(tmp_path, hub, clock=Clock(), feeds=FEEDS, key=FAL_KEY)
    feed = fal_feed(report)
    assert (report.exit_status, feed.outcome, feed.error_code) == (0, "failed", "http_401")
    assert FAL_KEY not in feed.error


def test_without_mapped_ids_no_request_is_sent(tmp_path: Path) -> None:
    lists = PriceLists(fal={}, fal_key=FAL_KEY)
    with serve(mapped(), price_lists=lists) as hub:
        hub.show(mapped(("acme/x", "wavespeed", "ws/x", "text-to-image")))
        report = ingest(tmp_path, hub, clock=Clock(), feeds=FEEDS, key=FAL_KEY)
    assert (fal_feed(report).outcome, fal_feed(report).error_code) == ("skipped", "nothing_mapped")
    assert lists.requests == []


def test_fal_gets_its_key_alone_and_never_the_hugging_face_token(tmp_path: Path) -> None:
    catalog, prices = endpoints(2)
    lists = PriceLists(fal=prices, fal_key=FAL_KEY, deepinfra=['{"model_name": "x"}'])
    carried: dict[str, set[str | None]] = {}

    def reply(request: ServerRequest) -> ServerReply | None:
        carried.setdefault(request.path, set()).add(request.headers.get("authorization"))
        return lists.reply(request)

    token = {"HF_TOKEN": "hf_canary"}
    with serve(catalog, on_request=reply) as hub:
        done = pricehouse("ingest", "--json", home=tmp_path, url=hub.url, FAL_KEY=FAL_KEY, **token)
    answered(done)
    others = {path: carried.pop(path) for path in list(carried) if path.startswith("/lists/")}
    assert others
    assert all(sent == {None} for sent in others.values())
    partners = {path: carried.pop(path) for path in list(carried) if "/partners/" in path}
    assert partners
    assert all(sent == {"Bearer hf_canary"} for sent in partners.values())
    assert carried == {  # all on one host, so that only the source distinguishes them
        "/api/models": {"Bearer hf_canary"},
        "/v1/models": {"Bearer hf_canary"},
        "/models/list": {None},
        "/v1/models/pricing": {f"Key {FAL_KEY}"},
    }
    kept = b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    assert FAL_KEY.encode() not in kept
    assert FAL_KEY not in done.stdout + done.stderr


def test_an_account_price_reaches_cards_and_exports_only_with_a_setting(
    tmp_path: Path,
) -> None:
    catalog = mapped(("acme/f", "fal-ai", "fal/f", "text-to-image"))
    odd = "0.0048151623"
    lists = PriceLists(fal={"fal/f": fal_row("fal/f", odd)}, fal_key=FAL_KEY)
    clock = Clock()
    card = (
        "SELECT price_status, price_reason, cost_per_image, rankable FROM cards "
        "WHERE inference_provider = 'fal-ai'"
    )
    with serve(catalog, price_lists=lists) as hub:
        ingest(tmp_path, hub, clock=clock, feeds=FEEDS, key=FAL_KEY)
        assert rows(tmp_path, card) == [("not_published", "account_price_not_shown", None, False)]
        files = export(newest(Home.at(tmp_path)), tmp_path / "out")
        assert [p.name for p in files if odd.encode() in p.read_bytes()] == []
        assert odd.encode() not in newest(Home.at(tmp_path)).read_bytes()
        claims = "SELECT scope, amount, raw_text FROM price_claims WHERE feed = 'fal_pricing'"
        assert rows(tmp_path, claims) == [("account", None, None)]
        ingest(tmp_path, hub, clock=clock, feeds=FEEDS, key=FAL_KEY, account_prices=True)
    assert rows(tmp_path, card) == [("priced", None, Decimal(odd), False)]
    assert rows(tmp_path, "SELECT scope FROM prices WHERE feed = 'fal_pricing'") == [("account",)]


def test_euros_stay_euros_and_are_not_compared(tmp_path: Path) -> None:
    catalog = mapped(("acme/f", "fal-ai", "fal/f", "text-to-image"))
    lists = PriceLists(fal={"fal/f": fal_row("fal/f", "0.003", currency="EUR")}, fal_key=FAL_KEY)
    with serve(catalog, price_lists=lists) as hub:
        ingest(tmp_path, hub, clock=Clock(), feeds=FEEDS, key=FAL_KEY, account_prices=True)
    found = rows(
        tmp_path,
        "SELECT cost_per_image, currency, rankable FROM cards WHERE inference_provider = 'fal-ai'",
    )
    assert found == [(Decimal("0.003"), "EUR", False)]


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("PRICEHOUSE_ENABLE_FEEDS", "hub", "feeds that are off by default"),
        ("PRICEHOUSE_ENABLE_FEEDS", "wavespeed_list, nobody", "nobody"),
        ("PRICEHOUSE_ACCOUNT_PRICES", "yes", "`show`"),
    ],
)
def test_a_switch_with_an_unknown_value_is_refused(setting: str, value: str, message: str) -> None:
    with pytest.raises(SettingsError, match=setting) as caught:
        read_settings({setting: value}, load_registry())
    assert message in str(caught.value)


def test_a_disabled_list_is_fetched_only_if_its_setting_is_set(tmp_path: Path) -> None:
    lists = PriceLists(wavespeed=[json.dumps({"model_id": "ws/x", "base_price": 12000})])
    catalog = mapped(("acme/x", "wavespeed", "ws/x", "text-to-image"))
    with serve(catalog, price_lists=lists) as hub:
        report = answered(pricehouse("ingest", "--json", home=tmp_path, url=hub.url))
        (feed,) = [f for f in report["feeds"] if f["feed"] == "wavespeed_list"]
        assert (feed["outcome"], feed["error_code"]) == ("skipped", "off")
        assert "no documented interface" in feed["error"]
        assert not [r for r in lists.requests if r.path == "/api/models"]
        why = "SELECT price_reason FROM cards WHERE inference_provider = 'wavespeed'"
        assert rows(tmp_path, why) == [("list_off",)]
        on = {"PRICEHOUSE_ENABLE_FEEDS": "wavespeed_list"}
        answered(pricehouse("ingest", "--json", home=tmp_path, url=hub.url, **on))
    assert rows(
        tmp_path,
        "SELECT cost_per_image, rankable FROM cards WHERE inference_provider = 'wavespeed'",
    ) == [(Decimal("0.012"), True)]
    assert rows(tmp_path, "SELECT enabled FROM feeds WHERE feed = 'wavespeed_list'") == [(True,)]
